from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from kb.errors import (
    BackendUnavailableError,
    CancelledError,
    ContextTooLongError,
    GenerationError,
    KBError,
    UnsupportedError,
)
from kb.llms.base import ChatMessage, Sampling
from kb.llms.remote import RemoteChatService, estimate_tokens
from tests.kb.llms.fake_openai import PIECES, FaultyServer, serving
from tests.kb.llms.records import ask


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    with serving() as running:
        yield running


@pytest.fixture
def service(server: FaultyServer) -> Iterator[RemoteChatService]:
    made = RemoteChatService(
        api_base_url=server.url, api_key="k-123", model="big", read_seconds=0.5
    )
    yield made
    made.close()


def test_the_pieces_come_as_they_were_sent(service: RemoteChatService) -> None:
    assert tuple(service.stream(ask("well"))) == PIECES
    assert service.state.name == "ready"


def test_the_request_says_what_was_asked(service: RemoteChatService, server: FaultyServer) -> None:
    sampling = Sampling(max_tokens=99, temperature=0.5, seed=3, stop=("完",))
    messages = [ChatMessage("system", "简洁"), *ask("well")]
    list(service.stream(messages, sampling))
    sent = server.requests[-1]
    assert server.keys[-1] == "Bearer k-123"
    assert sent["messages"] == [
        {"role": "system", "content": "简洁"},
        {"role": "user", "content": "well"},
    ]
    fields = ("model", "max_tokens", "temperature", "seed", "stop", "stream")
    assert [sent[name] for name in fields] == ["big", 99, 0.5, 3, ["完"], True]
    assert {"top_k", "repetition_penalty", "max_completion_tokens"}.isdisjoint(sent)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("cut", GenerationError, "broke off"),
        ("unfinished", GenerationError, "broke off"),
        ("slow", GenerationError, "in time"),
        ("garbage", GenerationError, "no known form"),
        ("strange", GenerationError, "no known form|broke off"),
        ("inside", GenerationError, "CUDA out of memory"),
        ("500", GenerationError, "internal trouble"),
        ("429", GenerationError, "overloaded: too many requests"),
        ("401", BackendUnavailableError, "does not accept the key"),
        ("404", BackendUnavailableError, "does not know the model big"),
        ("toolong", ContextTooLongError, "maximum context length is 4096"),
    ],
)
def test_a_fault_of_the_server_is_one_of_our_errors(
    service: RemoteChatService, server: FaultyServer, fault: str, error: type[KBError], said: str
) -> None:
    before = len(server.requests)
    with pytest.raises(error, match=said) as caught:
        list(service.stream(ask(fault)))
    assert type(caught.value) is error
    assert len(server.requests) == before + 1
    assert tuple(service.stream(ask("well"))) == PIECES


def test_what_came_before_the_fault_is_given_out(service: RemoteChatService) -> None:
    pieces = service.stream(ask("inside"))
    assert next(pieces) == PIECES[0]
    with pytest.raises(GenerationError):
        next(pieces)


def test_nobody_listening_is_unavailable_and_shown_in_the_state() -> None:
    service = RemoteChatService(api_base_url="http://127.0.0.1:9/v1", api_key="", model="big")
    with pytest.raises(BackendUnavailableError, match=r"127\.0\.0\.1:9"):
        list(service.stream(ask("well")))
    assert service.state.name == "failed"
    assert "127.0.0.1:9" in service.state.reason
    service.close()


SCHEMA = {
    "type": "object",
    "properties": {"列": {"enum": ["营业收入", "净利润"]}},
    "required": ["列"],
    "additionalProperties": False,
}


def test_a_structured_answer_is_the_value_and_is_asked_for_as_openai_does(
    service: RemoteChatService, server: FaultyServer
) -> None:
    assert service.structured(ask("json"), SCHEMA, Sampling(stop=("收",))) == {"列": "营业收入"}
    sent = server.requests[-1]
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert sent["response_format"]["json_schema"]["name"]
    assert "stop" not in sent
    list(service.stream(ask("well")))
    assert "response_format" not in server.requests[-1]


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("well", UnsupportedError, "does not fit the schema"),
        ("noformat", UnsupportedError, "big cannot do this: response_format"),
        ("toolittle", GenerationError, "cut off after 9 tokens"),
        ("cut", GenerationError, "broke off"),
        ("500", GenerationError, "internal trouble"),
        ("toolong", ContextTooLongError, "4096"),
    ],
)
def test_a_structured_answer_that_fails_is_an_error(
    service: RemoteChatService, fault: str, error: type[KBError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        service.structured(ask(fault), SCHEMA, Sampling(max_tokens=9))
    assert type(caught.value) is error


def test_a_value_outside_the_schema_is_never_given_out(service: RemoteChatService) -> None:
    with pytest.raises(UnsupportedError, match="does not fit"):
        service.structured(ask("json"), {"enum": ["营业收入"]})


def test_a_cancelled_structured_answer_is_an_error(service: RemoteChatService) -> None:
    with pytest.raises(CancelledError):
        service.structured(ask("json"), SCHEMA, cancelled=lambda: True)


def test_first_tokens_are_asked_for_as_openai_does(
    service: RemoteChatService, server: FaultyServer
) -> None:
    chances = service.first_token(ask("chances"), 4)
    assert list(chances) == ["能", "不", "\ufffd"]
    assert list(chances.values()) == pytest.approx([-0.25, -2.0, -4.0 + math.log(2)])
    sent = server.requests[-1]
    fields = ("logprobs", "top_logprobs", "max_tokens")
    assert [sent[name] for name in fields] == [True, 4, 1]


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("well", UnsupportedError, "does not tell the probabilities"),
        ("nologprobs", UnsupportedError, "not permitted: logprobs"),
        ("oddchances", GenerationError, "no known form"),
        ("500", GenerationError, "internal trouble"),
    ],
)
def test_first_tokens_that_are_not_told_are_an_error(
    service: RemoteChatService, fault: str, error: type[KBError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        service.first_token(ask(fault))
    assert type(caught.value) is error


def test_cancelling_ends_the_answer_without_an_error(service: RemoteChatService) -> None:
    got: list[str] = []
    for piece in service.stream(ask("well"), cancelled=lambda: len(got) == 2):
        got.append(piece)
    assert tuple(got) == PIECES[:2]


def test_a_proxy_of_the_company_is_not_used(
    service: RemoteChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert tuple(service.stream(ask("well"))) == PIECES


@pytest.mark.parametrize(
    ("text", "real"),
    # Counted with the tokenizer of Qwen2.5, whose template adds 29 to the text itself.
    [
        ("根据已知信息，简洁和专业的来回答问题。", 12),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("2023年营业收入为123,456.78万元", 18),
    ],
)
def test_estimates_are_rather_too_high(text: str, real: int) -> None:
    estimate = estimate_tokens(ask(text))
    assert real <= estimate - 40 <= 2.2 * real
    assert estimate_tokens(ask(text) * 2) == 2 * estimate - 32


def test_the_client_counts_without_downloading_anything(service: RemoteChatService) -> None:
    assert not service.counts_are_exact
    assert service.count_tokens(ask("四个汉字")) == 44
    assert service.client().get_num_tokens("四个汉字") == 44
