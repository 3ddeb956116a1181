"""What every embedder promises: unit vectors of a fixed dimension for queries and passages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kb.errors import EmbeddingError
from kb.models.table import EmbedderModel

Vectors = NDArray[np.float32]


class Embedder(ABC):
    """Turns texts into unit vectors; safe to call from several threads.

    A backend implements `_encode`; the prefixes that a model was trained with are applied here,
    never by the caller.
    """

    is_remote: ClassVar[bool] = False
    """Whether another machine computes, so that embedding is mostly waiting."""

    def __init__(self, model: EmbedderModel) -> None:
        self.model = model

    @property
    def model_id(self) -> str:
        """The model's name in the model table."""
        return self.model.name

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return self.model.dim

    @abstractmethod
    def _encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts that already carry their prefix; shape (len(texts), dim), any norm."""

    def close(self) -> None:
        """Free what the backend holds; the default holds nothing."""
        return

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions; shape (n, dim), float32, rows of norm 1, in the order given."""
        return self._embed([self.model.query_prefix + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, dim), float32, rows of norm 1, in the order given."""
        return self._embed([self.model.passage_prefix + text for text in texts])

    def _of_right_shape(self, vectors: Vectors, count: int) -> Vectors:
        """Return vectors of a batch, or of all texts, if there are ``count`` of ``dim`` numbers.

        Raises:
            EmbeddingError: the model gives others than its record says.
        """
        if vectors.shape != (count, self.dim):
            raise EmbeddingError(
                f"{self.model_id} gave vectors of shape {vectors.shape} for {count} texts, "
                f"its record says {self.dim} numbers"
            )
        return vectors

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        vectors = self._of_right_shape(
            np.asarray(self._encode(texts), dtype=np.float32), len(texts)
        )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or (norms == 0).any():
            raise EmbeddingError(f"{self.model_id} returned a vector without direction")
        unit: Vectors = vectors / norms
        return unit
