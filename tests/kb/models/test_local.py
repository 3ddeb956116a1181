import json
from pathlib import Path

import pytest

from kb.errors import ModelFileError
from kb.models.local import register_path
from kb.models.table import ChatModel, EmbedderModel, find


def _export(folder: Path, *, graph: str = "model.onnx", **config: object) -> Path:
    (folder / graph).parent.mkdir(parents=True)
    (folder / graph).write_bytes(b"graph")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_a_gguf_file_becomes_a_chat_model(tmp_path: Path) -> None:
    path = tmp_path / "big.gguf"
    path.write_bytes(b"GGUF" + bytes(12))
    model = register_path("big", path, folder=tmp_path / "models")
    assert isinstance(model, ChatModel)
    assert (model.backend, model.size, model.path) == ("llama_cpp", 16, str(path))
    assert find("big", tmp_path / "models") == model


def test_an_onnx_export_keeps_the_prefixes_of_the_model_it_is_named_for(tmp_path: Path) -> None:
    path = _export(
        tmp_path / "export", graph="onnx/model.onnx", hidden_size=768, max_position_embeddings=512
    )
    model = register_path("bge-base-zh-v1.5-onnx", path, folder=tmp_path / "models")
    assert isinstance(model, EmbedderModel)
    assert (model.backend, model.dim, model.max_tokens, model.pooling) == ("onnx", 768, 512, "cls")
    assert model.query_prefix == "为这个句子生成表示以用于检索相关文章："


def test_the_folder_itself_says_how_to_pool_and_how_long_texts_may_be(tmp_path: Path) -> None:
    path = _export(tmp_path / "export", model_type="xlm-roberta", max_position_embeddings=514)
    (path / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": True}
    (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    model = register_path("own", path, folder=tmp_path / "models")
    assert isinstance(model, EmbedderModel)
    assert (model.dim, model.max_tokens, model.pooling) == (32, 512, "cls")
    (path / "sentence_bert_config.json").write_text('{"max_seq_length": 256}', encoding="utf-8")
    again = register_path("own", path, folder=tmp_path / "models")
    assert isinstance(again, EmbedderModel)
    assert again.max_tokens == 256


def test_weights_without_a_graph_need_sentence_transformers(tmp_path: Path) -> None:
    path = tmp_path / "m3e"
    path.mkdir()
    (path / "config.json").write_text('{"hidden_size": 768}', encoding="utf-8")
    (path / "model.safetensors").write_bytes(b"weights")
    model = register_path("m3e-base-mine", path, folder=tmp_path / "models")
    assert (model.backend, model.path) == ("sentence_transformers", str(path))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("合同", encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (text, empty, tmp_path / "absent"):
        with pytest.raises(ModelFileError, match="is no GGUF file, no GGML file"):
            register_path("x", path, folder=tmp_path / "models")


def test_an_export_that_does_not_tell_its_dimension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="how many numbers its vectors have"):
        register_path("x", _export(tmp_path / "export"), folder=tmp_path / "models")
