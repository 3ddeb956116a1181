"""A packed model like the real one, only tiny: random weights, few pieces, a short map."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.models.packed import BLOCK, Sizes

SIZES = Sizes(
    hidden=64, layers=2, heads=2, feed_forward=128, vocabulary=40, positions=16, epsilon=1e-12
)
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "合同",
    "合",
    "同",
    "赔偿",
    "▁query",
    ":",
    "1",
    "2",
    "a",
]
SCORES = [0.0, 0.0, 0.0, 0.0, -2.0, -3.0, -5.0, -5.0, -3.5, -4.0, -4.0, -5.0, -5.0, -5.0]
NORMALISATION = {"\t": " ", "１": "1", "２": "2", "ａ": "a", "㈠": "(一)", "\x01": ""}


@dataclass(frozen=True, slots=True)
class TinyPacked:
    """The file and the weights that were put into it."""

    path: Path
    tensors: dict[str, NDArray[np.float32]]


def write_packed(path: Path, *, seed: int = 0) -> TinyPacked:
    """Write the file in the layout of the real one."""
    rng = np.random.default_rng(seed)
    hidden, wide = SIZES.hidden, SIZES.feed_forward
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (SIZES.vocabulary, hidden),
        "emb.pos": (SIZES.positions * hidden,),
        "emb.type": (hidden,),
        "emb.ln.w": (hidden,),
        "emb.ln.b": (hidden,),
    }
    for layer in range(SIZES.layers):
        for name, rows, columns in (
            *((part, hidden, hidden) for part in ("q", "k", "v", "ao")),
            ("fi", wide, hidden),
            ("fo", hidden, wide),
        ):
            shapes[f"l{layer}.{name}.w"] = (rows, columns)
            shapes[f"l{layer}.{name}.b"] = (rows,)
        for norm in ("aln", "oln"):
            shapes[f"l{layer}.{norm}.w"] = shapes[f"l{layer}.{norm}.b"] = (hidden,)
    tensors: dict[str, NDArray[np.float32]] = {}
    blobs: dict[str, bytes] = {}
    for name, shape in shapes.items():
        values = rng.normal(size=shape).astype(np.float32) * 0.2
        if name.endswith("ln.w"):
            values += 1
        if len(shape) == 2:
            blobs[name], values = _quantised(values)
        else:
            blobs[name] = values.tobytes()
        tensors[name] = values
    path.write_bytes(_header() + _tokenizer() + _directory(blobs))
    return TinyPacked(path, tensors)


def _quantised(values: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    blocks = values.reshape(values.shape[0], -1, BLOCK)
    scales = (np.abs(blocks).max(axis=2) / 7).astype(np.float16)
    codes = np.clip(np.rint(blocks / scales[:, :, None].astype(np.float32)) + 8, 0, 15)
    codes = codes.astype(np.uint8)
    halves = codes[:, :, :16] | (codes[:, :, 16:] << 4)
    packed = np.concatenate([scales[:, :, None].view(np.uint8), halves], axis=2)
    dense = (codes.astype(np.float32) - 8) * scales[:, :, None].astype(np.float32)
    return packed.tobytes(), dense.reshape(values.shape)


def _header() -> bytes:
    sizes = (SIZES.hidden, SIZES.layers, SIZES.heads, SIZES.feed_forward)
    rest = (SIZES.vocabulary, SIZES.positions, 1)
    return struct.pack("<4sI7ifi", b"E5S1", 1, *sizes, *rest, SIZES.epsilon, BLOCK)


def _tokenizer() -> bytes:
    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0] + [len(text) for text in texts])
    blob = b"".join(texts)
    out = struct.pack("<5iQ", len(texts), 0, 2, 1, 3, len(blob))
    out += ends.astype("<u4").tobytes() + np.array(SCORES, "<f4").tobytes() + blob
    entries = b"".join(
        struct.pack(f"<IB{len(target)}I", ord(source), len(target), *map(ord, target))
        for source, target in sorted(NORMALISATION.items())
    )
    return out + struct.pack("<iI", len(NORMALISATION), len(entries)) + entries


def _directory(blobs: dict[str, bytes]) -> bytes:
    before = len(_header()) + len(_tokenizer())
    start = before + 4 + sum(2 + len(name) + 21 for name in blobs)
    directory = struct.pack("<i", len(blobs))
    for name, blob in blobs.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, len(blob), start, len(blob))
        start += len(blob)
    return directory + b"".join(blobs.values())
