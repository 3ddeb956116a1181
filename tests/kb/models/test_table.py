from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import ModelFileError, NotFoundError
from kb.models.table import (
    CHAT_MODELS,
    EMBEDDERS,
    ChatModel,
    CheckConstants,
    EmbedderModel,
    GateConstants,
    LoadOptions,
    Server,
    all_models,
    find,
    find_chat_model,
    find_embedder,
    model_path,
    register,
)


def _own(name: str = "mine", **values: object) -> EmbedderModel:
    model = EmbedderModel(
        name=name, backend="onnx", licence="", size=1, dim=8, max_tokens=64, path="/m/mine"
    )
    return replace(model, **values)  # type: ignore[arg-type]


def test_names_are_unique_and_every_model_has_a_source() -> None:
    models = [*EMBEDDERS, *CHAT_MODELS]
    assert len({model.name for model in models}) == len(models)
    assert all(model.source or (model.huggingface and model.modelscope) for model in models)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no model nope; known: e5-small, m3e-small, .*coder"):
        find("nope", tmp_path)


def test_each_kind_is_found_as_its_own_only(tmp_path: Path) -> None:
    assert find_embedder("bge-base-zh-v1.5", tmp_path).dim == 768
    assert find_chat_model("qwen2.5-coder-1.5b", tmp_path).context_length == 4096
    with pytest.raises(NotFoundError):
        find_embedder("qwen2.5-coder-1.5b", tmp_path)
    with pytest.raises(NotFoundError):
        find_chat_model("e5-small", tmp_path)


def test_prefixes_are_those_the_models_were_trained_with(tmp_path: Path) -> None:
    e5 = find_embedder("e5-small", tmp_path)
    assert (e5.query_prefix, e5.passage_prefix, e5.pooling) == ("query: ", "passage: ", "mean")
    bge = find_embedder("bge-large-zh-v1.5", tmp_path)
    assert bge.query_prefix == "为这个句子生成表示以用于检索相关文章："
    assert (bge.passage_prefix, bge.pooling) == ("", "cls")
    m3e = find_embedder("m3e-base", tmp_path)
    assert (m3e.query_prefix, m3e.passage_prefix, m3e.pooling) == ("", "", "mean")


def test_a_registered_model_is_found_again_and_replaced(tmp_path: Path) -> None:
    gate = GateConstants(1.0, 2.0, 3.0, 4.0, 5.0)
    register(_own(gate=gate, files=("a",)), tmp_path)
    register(ChatModel("big", "llama_cpp", "", 5, 8192, path="/m/big.gguf"), tmp_path)
    assert find("mine", tmp_path) == _own(gate=gate, files=("a",))
    assert find_chat_model("big", tmp_path).context_length == 8192
    register(_own(dim=16), tmp_path)
    assert find_embedder("mine", tmp_path).dim == 16
    assert [model.name for model in all_models(tmp_path)][-2:] == ["big", "mine"]


def test_a_name_of_the_table_is_taken_over_unless_the_model_is_bundled(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="e5-small is the name of a bundled model"):
        register(_own("e5-small"), tmp_path)
    server = Server("http://10.0.0.9/v1", "key", "glm")
    mine = ChatModel("chatglm2-6b", "openai", "", 0, 8192, server=server)
    register(mine, tmp_path)
    assert find_chat_model("chatglm2-6b", tmp_path) == mine
    assert [each.name for each in all_models(tmp_path)].count("chatglm2-6b") == 1


def test_how_a_model_is_loaded_is_remembered(tmp_path: Path) -> None:
    options = LoadOptions(lora="/l", quantize="int4", trust_code=True)
    check = CheckConstants(1.0, 2.0)
    mine = ChatModel("m", "transformers", "", 1, 4096, path="/m", options=options, check=check)
    register(mine, tmp_path)
    assert find_chat_model("m", tmp_path) == mine


def test_a_damaged_register_is_named(tmp_path: Path) -> None:
    (tmp_path / "registered.json").write_text("[{]", encoding="utf-8")
    with pytest.raises(ModelFileError, match=r"registered\.json is damaged"):
        find("e5-small", tmp_path)


def test_places(tmp_path: Path) -> None:
    assert model_path(find("e5-small", tmp_path), tmp_path) == tmp_path / "e5-small"
    chat = find("qwen2.5-coder-0.5b", tmp_path)
    assert model_path(chat, tmp_path) == tmp_path / "qwen2.5-coder-0.5b.gguf"
    assert model_path(_own(), tmp_path) == Path("/m/mine")
