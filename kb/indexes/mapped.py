"""A snapshot's vectors, searched where they lie on the disk, a piece at a time if they are many.

What is read of a mapped file counts as the process's memory until the system needs it elsewhere. So
each piece of a long one is given back as soon as it was searched; the system keeps it cached.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Up to this size a file stays in memory, which saves the third that reading it anew costs.
_WHOLE_BYTES = 64 << 20
_PIECE_BYTES = 32 << 20


def load_faiss() -> Any:
    """Give the package, which takes a while to import; its own stubs know less than it does."""
    import faiss

    return faiss


class MappedVectors:
    """Searches the float16 vectors of an ``IndexScalarQuantizer`` that FAISS has mapped.

    Raises:
        OSError: the file cannot be mapped once more.
    """

    def __init__(self, path: Path, index: Any) -> None:
        self._index = index
        self._row = int(index.code_size)
        self._count = int(index.ntotal)
        # Bitmaps are cut with the pieces, so that these hold a multiple of eight vectors.
        self._rows = max(8, _PIECE_BYTES // self._row // 8 * 8)
        with path.open("rb") as file:
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._start = len(self._mapped) - self._count * self._row
        self._is_long = self._count * self._row > _WHOLE_BYTES

    def rows(self, positions: NDArray[np.int64]) -> Floats:
        """Copy the vectors at these positions, (n, dim)."""
        codes = np.frombuffer(self._mapped, "<f2", offset=self._start)
        found: Floats = codes.reshape(self._count, -1)[positions].astype(np.float32)
        return found

    def search(
        self, question: Floats, top_k: int, alive: Bits | None, first: int = 0
    ) -> list[tuple[float, int]]:
        """Give inner products and positions of the nearest vectors, the best ``top_k`` among them.

        Args:
            question: shape (1, dim).
            alive: a bit for each vector, the least significant first; None stands for all.
            first: no vector before this position is alive.
        """
        if first < 8 and not self._is_long:
            return _found(self._index, question, top_k, alive)
        found: list[tuple[float, int]] = []
        for begin in range(first // 8 * 8, self._count, self._rows):
            count = min(self._rows, self._count - begin)
            bits = None if alive is None else alive[begin // 8 : (begin + count + 7) // 8]
            piece, start = self._piece(begin, count)
            found += [
                (score, begin + position)
                for score, position in _found(piece, question, top_k, bits)
            ]
            if self._is_long and hasattr(mmap, "MADV_DONTNEED"):
                page = start // mmap.PAGESIZE * mmap.PAGESIZE
                self._mapped.madvise(mmap.MADV_DONTNEED, page, start + count * self._row - page)
        return found

    def _piece(self, first: int, count: int) -> tuple[Any, int]:
        """An index over a part of the file, which copies nothing, and where that part begins."""
        faiss = load_faiss()
        start = self._start + first * self._row
        codes = np.frombuffer(self._mapped, np.uint8, count * self._row, start)
        piece = faiss.IndexScalarQuantizer(
            self._index.d, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        piece.codes = faiss.MaybeOwnedVectorUInt8.create_view(
            faiss.swig_ptr(codes), len(codes), self._index.codes.owner
        )
        piece.ntotal = count
        return piece, start


def _found(index: Any, question: Floats, top_k: int, alive: Bits | None) -> list[tuple[float, int]]:
    params = None
    if alive is not None:
        faiss = load_faiss()
        params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(alive))
    scores, positions = index.search(question, min(top_k, int(index.ntotal)), params=params)
    return [
        (float(score), int(position))
        for score, position in zip(scores[0], positions[0], strict=True)
        if position >= 0
    ]
