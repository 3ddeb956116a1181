from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from kb.llms.base import ChatMessage
from kb.llms.langchain import ChatClient, make_client, to_langchain


def count_characters(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.role) + len(message.content) for message in messages)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatClient]:
    monkeypatch.setenv("OPENAI_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.invalid/v1")
    made = make_client(
        base_url="http://127.0.0.1:1/v1",
        key="k",
        model="m",
        count=count_characters,
        read_seconds=1,
    )
    yield made
    made.root_client.close()


def test_messages_become_langchains() -> None:
    messages = [
        ChatMessage("system", "简洁"),
        ChatMessage("user", "问"),
        ChatMessage("assistant", "答"),
    ]
    assert to_langchain(messages) == [SystemMessage("简洁"), HumanMessage("问"), AIMessage("答")]


def test_it_is_langchains_client_for_exactly_the_given_server(client: ChatClient) -> None:
    assert isinstance(client, ChatOpenAI)
    assert str(client.root_client.base_url) == "http://127.0.0.1:1/v1/"
    assert client.root_client.max_retries == 0


def test_tokens_are_counted_by_the_model_it_talks_to(client: ChatClient) -> None:
    assert client.get_num_tokens("问题") == len("user") + 2
    messages = [SystemMessage("简洁"), HumanMessage("问"), AIMessage("答")]
    assert client.get_num_tokens_from_messages(messages) == len("systemuserassistant") + 4
