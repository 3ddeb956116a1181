"""The float16 vectors in a FAISS file, read and written piece by piece.

FAISS itself writes an index that it holds in memory as a whole; here a file of any size costs the
memory of one piece. A test compares the files byte by byte.
"""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.float16]

# The file begins with four letters and the dimension (int32), then comes the number of vectors; at
# the end of what precedes the vectors stands their size in bytes (faiss/impl/index_write.cpp).
_COUNT_AT = 8
_NUMBER = struct.Struct("<q")


class CodeWriter:
    """Writes a file that `faiss.read_index` reads as an IndexScalarQuantizer of float16."""

    def __init__(self, path: Path, dim: int) -> None:
        import faiss

        empty = faiss.IndexScalarQuantizer(
            dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self.count = 0
        self._dim = dim
        self._head: Any = bytearray(faiss.serialize_index(empty).tobytes())
        self._file: IO[bytes] = path.open("wb")
        self._file.write(self._head)

    def write(self, codes: Codes) -> None:
        """Append vectors; shape (n, dim)."""
        self._file.write(np.ascontiguousarray(codes, dtype="<f2").tobytes())
        self.count += len(codes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                _NUMBER.pack_into(self._head, _COUNT_AT, self.count)
                size = self.count * self._dim * 2
                _NUMBER.pack_into(self._head, len(self._head) - _NUMBER.size, size)
                self._file.seek(0)
                self._file.write(self._head)
        finally:
            self._file.close()


def read_codes(path: Path, dim: int, count: int, positions: NDArray[np.int64]) -> Codes:
    """Copy some of the ``count`` vectors of a file.

    The file is mapped for this moment only, so that what was read does not stay in memory.
    """
    start = path.stat().st_size - count * dim * 2
    mapped = np.memmap(path, dtype="<f2", mode="r", offset=start, shape=(count, dim))
    codes: Codes = np.array(mapped[positions], dtype=np.float16)
    return codes
