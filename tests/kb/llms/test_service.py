from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from kb.errors import (
    BackendUnavailableError,
    CancelledError,
    ContextTooLongError,
    GenerationError,
    UnsupportedError,
)
from kb.llms.base import Sampling
from kb.llms.service import ChatService
from tests.kb.llms.records import ask, chat_model

SHORT = Sampling(max_tokens=12)
LONG = Sampling(max_tokens=400)


def test_a_model_whose_file_is_missing_is_absent_and_names_the_command(tmp_path: Path) -> None:
    service = ChatService(chat_model("small.gguf"), folder=tmp_path)
    assert service.state.name == "absent"
    assert "kb models pull small" in service.state.reason
    with pytest.raises(BackendUnavailableError) as caught:
        list(service.stream(ask("你好")))
    assert caught.value.hint == "kb models pull small"
    with pytest.raises(BackendUnavailableError, match=r"small\.gguf"):
        service.start()
    service.close()


def test_a_damaged_file_fails_with_its_name_and_closes_cleanly(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    (tmp_path / "small.gguf").write_bytes(b"GGUF" + bytes(500))
    service = ChatService(chat_model("small.gguf"), folder=tmp_path)
    assert service.state.name == "idle"
    with pytest.raises(BackendUnavailableError, match=r"small\.gguf cannot be loaded"):
        service.count_tokens(ask("你好"))
    assert service.state.name == "failed"
    service.close()
    with pytest.raises(BackendUnavailableError, match="closed"):
        service.client()


@pytest.fixture(scope="module")
def shared() -> Iterator[list[ChatService]]:
    made: list[ChatService] = []
    yield made
    for service in made:
        service.close()


@pytest.fixture
def service(shared: list[ChatService]) -> ChatService:
    if not shared:
        model = chat_model("qwen2.5-coder-0.5b.gguf", context_length=1024)
        shared.append(ChatService(model, folder=Path(os.environ["KB_MODELS"]), threads=2))
    return shared[0]


def say(service: ChatService, text: str, sampling: Sampling = SHORT) -> str:
    return "".join(service.stream(ask(text), sampling))


@pytest.mark.models
class TestWithAModel:
    def test_the_first_question_starts_it_and_streams(self, service: ChatService) -> None:
        assert "长江" in say(service, "用一句话介绍长江。")
        assert service.state.name == "ready"

    def test_streamed_and_whole_answers_are_the_same(self, service: ChatService) -> None:
        whole = service.client().invoke(
            [HumanMessage("用一句话介绍长江。")], temperature=0, extra_body={"max_tokens": 12}
        )
        assert say(service, "用一句话介绍长江。") == whole.text

    def test_token_counts_are_the_models_own(self, service: ChatService) -> None:
        assert service.counts_are_exact
        assert service.count_tokens(ask("你好")) == 30
        assert service.client().get_num_tokens("你好") == 30

    def test_usage_tells_what_was_shared_with_the_former_prompt(self, service: ChatService) -> None:
        known = "仓库的货物按编号登记，由管理员当日核对，差错在三日内更正。" * 5
        say(service, f"{known}谁来核对？", Sampling(max_tokens=1))
        message = service.client().invoke(
            [HumanMessage(f"{known}几日内更正？")], extra_body={"max_tokens": 1}
        )
        usage = message.usage_metadata
        assert usage is not None
        assert usage["input_token_details"]["cache_read"] > usage["input_tokens"] - 20

    def test_a_question_too_long_for_the_context_is_refused(self, service: ChatService) -> None:
        with pytest.raises(ContextTooLongError, match="holds 1024"):
            say(service, "水" * 3000)

    def test_closing_the_answer_frees_the_model(self, service: ChatService) -> None:
        pieces = service.stream(ask("写一篇很长的文章。"), LONG)
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        started = time.monotonic()
        say(service, "你好", Sampling(max_tokens=1))
        short_wait = time.monotonic() - started
        started = time.monotonic()
        say(service, "写一篇很长的文章。", Sampling(max_tokens=100))
        assert short_wait < time.monotonic() - started

    def test_cancelling_ends_the_answer(self, service: ChatService) -> None:
        got: list[str] = []
        for piece in service.stream(ask("写一篇很长的文章。"), LONG, lambda: len(got) >= 3):
            got.append(piece)
        assert len(got) == 3

    def test_several_people_ask_at_once(self, service: ChatService) -> None:
        answers: dict[int, str] = {}

        def one(number: int) -> None:
            answers[number] = say(service, f"{number}加一等于几？", Sampling(max_tokens=6))

        threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(number for number, text in answers.items() if text) == [0, 1, 2, 3]

    def test_a_structured_answer_comes_through_the_child(self, service: ChatService) -> None:
        schema = {
            "type": "object",
            "properties": {"河流": {"enum": ["黄河", "长江", '名为"珠江"']}},
            "required": ["河流"],
            "additionalProperties": False,
        }
        expected = {"河流": "长江"}
        question = ask("中国最长的河是哪一条？")
        assert service.structured(question, schema, Sampling(max_tokens=30)) == expected
        with pytest.raises(GenerationError, match="cut off after 2 tokens"):
            service.structured(question, schema, Sampling(max_tokens=2))
        with pytest.raises(UnsupportedError, match="pattern"):
            service.structured(question, {"type": "string", "pattern": "a+"})
        with pytest.raises(CancelledError):
            service.structured(question, schema, SHORT, cancelled=lambda: True)
        assert service.structured(question, schema, Sampling(max_tokens=30)) == expected

    def test_first_tokens_come_through_the_child(self, service: ChatService) -> None:
        chances = service.first_token(ask("用一句话介绍长江。"))
        assert len(chances) == 20
        assert sum(math.exp(chance) for chance in chances.values()) <= 1
        assert say(service, "用一句话介绍长江。", Sampling(max_tokens=1)) == next(iter(chances))
        with pytest.raises(ContextTooLongError):
            service.first_token(ask("水" * 3000))

    def test_a_killed_child_costs_one_answer(self, service: ChatService) -> None:
        expected = say(service, "用一句话介绍长江。")
        pieces = service.stream(ask("写一篇很长的文章。"), LONG)
        assert next(pieces)
        first = service.child_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(GenerationError, match="SIGKILL"):
            list(pieces)
        assert service.state.name == "idle"
        assert say(service, "用一句话介绍长江。") == expected
        assert service.child_pid not in (None, first)

    def test_a_proxy_of_the_company_is_not_used(
        self, service: ChatService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        child = service.child_pid
        assert child is not None
        os.kill(child, signal.SIGKILL)
        while service.state.name == "ready":
            time.sleep(0.01)
        assert say(service, "你好")

    def test_closing_ends_the_child(self, service: ChatService) -> None:
        say(service, "你好", Sampling(max_tokens=1))
        pid = service.child_pid
        assert pid is not None
        service.close()
        assert not Path(f"/proc/{pid}").exists()
        assert service.child_pid is None
