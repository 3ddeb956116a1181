"""Register a person's own model from a path: what it is, is read from the files themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kb.errors import ModelFileError
from kb.models.table import ChatModel, EmbedderModel, Model, all_models, register

GRAPH_FILES = ("model_quantized.onnx", "onnx/model_quantized.onnx", "model.onnx", "onnx/model.onnx")
"""Where an export keeps its graph, the smallest first."""

_GGUF_MAGIC = b"GGUF"
_CONTEXT_LENGTH = 4096


def register_path(name: str, path: Path, *, folder: Path) -> Model:
    """Register a GGUF file, an ONNX export or a sentence-transformers folder under a name.

    A known embedder (m3e, BGE) of which the name begins with its name keeps that model's prefixes:
    ``bge-base-zh-v1.5-mine`` asks as ``bge-base-zh-v1.5`` does.

    Raises:
        ModelFileError: the path holds none of these.
        DuplicateError: the name belongs to a model of the table.
    """
    path = path.expanduser().resolve()
    model = _chat_model(name, path) if path.is_file() else _embedder(name, path, folder)
    register(model, folder)
    return model


def graph_file(path: Path) -> Path | None:
    """Return the ONNX graph of an export folder, None where there is none."""
    return next((path / name for name in GRAPH_FILES if (path / name).is_file()), None)


def _chat_model(name: str, path: Path) -> ChatModel:
    with path.open("rb") as file:
        magic = file.read(len(_GGUF_MAGIC))
    if magic != _GGUF_MAGIC:
        raise _unknown(name, path)
    return ChatModel(
        name=name,
        backend="llama_cpp",
        licence="",
        size=path.stat().st_size,
        context_length=_CONTEXT_LENGTH,
        path=str(path),
    )


def _embedder(name: str, path: Path, folder: Path) -> EmbedderModel:
    graph = graph_file(path)
    has_tokenizer = (path / "tokenizer.json").is_file()
    is_transformer = (path / "config.json").is_file() and any(
        next(path.glob(pattern), None) for pattern in ("*.safetensors", "pytorch_model*.bin")
    )
    if not (graph and has_tokenizer) and not is_transformer:
        raise _unknown(name, path)
    known = _relative(name, folder)
    config = _json(path / "config.json")
    dim = _json(path / "1_Pooling" / "config.json").get("word_embedding_dimension")
    dim = dim or config.get("hidden_size") or (known.dim if known else None)
    if dim is None:
        raise ModelFileError(
            f"{name}: {path} does not say how many numbers its vectors have",
            hint="put the model's config.json (with hidden_size) beside the graph",
            model=name,
        )
    return EmbedderModel(
        name=name,
        backend="onnx" if graph and has_tokenizer else "sentence_transformers",
        licence=known.licence if known else "",
        size=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        dim=int(dim),
        max_tokens=_max_tokens(path, config),
        query_prefix=known.query_prefix if known else "",
        passage_prefix=known.passage_prefix if known else "",
        pooling=_pooling(path, known),
        gate=known.gate if known else None,
        path=str(path),
    )


def _relative(name: str, folder: Path) -> EmbedderModel | None:
    relatives = [
        model
        for model in all_models(folder)
        if isinstance(model, EmbedderModel) and not model.path and name.startswith(model.name)
    ]
    return max(relatives, key=lambda model: len(model.name), default=None)


def _max_tokens(path: Path, config: dict[str, Any]) -> int:
    said = _json(path / "sentence_bert_config.json").get("max_seq_length")
    positions = config.get("max_position_embeddings", 512)
    # RoBERTa's first position follows its padding's.
    usable = positions - 2 if config.get("model_type") in ("roberta", "xlm-roberta") else positions
    return min(int(said or usable), int(usable))


def _pooling(path: Path, known: EmbedderModel | None) -> str:
    said = _json(path / "1_Pooling" / "config.json")
    if said:
        is_cls = said.get("pooling_mode_cls_token") or said.get("pooling_mode") == "cls"
        return "cls" if is_cls else "mean"
    return known.pooling if known else "mean"


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as exc:
        raise ModelFileError(f"{path} cannot be read: {exc}", model="") from exc


def _unknown(name: str, path: Path) -> ModelFileError:
    return ModelFileError(
        f"{name}: {path} is no GGUF file, no folder with an ONNX graph and tokenizer.json, "
        "and no sentence-transformers folder",
        hint="kb models pull NAME --from PATH",
        model=name,
    )
