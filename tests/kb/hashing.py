"""An embedder that needs no model: hashed character pairs, so that like texts get like vectors."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kb.embedders.base import Embedder, Vectors
from kb.models.table import EmbedderModel
from kb.text.normalise import compact


class HashingEmbedder(Embedder):
    """Counts hashed character pairs into ``dim`` buckets."""

    def __init__(self, model: EmbedderModel) -> None:
        super().__init__(replace(model, query_prefix="", passage_prefix="", gate=None))
        self.texts_embedded = 0

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.texts_embedded += len(texts)
        matrix = np.full((len(texts), self.dim), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            letters = compact(text)
            for start in range(max(1, len(letters) - 1)):
                pair = letters[start : start + 2].encode()
                matrix[row, zlib.crc32(pair) % self.dim] += 1
        return matrix


def open_hashing(model: EmbedderModel, *, folder: Path, threads: int) -> HashingEmbedder:
    """Open a hashing embedder in the place of any model of the table."""
    return HashingEmbedder(model)
