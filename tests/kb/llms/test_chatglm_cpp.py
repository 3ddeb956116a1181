"""The ChatGLM family beyond the contract: what is stored how, prefixes, what the engine lacks."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb.errors import (
    BackendUnavailableError,
    GenerationError,
    ModelFileError,
    UnsupportedError,
)
from kb.llms.base import ChatMessage, LocalChatModel, Sampling
from kb.llms.registry import open_model
from kb.llms.service import ChatService
from kb.models.ggml import check_complete, read_header
from kb.models.local import register_path
from kb.models.table import find_chat_model
from tests.kb.llms.records import ask
from tests.kb.llms.tiny_chatglm import CONTEXT, TEXT, write_model

pytestmark = pytest.mark.models

Make = Callable[..., Path]
QUESTION = "住宿费每晚最多多少元？"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a tiny model once for each description."""
    pytest.importorskip("chatglm_cpp")
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("chatglm")

    def make(family: str = "chatglm2", **options: object) -> Path:
        name = "-".join([family, *(f"{key}{value}" for key, value in sorted(options.items()))])
        path = folder / f"{name}.bin"
        return path if path.exists() else write_model(path, family, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def opened() -> Iterator[Callable[[Path], LocalChatModel]]:
    """Open models that are closed at the end."""
    models: list[LocalChatModel] = []

    def open_it(path: Path, context_length: int = 4096) -> LocalChatModel:
        model = open_model("chatglm_cpp", path, context_length=context_length, threads=2)
        models.append(model)
        return model

    yield open_it
    for model in models:
        model.close()


def answer(model: LocalChatModel, messages: list[ChatMessage], sampling: Sampling) -> str:
    return "".join(model.stream(messages, sampling))


def test_questions_without_an_answer_between_them_are_no_silent_loss(
    made: Make, opened: Callable[[Path], LocalChatModel]
) -> None:
    for family in ("chatglm", "chatglm2"):
        with pytest.raises(GenerationError, match="refuses the messages"):
            opened(made(family)).stream([*ask(QUESTION), *ask("年假有几天？")], Sampling())
    for family in ("chatglm3", "glm4"):
        model = opened(made(family))
        both = model.count_tokens([*ask(QUESTION), *ask("年假有几天？")])
        assert both > model.count_tokens(ask(QUESTION)) + 3


def test_what_the_engine_cannot_do_is_said(
    made: Make, opened: Callable[[Path], LocalChatModel]
) -> None:
    model = opened(made())
    with pytest.raises(UnsupportedError, match="seed"):
        model.stream(ask(QUESTION), Sampling(temperature=0.8, seed=7))
    answer(model, ask(QUESTION), Sampling(max_tokens=2, seed=7))
    random = answer(model, ask(QUESTION), Sampling(max_tokens=20, temperature=1.5, top_p=0.9))
    assert isinstance(random, str)
    with pytest.raises(UnsupportedError):
        list(model.structured(ask(QUESTION), {"enum": ["是", "否"]}, Sampling()))
    with pytest.raises(UnsupportedError):
        list(model.first_token(ask(QUESTION), 5))


@pytest.mark.parametrize("kind", ["f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"])
def test_every_way_to_store_weights_is_read(
    kind: str, made: Make, opened: Callable[[Path], LocalChatModel]
) -> None:
    path = made("chatglm2", kind=kind)
    assert read_header(path).quantisation == kind
    assert answer(opened(path), ask(QUESTION), Sampling(max_tokens=12))


def test_a_prefix_of_p_tuning_is_used(made: Make, opened: Callable[[Path], LocalChatModel]) -> None:
    tuned = made("chatglm2", prefix=16)
    assert read_header(tuned).prefix_tokens == 16
    sampling = Sampling(max_tokens=20)
    with_prefix = answer(opened(tuned), ask(QUESTION), sampling)
    assert with_prefix != answer(opened(made("chatglm2")), ask(QUESTION), sampling)


def test_the_beginning_of_a_long_prompt_counts(
    made: Make, opened: Callable[[Path], LocalChatModel]
) -> None:
    model = opened(made("chatglm2", context=2048))
    assert model.context_length == 2048
    long = TEXT * 12
    sampling = Sampling(max_tokens=24)
    assert 512 < model.count_tokens(ask(long)) < 2000
    first = answer(model, ask(f"甲{long}"), sampling)
    assert first != answer(model, ask(f"银行{long}"), sampling)
    assert first == answer(model, ask(f"甲{long}"), sampling)


def test_a_file_is_registered_and_answers_from_its_own_process(made: Make, tmp_path: Path) -> None:
    path = tmp_path / "我的模型.bin"
    shutil.copy(made("chatglm2", prefix=16), path)
    registered = register_path("chatglm2-mine", path, folder=tmp_path)
    record = find_chat_model("chatglm2-mine", tmp_path)
    assert record == registered
    assert (record.backend, record.context_length) == ("chatglm_cpp", CONTEXT)
    service = ChatService(record, folder=tmp_path)
    try:
        assert service.count_tokens(ask(QUESTION)) > 5
        message = service.client().invoke([("human", QUESTION)])
        assert isinstance(message.content, str)
        assert service.state.name == "ready"
    finally:
        service.close()


def test_a_file_that_is_not_whole_is_told(made: Make, tmp_path: Path) -> None:
    whole = made("chatglm2", kind="q4_0").read_bytes()
    broken = tmp_path / "broken.bin"
    # The engine itself would end the process with each of them.
    for end in (60, 2_000, 30_000, len(whole) - 1):
        broken.write_bytes(whole[:end])
        with pytest.raises(BackendUnavailableError, match=r"broken\.bin cannot be loaded"):
            open_model("chatglm_cpp", broken, context_length=512, threads=1)
    broken.write_bytes(whole + b"more")
    with pytest.raises(ModelFileError, match=r"damaged|not whole"):
        check_complete(broken)


def test_a_header_of_another_kind_is_told(tmp_path: Path) -> None:
    for name, content in {"a": b"GGUF" + bytes(80), "b": b"ggml", "c": b"ggml" + bytes(80)}.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match="GGML"):
            read_header(path)
