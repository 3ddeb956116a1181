"""Writes a Hugging Face folder of the ChatGLM family as a GGML file for chatglm-cpp.

The tensors and their order are those of chatglm.cpp's converter, whose functions write them. Its
own way to load a folder runs program code from it, which newer transformers cannot run any more,
and holds all weights in single precision; here they are read from their files one by one.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from kb.errors import BackendUnavailableError, ConversionError
from kb.models.ggml import check_complete

Kind = Literal["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "f16"]
KINDS: tuple[Kind, ...] = ("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "f16")
INSTALL = "python3 -m app setup --chatglm --transformers"

# What the configuration classes of the family assume where a folder does not say it.
_DEFAULTS = {
    "eos_token_id": 2,
    "pad_token_id": 0,
    "pre_seq_len": None,
    "quantization_bit": 0,
    "inner_hidden_size": 16384,
}
_PREFIX = "transformer.prefix_encoder."
_ADAPTER = "base_model.model."


def write_ggml(
    folder: Path,
    target: Path,
    *,
    kind: Kind = "q4_0",
    prefix: Path | None = None,
    lora: Path | None = None,
    advance: Callable[[float], None] = lambda _share: None,
) -> None:
    """Write the folder's model as one file, which appears whole or not at all.

    Args:
        folder: config.json, the tokenizer and the weights (safetensors or PyTorch's).
        kind: how the matrices are stored.
        prefix: a checkpoint of P-Tuning v2, whose prefix goes with the model.
        lora: an adapter of peft's that is added to the weights.
        advance: gets the share of the tensors that are written, 0 to 1.

    Raises:
        BackendUnavailableError: chatglm-cpp, torch or transformers are not installed.
        ConversionError: the folder is of another kind, or something of it is missing.
    """
    try:
        converters: Any = importlib.import_module("chatglm_cpp.convert")
    except ImportError as exc:
        raise BackendUnavailableError(
            f"to convert ChatGLM takes chatglm-cpp and transformers: {INSTALL}", hint=INSTALL
        ) from exc
    config = _config(folder)
    weights = _Weights(folder, lora=lora, advance=advance)
    if prefix is not None:
        weights.files |= _Weights(prefix).files
    name, tokenizer = _family(folder, config)
    if name == "ChatGLMConverter" and prefix is not None:
        raise ConversionError(
            "chatglm.cpp has no prefixes for the first ChatGLM, only from ChatGLM2 on",
            model=folder.name,
        )
    transformer = SimpleNamespace(prefix_encoder=lambda _tokens: weights.prefix())
    config.pre_seq_len = weights.prefix_tokens
    model = SimpleNamespace(config=config, state_dict=lambda: weights, transformer=transformer)
    part = target.with_name(target.name + ".part")
    try:
        # It shows a bar and a table of its own.
        with part.open("wb") as file, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            kinds: Any = converters.GGMLType
            getattr(converters, name).convert(file, model, tokenizer, kinds[kind.upper()])
        check_complete(part)
    except (AssertionError, AttributeError, KeyError, RuntimeError) as exc:
        part.unlink(missing_ok=True)
        raise ConversionError(
            f"{folder} is no model of the ChatGLM family that chatglm.cpp can run: {exc}",
            model=folder.name,
        ) from exc
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(target)


def is_chatglm(folder: Path) -> bool:
    """Tell whether a folder holds a model of the family in its own, not transformers', form."""
    try:
        said = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(said.get("model_type") == "chatglm")


def _config(folder: Path) -> SimpleNamespace:
    if not is_chatglm(folder):
        raise ConversionError(
            f"{folder} holds no model of the ChatGLM family: its config.json does not say so",
            model=folder.name,
        )
    said = _DEFAULTS | json.loads((folder / "config.json").read_text("utf-8"))
    if isinstance(said["eos_token_id"], list):
        said["eos_token_id"] = said["eos_token_id"][0]
    return SimpleNamespace(**said)


def _family(folder: Path, config: SimpleNamespace) -> tuple[str, SimpleNamespace]:
    """Return the converter's name and the tokenizer in the form that it expects."""
    if not hasattr(config, "multi_query_attention"):
        pieces = _pieces(folder, "ice_text.model")
        whole = SimpleNamespace(text_tokenizer=SimpleNamespace(sp=pieces))
        return "ChatGLMConverter", SimpleNamespace(sp_tokenizer=whole)
    model = folder / "tokenizer.model"
    pieces = _pieces(folder, model.name)
    if _is_tiktoken(model):
        return "ChatGLM4Converter", SimpleNamespace(vocab_file=str(model))
    # The third generation has the architecture of the second and marks of its own for the turns.
    tellers = ("tokenization_chatglm.py", "tokenizer_config.json", "added_tokens.json")
    has_marks = any(
        "<|system|>" in (folder / name).read_text("utf-8")
        for name in tellers
        if (folder / name).is_file()
    )
    name = "ChatGLM3Converter" if has_marks else "ChatGLM2Converter"
    return name, SimpleNamespace(tokenizer=SimpleNamespace(sp_model=pieces))


def _pieces(folder: Path, name: str) -> SimpleNamespace:
    try:
        data = (folder / name).read_bytes()
    except OSError as exc:
        raise ConversionError(f"{folder} lacks its {name}", model=folder.name) from exc
    return SimpleNamespace(serialized_model_proto=lambda: data)


def _is_tiktoken(path: Path) -> bool:
    """Whether each line is a token in base64 and its number."""
    with path.open("rb") as file:
        first = file.readline(200).split()
    return len(first) == 2 and first[1].isdigit()


class _Weights:
    """The tensors of a folder by name; each is read when it is asked for."""

    def __init__(
        self,
        folder: Path,
        *,
        lora: Path | None = None,
        advance: Callable[[float], None] = lambda _share: None,
    ) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._safetensors: Any = importlib.import_module("safetensors")
        self._folder = folder
        self._advance = advance
        self._own: dict[str, Any] = {}
        self._open: tuple[Path, Any] | None = None
        self._asked = 0
        paths = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
        if not paths:
            raise ConversionError(f"{folder} holds no weights", model=folder.name)
        self.files = {name: path for path in paths for name in self._names(path)}
        self._scale = 0.0
        self._lora: _Weights | None = None
        if lora is not None:
            self._scale, self._lora = self._adapter(lora)

    def __setitem__(self, name: str, tensor: Any) -> None:
        self._own[name] = tensor

    def __getitem__(self, name: str) -> Any:
        self._asked += 1
        self._advance(min(1.0, self._asked / len(self.files)))
        if name in self._own:
            return self._own[name]
        if name == "lm_head.weight" and name not in self.files:
            # The first ChatGLM's head is its embedding.
            return self["transformer.word_embeddings.weight"]
        tensor = self.raw(name)
        if tensor.dtype == self._torch.int8:
            if self._lora is not None:
                raise ConversionError(
                    f"{self._folder} is quantised already: an adapter is added to the weights "
                    "before that",
                    model=self._folder.name,
                )
            return tensor
        return self._tuned(name, tensor.float())

    def raw(self, name: str) -> Any:
        """Return a tensor as it is stored.

        Raises:
            ConversionError: no file has it.
        """
        if name not in self.files:
            raise ConversionError(f"{self._folder} lacks the weights {name}", model=name)
        path = self.files[name]
        if self._open is None or self._open[0] != path:
            self._open = (path, self._opened(path))
        opened = self._open[1]
        return opened[name] if isinstance(opened, dict) else opened.get_tensor(name)

    @property
    def prefix_tokens(self) -> int | None:
        """How many tokens of P-Tuning there are; None for none."""
        name = f"{_PREFIX}embedding.weight"
        return int(self.raw(name).shape[0]) if name in self.files else None

    def prefix(self) -> Any:
        """The keys and values of the prefix: one row a token; Liu et al., 2022 (P-Tuning v2)."""
        rows = self.raw(f"{_PREFIX}embedding.weight").float()
        for layer, number in enumerate((0, 2)):
            if f"{_PREFIX}trans.{number}.weight" in self.files:
                rows = rows if not layer else self._torch.tanh(rows)
                weight = self.raw(f"{_PREFIX}trans.{number}.weight").float()
                rows = rows @ weight.T + self.raw(f"{_PREFIX}trans.{number}.bias").float()
        return rows

    def _names(self, path: Path) -> list[str]:
        opened = self._opened(path)
        return list(opened.keys())

    def _opened(self, path: Path) -> Any:
        try:
            if path.suffix == ".safetensors":
                return self._safetensors.safe_open(path, framework="pt")
            # Weights only: the pickle of a stranger runs nothing. Mapped: read when they are used.
            return self._torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        except Exception as exc:  # each format has errors of its own
            raise ConversionError(f"{path} cannot be read: {exc}", model=path.name) from exc

    def _adapter(self, folder: Path) -> tuple[float, _Weights]:
        try:
            said = json.loads((folder / "adapter_config.json").read_text("utf-8"))
            rank, alpha = int(said["r"]), float(said["lora_alpha"])
        except (OSError, ValueError, KeyError) as exc:
            raise ConversionError(
                f"{folder} is no LoRA adapter: its adapter_config.json cannot be read ({exc})",
                model=folder.name,
            ) from exc
        if said.get("use_dora") or said.get("rank_pattern") or said.get("alpha_pattern"):
            raise ConversionError(
                f"{folder}: only a plain LoRA with one rank can be added to the weights; merge it "
                "with peft first",
                model=folder.name,
            )
        scale = alpha / (math.sqrt(rank) if said.get("use_rslora") else rank)
        adapter = _Weights(folder)
        targets = {name.removeprefix(_ADAPTER).split(".lora_")[0] for name in adapter.files}
        if unknown := sorted(targets - {name.removesuffix(".weight") for name in self.files}):
            raise ConversionError(
                f"{folder} is an adapter of another model: {unknown[0]} is not in "
                f"{self._folder.name}",
                model=folder.name,
            )
        return scale, adapter

    def _tuned(self, name: str, tensor: Any) -> Any:
        """Add B·A of a LoRA to a matrix; Hu et al., 2021."""
        below = f"{_ADAPTER}{name.removesuffix('.weight')}.lora_"
        if self._lora is None or f"{below}A.weight" not in self._lora.files:
            return tensor
        first, second = (self._lora.raw(f"{below}{half}.weight").float() for half in "AB")
        return tensor + self._scale * (second @ first)
