"""Hugging Face folders beyond the contract: adapters, small weights, code, the raw engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kb.errors import BackendUnavailableError
from kb.llms.base import ChatMessage, FirstToken, LocalChatModel, Sampling
from kb.llms.registry import open_model
from kb.llms.service import ChatService
from kb.models.local import register_path
from kb.models.table import LoadOptions, find_chat_model
from tests.kb.llms.records import ask
from tests.kb.llms.tiny_glm import CONTEXT, write_glm, write_lora

pytestmark = pytest.mark.models

QUESTION = "住宿费每晚最多多少元？"
Open = Callable[..., LocalChatModel]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return write_glm(tmp_path_factory.mktemp("hf") / "glm")


@pytest.fixture
def opened(folder: Path) -> Iterator[Open]:
    models: list[LocalChatModel] = []

    def open_it(path: Path = folder, **options: Any) -> LocalChatModel:
        model = open_model(
            "transformers", path, context_length=512, threads=2, options=LoadOptions(**options)
        )
        models.append(model)
        return model

    yield open_it
    for model in models:
        model.close()


def answer(model: LocalChatModel, messages: list[ChatMessage], **sampling: Any) -> str:
    return "".join(model.stream(messages, Sampling(max_tokens=24, **sampling)))


def test_answers_are_those_of_the_library_itself(opened: Open, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    library = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": QUESTION}], add_generation_prompt=True, return_tensors="pt"
    )
    written = library.generate(**prompt, max_new_tokens=24, do_sample=False)
    new = written[0, prompt["input_ids"].shape[1] :]
    expected = tokenizer.decode(new, skip_special_tokens=True).replace("\ufffd", "")
    assert answer(opened(), ask(QUESTION)) == expected


def test_what_is_known_of_a_prompt_is_not_computed_again(opened: Open) -> None:
    model = opened()
    long = [ChatMessage("system", "只根据资料回答。" * 20)]
    first = answer(model, [*long, *ask(QUESTION)])
    assert model.usage is not None
    assert model.usage.evaluated_tokens == model.usage.prompt_tokens > 140
    answer(model, [*long, *ask("年假有几天？")])
    assert model.usage.evaluated_tokens <= model.usage.prompt_tokens - 128
    assert answer(model, [*long, *ask(QUESTION)]) == first


def test_a_seed_gives_the_same_random_answer(opened: Open) -> None:
    model = opened()
    chance = {"temperature": 1.2, "top_p": 0.95, "top_k": 0}
    first = answer(model, ask(QUESTION), seed=7, **chance)
    assert answer(model, ask(QUESTION), seed=7, **chance) == first
    assert answer(model, ask(QUESTION), seed=8, **chance) != first
    assert answer(model, ask(QUESTION), repetition_penalty=1.8) != answer(model, ask(QUESTION))


def test_the_chances_of_the_first_token_are_told(opened: Open) -> None:
    import math

    pieces = list(opened().first_token(ask(QUESTION), 1000))
    assert isinstance(pieces[-1], FirstToken)
    chances = pieces[-1].logprobs
    assert sum(map(math.exp, chances.values())) == pytest.approx(1, abs=1e-6)
    assert list(chances.values()) == sorted(chances.values(), reverse=True)


def test_an_adapter_changes_the_answers(opened: Open, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    lora = str(write_lora(tmp_path / "lora", folder))
    plain = answer(opened(), ask(QUESTION))
    merged = answer(opened(lora=lora), ask(QUESTION))
    assert merged != plain
    assert answer(opened(lora=lora), ask(QUESTION)) == merged


@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_weights_are_made_smaller_while_loading(kind: str, opened: Open) -> None:
    pytest.importorskip("bitsandbytes")
    whole, small = opened(), opened(quantize=kind)

    def size(model: LocalChatModel) -> int:
        return sum(p.numel() * p.element_size() for p in model._model.parameters())  # type: ignore[attr-defined]

    assert size(small) < 0.7 * size(whole)
    assert answer(small, ask(QUESTION))


def test_an_adapter_is_heard_beside_small_weights(
    opened: Open, folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("bitsandbytes")
    lora = str(write_lora(tmp_path / "lora", folder))
    tuned = answer(opened(quantize="int8", lora=lora), ask(QUESTION))
    assert tuned != answer(opened(quantize="int8"), ask(QUESTION))


def test_code_in_the_folder_runs_only_where_that_is_allowed(
    opened: Open, folder: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    ran = tmp_path / "ran"
    config = json.loads((own / "config.json").read_text("utf-8"))
    config |= {
        "model_type": "ourglm",
        "auto_map": {
            "AutoConfig": "configuration_own.OwnConfig",
            "AutoModelForCausalLM": "modeling_own.OwnForCausalLM",
        },
    }
    (own / "config.json").write_text(json.dumps(config), "utf-8")
    (own / "configuration_own.py").write_text(
        "from transformers import GlmConfig\n"
        f"open({str(ran)!r}, 'w').close()\n"
        "class OwnConfig(GlmConfig):\n    model_type = 'ourglm'\n",
        "utf-8",
    )
    (own / "modeling_own.py").write_text(
        "from transformers import GlmForCausalLM\n"
        "from .configuration_own import OwnConfig\n"
        "class OwnForCausalLM(GlmForCausalLM):\n    config_class = OwnConfig\n",
        "utf-8",
    )
    with pytest.raises(BackendUnavailableError, match="code of its own") as refused:
        opened(own)
    assert "--trust-code" in refused.value.hint
    assert not ran.exists()
    assert answer(opened(own, trust_code=True), ask(QUESTION)) == answer(opened(), ask(QUESTION))
    assert ran.exists()


def test_a_model_without_a_chat_template_is_told(opened: Open, tmp_path: Path) -> None:
    bare = write_glm(tmp_path / "bare", template=False)
    with pytest.raises(BackendUnavailableError, match="no chat template"):
        opened(bare)


def test_a_damaged_folder_is_told(opened: Open, folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(BackendUnavailableError, match="broken cannot be loaded"):
        opened(broken)
    (broken / "config.json").unlink()
    with pytest.raises(BackendUnavailableError, match="cannot be read"):
        opened(broken)


def test_options_that_an_engine_does_not_have_are_refused(folder: Path) -> None:
    for backend in ("llama_cpp", "xllamacpp", "chatglm_cpp"):
        with pytest.raises(BackendUnavailableError, match="has no quantize"):
            open_model(
                backend,
                folder,
                context_length=512,
                threads=1,
                options=LoadOptions(quantize="int4"),
            )


def test_a_folder_is_registered_and_answers_from_its_own_process(
    folder: Path, tmp_path: Path
) -> None:
    lora = str(write_lora(tmp_path / "lora", folder))
    registered = register_path("glm-mine", folder, folder=tmp_path, options=LoadOptions(lora=lora))
    record = find_chat_model("glm-mine", tmp_path)
    assert record == registered
    assert (record.backend, record.context_length) == ("transformers", CONTEXT)
    service = ChatService(record, folder=tmp_path)
    try:
        message = service.client().invoke([("human", QUESTION)])
        assert isinstance(message.content, str)
        assert service.count_tokens(ask(QUESTION)) > 5
    finally:
        service.close()
