"""Register a person's own model from a path: what it is, is read from the files themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from kb.errors import ModelFileError
from kb.models import ggml
from kb.models.table import (
    ChatModel,
    EmbedderModel,
    LoadOptions,
    Model,
    all_models,
    register,
)

GRAPH_FILES = ("model_quantized.onnx", "onnx/model_quantized.onnx", "model.onnx", "onnx/model.onnx")
"""Where an export keeps its graph, the smallest first."""

_GGUF_MAGIC = b"GGUF"
_CONTEXT_LENGTH = 4096


def register_path(
    name: str, path: Path, *, folder: Path, options: LoadOptions | None = None
) -> Model:
    """Register a model file or folder under a name.

    A GGUF file, a GGML file of the ChatGLM family, a Hugging Face folder of a chat model, an ONNX
    export or a sentence-transformers folder. ``options`` are for chat models.

    A known embedder (m3e, BGE) of which the name begins with its name keeps that model's prefixes:
    ``bge-base-zh-v1.5-mine`` asks as ``bge-base-zh-v1.5`` does.

    Raises:
        ModelFileError: the path holds none of these.
        DuplicateError: the name belongs to a model of the table.
    """
    path = path.expanduser().resolve()
    model: Model
    if path.is_file():
        model = _chat_file(name, path)
    elif _is_chat_folder(path):
        model = _chat_folder(name, path)
    else:
        model = _embedder(name, path, folder)
    if isinstance(model, ChatModel) and options is not None:
        model = replace(model, options=options)
    register(model, folder)
    return model


def graph_file(path: Path) -> Path | None:
    """Return the ONNX graph of an export folder, None where there is none."""
    return next((path / name for name in GRAPH_FILES if (path / name).is_file()), None)


def _is_chat_folder(path: Path) -> bool:
    config = _json(path / "config.json")
    if not config or (path / "modules.json").is_file():
        return False
    # The ChatGLM folders of old name no such class, but where their code has it.
    classes = (*config.get("architectures", ()), *config.get("auto_map", {}))
    return any("CausalLM" in name or "ConditionalGeneration" in name for name in classes)


def _chat_folder(name: str, path: Path) -> ChatModel:
    config = _json(path / "config.json")
    longest = config.get("max_position_embeddings") or config.get("seq_length") or _CONTEXT_LENGTH
    return ChatModel(
        name=name,
        backend="transformers",
        licence="",
        size=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        context_length=min(_CONTEXT_LENGTH, int(longest)),
        path=str(path),
    )


def _chat_file(name: str, path: Path) -> ChatModel:
    with path.open("rb") as file:
        magic = file.read(len(_GGUF_MAGIC))
    if magic == _GGUF_MAGIC:
        backend, context_length = "llama_cpp", _CONTEXT_LENGTH
    elif magic == ggml.MAGIC:
        longest = ggml.read_header(path).context_length
        backend, context_length = "chatglm_cpp", min(_CONTEXT_LENGTH, longest)
    else:
        raise _unknown(name, path)
    return ChatModel(
        name=name,
        backend=backend,
        licence="",
        size=path.stat().st_size,
        context_length=context_length,
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
        f"{name}: {path} is no GGUF file, no GGML file of the ChatGLM family, no Hugging Face "
        "folder of a chat model, no folder with an ONNX graph and tokenizer.json, and no "
        "sentence-transformers folder",
        hint="kb models pull NAME --from PATH",
        model=name,
    )
