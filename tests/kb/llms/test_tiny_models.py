"""The contract of `LocalChatModel` over tiny random models of the true architectures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kb.errors import ContextTooLongError
from kb.llms.base import ChatMessage, LocalChatModel, Sampling
from kb.llms.registry import open_model
from tests.kb.llms import tiny_chatglm
from tests.kb.llms.records import ask
from tests.kb.llms.tiny_chatglm import CONTEXT, TEXT
from tests.kb.llms.tiny_glm import write_glm

pytestmark = pytest.mark.models

QUESTION = "住宿费每晚最多多少元？"
MODELS = [*(("chatglm_cpp", family) for family in tiny_chatglm.FAMILIES), ("transformers", "glm")]


@pytest.fixture(scope="module", params=MODELS, ids=lambda pair: "-".join(pair))
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalChatModel]:
    backend, family = request.param
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp(family)
    if backend == "chatglm_cpp":
        pytest.importorskip("chatglm_cpp")
        path = tiny_chatglm.write_model(place / "model.bin", family)
    else:
        pytest.importorskip("transformers")
        path = write_glm(place / "glm")
    opened = open_model(backend, path, context_length=4096, threads=2)
    yield opened
    opened.close()


def answer(model: LocalChatModel, messages: list[ChatMessage], sampling: Sampling) -> str:
    return "".join(model.stream(messages, sampling))


def test_temperature_zero_always_gives_the_same_text(model: LocalChatModel) -> None:
    first = answer(model, ask(QUESTION), Sampling(max_tokens=40))
    assert first
    answer(model, ask("年假有几天？"), Sampling(max_tokens=10))
    assert answer(model, ask(QUESTION), Sampling(max_tokens=40)) == first


def test_pieces_are_whole_characters(model: LocalChatModel) -> None:
    pieces = list(model.stream(ask(QUESTION), Sampling(max_tokens=60)))
    assert len(pieces) > 5
    assert "�" not in "".join(pieces)


def test_a_stop_string_ends_the_answer_before_it(model: LocalChatModel) -> None:
    whole = answer(model, ask(QUESTION), Sampling(max_tokens=40))
    stop = whole[3:5]
    cut = answer(model, ask(QUESTION), Sampling(max_tokens=40, stop=(stop,)))
    assert cut == whole[: whole.index(stop)]
    assert model.usage is not None
    assert model.usage.finish_reason == "stop"


def test_max_tokens_cuts_the_answer(model: LocalChatModel) -> None:
    answer(model, ask(QUESTION), Sampling(max_tokens=5))
    assert model.usage is not None
    assert (model.usage.completion_tokens, model.usage.finish_reason) == (5, "length")
    assert model.usage.prompt_tokens == model.count_tokens(ask(QUESTION))


def test_a_prompt_beyond_the_context_is_refused_and_never_cut(model: LocalChatModel) -> None:
    assert model.context_length == CONTEXT
    with pytest.raises(ContextTooLongError, match=f"holds {CONTEXT}"):
        model.stream(ask("仓库" * 2000), Sampling())


def test_the_answer_gets_only_what_the_context_leaves(model: LocalChatModel) -> None:
    text = TEXT * 20
    while model.count_tokens(ask(text)) > CONTEXT - 8:
        text = text[:-4]
    room = CONTEXT - model.count_tokens(ask(text))
    answer(model, ask(text), Sampling(max_tokens=CONTEXT))
    assert model.usage is not None
    assert model.usage.completion_tokens <= room


def test_what_the_system_says_reaches_every_family(model: LocalChatModel) -> None:
    system = ChatMessage("system", "只根据资料回答，不要编造。")
    plain, told = ask(QUESTION), [system, *ask(QUESTION)]
    assert model.count_tokens(told) > model.count_tokens(plain) + 3
    sampling = Sampling(max_tokens=20)
    assert answer(model, told, sampling) != answer(model, plain, sampling)


def test_earlier_turns_are_part_of_the_prompt(model: LocalChatModel) -> None:
    talk = [*ask("年假有几天？"), ChatMessage("assistant", "十天。"), *ask(QUESTION)]
    assert model.count_tokens(talk) > model.count_tokens(ask(QUESTION))


def test_closing_the_answer_leaves_the_model_ready(model: LocalChatModel) -> None:
    expected = answer(model, ask(QUESTION), Sampling(max_tokens=8))
    pieces = model.stream(ask("写一篇很长的文章。"), Sampling(max_tokens=200))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert model.usage is None
    assert answer(model, ask(QUESTION), Sampling(max_tokens=8)) == expected
