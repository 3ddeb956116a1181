"""Choose a GGUF model's next token within a grammar, by llama.cpp's samplers."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import GenerationError
from kb.llms.base import Sampling

_LIKELIEST = 256
"""Tokens that are looked at first; nearly always one of them fits. To hold the whole vocabulary
against a choice among 200 options takes as long as to compute a token."""

_PENALISED = 64
"""Last tokens that the repetition penalty looks at, as everywhere in llama.cpp."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class GrammarChooser:
    """Holds the state of one answer within its grammar; `close` frees it."""

    def __init__(self, engine: Any, vocabulary: Any, grammar: str, sampling: Sampling) -> None:
        """Prepare an answer; ``engine`` is the module llama_cpp."""
        self._engine = engine
        self._rules: Any = engine.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if not self._rules:
            raise GenerationError("llama.cpp cannot read the grammar of the answer")
        self._chain = self._make_chain(engine.llama_vocab_n_tokens(vocabulary), sampling)

    def choose(self, logits: NDArray[np.float32]) -> int:
        """Return a token that the grammar allows next; the answer goes on with it."""
        for count in (_LIKELIEST, len(logits)):
            fitting = self._fitting(logits, min(count, len(logits)))
            if len(fitting):
                token = self._sample(fitting)
                self._engine.llama_sampler_accept(self._rules, token)
                self._engine.llama_sampler_accept(self._chain, token)
                return token
        raise GenerationError("no token of the model fits the grammar of the answer")

    def close(self) -> None:
        """Free the samplers."""
        self._engine.llama_sampler_free(self._rules)
        self._engine.llama_sampler_free(self._chain)

    def _fitting(self, logits: NDArray[np.float32], count: int) -> NDArray[np.void]:
        """Return those of the ``count`` likeliest tokens that the grammar allows."""
        candidates = np.zeros(count, _CANDIDATE)
        candidates["id"] = np.argpartition(logits, len(logits) - count)[-count:]
        candidates["logit"] = logits[candidates["id"]]
        self._engine.llama_sampler_apply(self._rules, ctypes.byref(self._array_of(candidates)))
        # The grammar's sampler leaves what it forbids in place, as impossible.
        fitting: NDArray[np.void] = candidates[np.isfinite(candidates["logit"])]
        return fitting

    def _sample(self, candidates: NDArray[np.void]) -> int:
        array = self._array_of(candidates)
        self._engine.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _array_of(self, candidates: NDArray[np.void]) -> Any:
        data = candidates.ctypes.data_as(ctypes.POINTER(self._engine.llama_token_data))
        return self._engine.llama_token_data_array(data, len(candidates), -1, False)

    def _make_chain(self, size: int, sampling: Sampling) -> Any:
        """Chain the samplers in the order that `Llama.generate` has."""
        engine = self._engine
        chain = engine.llama_sampler_chain_init(engine.llama_sampler_chain_default_params())
        penalty = sampling.repetition_penalty
        parts = [engine.llama_sampler_init_penalties(size, _PENALISED, penalty, 0.0, 0.0)]
        if sampling.temperature == 0.0:
            parts.append(engine.llama_sampler_init_greedy())
        else:
            seed = engine.LLAMA_DEFAULT_SEED if sampling.seed is None else sampling.seed
            parts += [
                engine.llama_sampler_init_top_k(sampling.top_k),
                engine.llama_sampler_init_top_p(sampling.top_p, 1),
                engine.llama_sampler_init_temp(sampling.temperature),
                engine.llama_sampler_init_dist(seed),
            ]
        for part in parts:
            engine.llama_sampler_chain_add(chain, part)
        return chain
