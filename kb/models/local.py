"""Register a person's own model from a path: what it is, is read from the files themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from kb.errors import ModelFileError, NoModelEntryError, NoModelError
from kb.models import ggml, table
from kb.models.table import ChatModel, EmbedderModel, LoadOptions, Model, Server, all_models

GRAPH_FILES = ("model_quantized.onnx", "onnx/model_quantized.onnx", "model.onnx", "onnx/model.onnx")
"""Where an export keeps its graph, the smallest first."""

_GGUF_MAGIC = b"GGUF"
_CONTEXT_LENGTH = 4096
# What people write where a server asks for no key.
_NO_KEY = "EMPTY"


def register(
    name: str,
    place: str,
    *,
    folder: Path,
    options: LoadOptions | None = None,
    api_key: str = "",
    served_as: str = "",
    context_length: int = 0,
) -> Model:
    """Register what lies at a place under a name, see `register_path`; or a chat server.

    Args:
        place: a path, the address of a server that ends in ``/v1``, or a JSON file with an entry
            of that name: ``{"chatglm2-6b": {"local_model_path": …, "api_base_url": …, "api_key":
            "EMPTY"}}``, of which the address goes before the path.
        api_key: of the server; empty where it asks for none.
        served_as: what the server calls the model; empty: by its name here.
        context_length: tokens for prompt and answer together; 0: what suits the model.

    Raises:
        ModelFileError: there is no model that is known here.
    """
    if place.endswith(".json"):
        entry = _entry(name, Path(place).expanduser())
        place = entry.get("api_base_url") or entry.get("local_model_path") or ""
        api_key = api_key or entry.get("api_key", "")
    if place.startswith(("http://", "https://")):
        model: Model = ChatModel(
            name=name,
            backend="openai",
            licence="",
            size=0,
            context_length=context_length or _CONTEXT_LENGTH,
            server=Server(
                place.rstrip("/"), "" if api_key == _NO_KEY else api_key, served_as or name
            ),
        )
    else:
        model = _at_path(name, Path(place).expanduser().resolve(), folder)
        if isinstance(model, ChatModel):
            model = replace(
                model,
                options=options or model.options,
                context_length=context_length or model.context_length,
            )
    table.register(model, folder)
    return model


def register_path(
    name: str, path: Path, *, folder: Path, options: LoadOptions | None = None
) -> Model:
    """Register a model file or folder under a name; ``options`` are for chat models.

    A GGUF file, a GGML file of the ChatGLM family, a Hugging Face folder of a chat model, an ONNX
    export or a sentence-transformers folder.

    A known embedder (m3e, BGE) of which the name begins with its name keeps that model's prefixes:
    ``bge-base-zh-v1.5-mine`` asks as ``bge-base-zh-v1.5`` does.

    Raises:
        ModelFileError: the path holds none of these.
        DuplicateError: the name belongs to a model of the table.
    """
    return register(name, str(path), folder=folder, options=options)


def graph_file(path: Path) -> Path | None:
    """Return the ONNX graph of an export folder, None where there is none."""
    return next((path / name for name in GRAPH_FILES if (path / name).is_file()), None)


def _entry(name: str, path: Path) -> dict[str, str]:
    if not path.is_file():
        raise _unknown(name, path)
    entry = _json(path).get(name)
    if not isinstance(entry, dict) or not {"api_base_url", "local_model_path"} & entry.keys():
        raise NoModelEntryError(
            f"{path} has no entry {name} with api_base_url or local_model_path",
            model=name,
            path=str(path),
        )
    return entry


def _at_path(name: str, path: Path, folder: Path) -> Model:
    if path.is_file():
        return _chat_file(name, path)
    if _is_chat_folder(path):
        return _chat_folder(name, path)
    return _embedder(name, path, folder)


def _is_chat_folder(path: Path) -> bool:
    config = _json(path / "config.json")
    if not config or (path / "modules.json").is_file():
        return False
    if config.get("model_type") == "chatglm":
        return True
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


def _unknown(name: str, path: Path) -> NoModelError:
    return NoModelError(
        f"{name}: {path} is no GGUF file, no GGML file of the ChatGLM family, no Hugging Face "
        "folder of a chat model, no folder with an ONNX graph and tokenizer.json, and no "
        "sentence-transformers folder",
        hint="kb models pull NAME --path PATH",
        model=name,
        path=str(path),
    )
