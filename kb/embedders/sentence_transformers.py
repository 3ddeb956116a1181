"""Embed with PyTorch through sentence-transformers: m3e, BGE, on a GPU or a CPU."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from kb.embedders.base import Embedder, Vectors
from kb.errors import BackendUnavailableError, EmbeddingError, ModelFileError
from kb.models.table import EmbedderModel

_BATCH_ON_CPU = 8
_BATCH_ON_GPU = 64


class SentenceTransformerEmbedder(Embedder):
    """A sentence-transformers folder, loaded without a network; pooling is the folder's own.

    On the CPU a lock is held for a few texts at a time, so that a question is not kept waiting by
    an ingest.
    """

    def __init__(
        self, model: EmbedderModel, *, path: Path, threads: int, device: str | None = None
    ) -> None:
        super().__init__(model)
        if not path.is_dir():
            raise BackendUnavailableError(
                f"the embedder {model.name} is not in {path}",
                hint=f"kb models pull {model.name}",
                model=model.name,
            )
        self._device = device or _best_device()
        if self._device == "cpu":
            torch.set_num_threads(max(1, threads))
        try:
            self._transformer = SentenceTransformer(
                str(path), device=self._device, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, RuntimeError) as exc:
            raise ModelFileError(
                f"{path} cannot be loaded: {exc}", hint="kb models verify", model=model.name
            ) from exc
        limit = self._transformer.max_seq_length or model.max_tokens
        self._transformer.max_seq_length = min(limit, model.max_tokens)
        self._lock = threading.Lock()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        # By length: a batch is padded to its longest text.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        size = _BATCH_ON_CPU if self._device == "cpu" else _BATCH_ON_GPU
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            found = self._run([texts[i] for i in batch])
            vectors[batch] = self._of_right_shape(found, len(batch))
        return vectors

    def _run(self, texts: list[str]) -> Vectors:
        try:
            with self._lock:
                found = self._transformer.encode(
                    texts, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True
                )
        except (RuntimeError, ValueError) as exc:
            raise EmbeddingError(f"{self.model_id} failed on {len(texts)} texts: {exc}") from exc
        return np.asarray(found, dtype=np.float32)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
