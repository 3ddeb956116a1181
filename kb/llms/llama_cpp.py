"""A GGUF chat model run by llama-cpp-python."""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from kb.errors import BackendUnavailableError, GenerationError
from kb.llms.base import (
    ChatMessage,
    FirstToken,
    Sampling,
    TokenPromptModel,
    Usage,
    refuse_options,
)
from kb.llms.chooser import GrammarChooser
from kb.llms.pieces import PieceReader, without_control_tokens
from kb.models.table import LoadOptions

_PROMPT_STEP = 128
"""Prompt tokens computed between two chances to stop; larger steps are no faster on a CPU."""

_BLOCK = 8
"""What is known of a prompt is used in whole blocks, and at least one is computed again.

The engine computes few tokens by other kernels than many, with other roundings: were the known
beginning cut anywhere, the same prompt would not always give the same answer.
"""

_LONGEST_TOKEN = 1024
"""Bytes; the longest tokens of real vocabularies are runs of some hundred spaces."""


class LlamaCppModel(TokenPromptModel):
    """Runs a GGUF file in this process and keeps the last prompt's state for the next one."""

    def __init__(
        self, path: Path, *, context_length: int, threads: int, options: LoadOptions
    ) -> None:
        refuse_options("llama.cpp", options, known=("lora", "gpu_layers"))
        try:
            import llama_cpp
            from llama_cpp.llama_chat_format import Jinja2ChatFormatter
        except (ImportError, OSError, RuntimeError) as exc:
            raise BackendUnavailableError(f"llama-cpp-python cannot be used: {exc}") from exc
        self._engine: Any = llama_cpp
        try:
            self._llama: Any = llama_cpp.Llama(
                str(path),
                n_ctx=context_length,
                n_batch=_PROMPT_STEP,
                n_ubatch=_PROMPT_STEP,
                n_threads=threads,
                # Left alone it takes every processor, more than were granted.
                n_threads_batch=threads,
                n_gpu_layers=options.gpu_layers,
                lora_path=options.lora or None,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError) as exc:
            raise BackendUnavailableError(
                f"{path.name} cannot be loaded: {exc}", hint="kb models verify"
            ) from exc
        template = self._llama.metadata.get("tokenizer.chat_template")
        if not template:
            raise BackendUnavailableError(f"{path.name} has no chat template, it is no chat model")
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        self._template: Any = Jinja2ChatFormatter(
            template=template,
            eos_token=self._special_text(self._llama.token_eos()),
            bos_token=self._special_text(self._llama.token_bos()),
        )
        # Of what the engine holds, the rest is an answer, which was computed token by token.
        self._prompt_length = 0
        super().__init__(min(context_length, int(self._llama.n_ctx())))

    def close(self) -> None:
        self._llama.close()

    def _answer(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[str]:
        reader = PieceReader(sampling.stop)
        return self._write(tokens, budget, reader, self._choose(tokens, sampling))

    def _answer_within(
        self, grammar: str, tokens: list[int], budget: int, sampling: Sampling
    ) -> Iterator[str]:
        return self._write(tokens, budget, PieceReader(), self._choose_within(grammar, sampling))

    def _first_token(self, tokens: list[int], count: int) -> Iterator[str | FirstToken]:
        with self._trusted():
            evaluated = yield from self._read(tokens)
        # In double precision: a sum of 150,000 small numbers.
        logits = self._logits().astype(np.float64)
        likeliest = np.argsort(logits)[: -count - 1 : -1]
        total = logits.max() + np.log(np.exp(logits - logits.max()).sum())
        yield FirstToken.of(
            (self._bytes_of(token).decode(errors="backslashreplace"), float(logits[token] - total))
            for token in likeliest.tolist()
        )
        self._usage = Usage(len(tokens), evaluated, 1, "length")

    def _write(
        self, tokens: list[int], budget: int, reader: PieceReader, chosen: Iterator[int]
    ) -> Iterator[str]:
        """Read the prompt, then the tokens that are chosen for the answer, as long as it may be."""
        with self._trusted():
            evaluated = yield from self._read(tokens)
            produced = 0
            for token in chosen:
                if self._engine.llama_vocab_is_eog(self._vocabulary, token):
                    break
                produced += 1
                if piece := reader.feed(self._bytes_of(token)):
                    yield piece
                if reader.stopped or produced == budget:
                    break
            cut = produced == budget and not reader.stopped
            if tail := reader.finish():
                yield tail
        self._usage = Usage(len(tokens), evaluated, produced, "length" if cut else "stop")

    def _read(self, tokens: list[int]) -> Generator[str, None, int]:
        """Compute a prompt, with an empty piece after each step; return how much was not known."""
        shared = start = self._keep_prefix(tokens)
        self._prompt_length = len(tokens)
        while start < len(tokens):
            end = min(len(tokens), (start // _PROMPT_STEP + 1) * _PROMPT_STEP)
            self._llama.eval(tokens[start:end])
            start = end
            yield ""
        return len(tokens) - shared

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as exc:
            # What the engine holds is unknown now: the next prompt starts from nothing.
            self._llama.reset()
            raise GenerationError(f"llama.cpp failed: {exc}") from exc

    def _choose(self, tokens: list[int], sampling: Sampling) -> Iterator[int]:
        """Yield the answer's tokens; the prompt is already read, down to its last logits."""
        random_seed = self._engine.LLAMA_DEFAULT_SEED
        self._llama.set_seed(random_seed if sampling.seed is None else sampling.seed)
        chosen: Iterator[int] = self._llama.generate(
            tokens,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=0.0,
            temp=sampling.temperature,
            repeat_penalty=sampling.repetition_penalty,
        )
        return chosen

    def _choose_within(self, grammar: str, sampling: Sampling) -> Iterator[int]:
        """Yield an answer's tokens within a grammar; the prompt is already read."""
        chooser = GrammarChooser(self._engine, self._vocabulary, grammar, sampling)
        try:
            while True:
                token = chooser.choose(self._logits())
                yield token
                self._llama.eval([token])
        finally:
            chooser.close()

    def _logits(self) -> NDArray[np.float32]:
        """Return what the model makes of the next token; a view that the next step overwrites."""
        found = self._engine.llama_get_logits_ith(self._llama.ctx, -1)
        return np.ctypeslib.as_array(found, shape=(self._llama.n_vocab(),))

    def _keep_prefix(self, tokens: list[int]) -> int:
        """Drop the state behind what this prompt shares with the former one; return that length.

        Its end is always computed again: the choice of the next token needs its logits.
        """
        former = list(self._llama.eval_tokens)[: self._prompt_length]
        shared: int = self._llama.longest_token_prefix(former, tokens)
        shared = max(0, min(shared, len(tokens) - _BLOCK)) // _BLOCK * _BLOCK
        model = self._llama.model
        if self._engine.llama_model_is_recurrent(model) or self._engine.llama_model_is_hybrid(
            model
        ):
            # The state of such models cannot be cut back to an earlier token.
            shared = 0
        if shared == 0:
            self._llama.reset()
        self._llama.n_tokens = shared
        return shared

    def _prompt_tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        try:
            prompt = self._template(messages=without_control_tokens(messages)).prompt
        except (TemplateError, ValueError) as exc:
            raise GenerationError(f"the model's chat template refuses the messages: {exc}") from exc
        # Templates write the begin-of-text token themselves where the model wants one.
        data = prompt.encode(errors="ignore")
        tokens: list[int] = self._llama.tokenize(data, add_bos=False, special=True)
        return tokens

    def _bytes_of(self, token: int, *, special: bool = False) -> bytes:
        # `Llama.detokenize` turns tokens of more than 32 bytes into nothing.
        buffer = ctypes.create_string_buffer(_LONGEST_TOKEN)
        size = self._engine.llama_token_to_piece(
            self._vocabulary, token, buffer, _LONGEST_TOKEN, 0, special
        )
        return bytes(buffer.raw[: max(size, 0)])

    def _special_text(self, token: int) -> str:
        return self._bytes_of(token, special=True).decode(errors="ignore") if token >= 0 else ""
