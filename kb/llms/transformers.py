"""A chat model in a Hugging Face folder, run by transformers on a GPU or a CPU."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from kb.errors import BackendUnavailableError, GenerationError
from kb.llms.base import (
    ChatMessage,
    FirstToken,
    Sampling,
    TokenPromptModel,
    Usage,
    refuse_options,
)
from kb.llms.pieces import PieceReader, TokenReader, without_control_tokens
from kb.models.machine import memory
from kb.models.table import LoadOptions

_PROMPT_STEP = 128
"""Prompt tokens computed between two chances to stop. What is known of a prompt is used in whole
steps: were it cut anywhere, the same prompt would be computed with other roundings."""

_HALF_BYTES = ("float16", "bfloat16")


class TransformersModel(TokenPromptModel):
    """Runs a folder of safetensors, LoRA included, and keeps the last prompt for the next one.

    Code that comes with a folder is run only where `LoadOptions.trust_code` allows it.
    """

    def __init__(
        self, path: Path, *, context_length: int, threads: int, options: LoadOptions
    ) -> None:
        refuse_options("transformers", options, known=("lora", "dtype", "quantize", "trust_code"))
        # A model that is here must never make the machine look for a newer one.
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
        try:
            self._torch: Any = importlib.import_module("torch")
            self._transformers: Any = importlib.import_module("transformers")
        except (ImportError, OSError) as exc:
            raise BackendUnavailableError(f"transformers cannot be used: {exc}") from exc
        _refuse_code(path, self._transformers, trusted=options.trust_code)
        self._torch.set_num_threads(threads)
        try:
            self._tokenizer: Any = self._transformers.AutoTokenizer.from_pretrained(
                path, trust_remote_code=options.trust_code
            )
            self._model: Any = self._load(path, options)
        except Exception as exc:  # a folder can be wrong in many ways, each with its own class
            problem = str(exc).strip().splitlines() or [type(exc).__name__]
            raise BackendUnavailableError(
                f"{path.name} cannot be loaded: {problem[0]}", hint="kb models verify"
            ) from exc
        if not self._tokenizer.chat_template:
            raise BackendUnavailableError(f"{path.name} has no chat template, it is no chat model")
        self._ends = _ends(self._model, self._tokenizer)
        self._known: list[int] = []
        self._cache: Any = None
        config = self._model.config
        longest: int = next(
            (
                getattr(config, name)
                for name in ("max_position_embeddings", "seq_length")
                if getattr(config, name, None)
            ),
            context_length,
        )
        super().__init__(min(context_length, longest))

    def close(self) -> None:
        self._model = self._cache = None

    def _load(self, path: Path, options: LoadOptions) -> Any:
        on_gpu = self._torch.cuda.is_available()
        settings: dict[str, Any] = {"dtype": self._dtype(path, options, on_gpu=on_gpu)}
        if options.quantize:
            make = self._transformers.BitsAndBytesConfig
            settings["quantization_config"] = (
                make(load_in_8bit=True)
                if options.quantize == "int8"
                else make(
                    load_in_4bit=True,
                    bnb_4bit_quant_type="nf4",
                    bnb_4bit_compute_dtype=settings["dtype"],
                )
            )
        # Over all cards, and what they cannot hold in memory.
        settings["device_map"] = "auto" if on_gpu else "cpu"
        model = self._transformers.AutoModelForCausalLM.from_pretrained(
            path, trust_remote_code=options.trust_code, **settings
        )
        if options.lora:
            peft: Any = importlib.import_module("peft")
            model = peft.PeftModel.from_pretrained(model, options.lora)
            if not options.quantize:
                model = model.merge_and_unload()
        return model.eval()

    def _dtype(self, path: Path, options: LoadOptions, *, on_gpu: bool) -> Any:
        said = _json(path / "config.json")
        stored = str(said.get("dtype") or said.get("torch_dtype") or "float32")
        chosen: str
        if options.dtype != "auto":
            chosen = options.dtype
        elif on_gpu:
            # Older cards have no bfloat16.
            no_bfloat = stored == "bfloat16" and not self._torch.cuda.is_bf16_supported()
            chosen = "float16" if no_bfloat else stored
        elif options.quantize:
            chosen = "bfloat16"
        else:
            # Most processors compute in single precision several times faster, if it fits.
            size = sum(file.stat().st_size for file in path.glob("*.safetensors"))
            doubled = 2 * size if stored in _HALF_BYTES else size
            chosen = "float32" if 2 * doubled < memory() else stored
        return getattr(self._torch, chosen)

    def _answer(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[str]:
        reader = PieceReader(sampling.stop)
        text = TokenReader(lambda part: self._tokenizer.decode(part, skip_special_tokens=True))
        choose = self._chooser(sampling)
        try:
            evaluated, logits = yield from self._read(tokens)
            written: list[int] = []
            ended = False
            while len(written) < budget:
                token = choose([*tokens, *written], logits)
                if token in self._ends:
                    ended = True
                    break
                written.append(token)
                yield reader.feed(text.feed(token).encode())
                if reader.stopped:
                    break
                if len(written) < budget:
                    logits = self._step([token])
        except RuntimeError as exc:
            self._known, self._cache = [], None
            raise GenerationError(f"transformers failed: {exc}") from exc
        if not reader.stopped:
            yield reader.feed(text.finish().encode())
        yield reader.finish()
        finished = ended or reader.stopped
        self._usage = Usage(len(tokens), evaluated, len(written), "stop" if finished else "length")

    def _first_token(self, tokens: list[int], count: int) -> Iterator[str | FirstToken]:
        try:
            evaluated, logits = yield from self._read(tokens)
        except RuntimeError as exc:
            self._known, self._cache = [], None
            raise GenerationError(f"transformers failed: {exc}") from exc
        chances = self._torch.log_softmax(logits.double(), dim=-1)
        best = self._torch.topk(chances, min(count, chances.shape[-1]))
        yield FirstToken.of(
            (self._tokenizer.decode([token], skip_special_tokens=True), chance)
            for token, chance in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )
        self._usage = Usage(len(tokens), evaluated, 1, "length")

    def _read(self, tokens: list[int]) -> Generator[str, None, tuple[int, Any]]:
        """Compute a prompt in steps; return how many tokens were not known, and the last logits."""
        shared = self._keep_prefix(tokens)
        logits = None
        for start in range(shared, len(tokens), _PROMPT_STEP):
            part = tokens[start : start + _PROMPT_STEP]
            logits = self._step(part)
            self._known += part
            yield ""
        return len(tokens) - shared, logits

    def _keep_prefix(self, tokens: list[int]) -> int:
        """Drop the state behind what this prompt shares with the former one; return that length.

        The last token is always computed again: the choice of the next one needs its logits.
        """
        most = min(len(self._known), len(tokens) - 1)
        same = next((at for at in range(most) if self._known[at] != tokens[at]), most)
        shared = same // _PROMPT_STEP * _PROMPT_STEP
        if shared and self._cache.is_croppable:
            self._cache.crop(shared - self._cache.get_seq_length())
        else:
            shared, self._cache = 0, self._transformers.DynamicCache(config=self._model.config)
        self._known = self._known[:shared]
        return shared

    def _step(self, tokens: list[int]) -> Any:
        """Compute more tokens and return the logits after the last: one number a token."""
        ids = self._torch.tensor([tokens], device=self._model.device)
        with self._torch.inference_mode():
            done = self._model(
                input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1
            )
        return done.logits[0, -1].float()

    def _chooser(self, sampling: Sampling) -> Any:
        """Return how the next token is chosen of all tokens so far and the logits."""
        torch, library = self._torch, self._transformers
        steps = library.LogitsProcessorList()
        if sampling.repetition_penalty != 1.0:
            steps.append(library.RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
        random = None
        if sampling.temperature > 0:
            steps.append(library.TemperatureLogitsWarper(sampling.temperature))
            if sampling.top_k:
                steps.append(library.TopKLogitsWarper(sampling.top_k))
            if sampling.top_p < 1:
                steps.append(library.TopPLogitsWarper(sampling.top_p))
            random = torch.Generator(device="cpu")
            if sampling.seed is None:
                random.seed()
            else:
                random.manual_seed(sampling.seed)

        def choose(tokens: list[int], logits: Any) -> int:
            ids = torch.tensor([tokens], device=logits.device)
            scores = steps(ids, logits[None])[0]
            if random is None:
                return int(scores.argmax())
            chances = torch.softmax(scores, dim=-1).cpu()
            return int(torch.multinomial(chances, 1, generator=random))

        return choose

    def _prompt_tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        try:
            prompt = self._tokenizer.apply_chat_template(
                without_control_tokens(messages),
                add_generation_prompt=True,
                tokenize=False,
                # Models that can think aloud first are asked for the answer alone.
                enable_thinking=False,
            )
        except (TemplateError, ValueError) as exc:
            raise GenerationError(f"the model's chat template refuses the messages: {exc}") from exc
        tokens: list[int] = self._tokenizer.encode(prompt, add_special_tokens=False)
        return tokens


def _refuse_code(path: Path, library: Any, *, trusted: bool) -> None:
    """Stop before code of the folder would be run that nobody has allowed."""
    config = _json(path / "config.json")
    if config.get("model_type") == "chatglm" and not trusted:
        raise BackendUnavailableError(
            f"{path.name} is in the form of the first ChatGLMs, which chatglm-cpp runs once it is "
            "converted: kb models convert NAME",
            hint="kb models convert NAME",
        )
    is_native = config.get("model_type") in library.CONFIG_MAPPING
    if not trusted and not is_native and config.get("auto_map"):
        raise BackendUnavailableError(
            f"{path.name} brings program code of its own, which is not run unless you allow it for "
            "this folder: kb models pull NAME --path FOLDER --trust-code",
            hint=f"kb models pull NAME --path {path} --trust-code",
        )


def _ends(model: Any, tokenizer: Any) -> set[int]:
    found: set[Any] = set()
    for one in (
        getattr(model.generation_config, "eos_token_id", None),
        getattr(model.config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        found.update(one if isinstance(one, list) else [one])
    return {token for token in found if token is not None}


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as exc:
        raise BackendUnavailableError(
            f"{path} cannot be read: {exc}", hint="kb models verify"
        ) from exc
