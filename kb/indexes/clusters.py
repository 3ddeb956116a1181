"""A clustered, quantised copy of a snapshot's vectors: it names the few that are worth comparing.

Vectors are coded in 4 bits for each pair of numbers, relative to the centre of their cluster, and
compared in the processor's registers (product quantisation with fast scan: André et al., "Cache
locality is not enough", VLDB 2015; FAISS `IndexIVFPQFastScan`). The code is an eighth of a float16
vector and stays in memory. What it names is compared exactly by whoever asks, so that scores are
those of the vectors themselves.

Like the snapshot it is a cache, with files of its own that one manifest makes valid.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kb.errors import CancelledError, IndexDamagedError, VectorIndexError
from kb.indexes.mapped import Bits, Floats, load_faiss
from kb.indexes.snapshot import (
    damaged,
    file_sha256,
    read_fields,
    sweep_files,
    sync_file,
    write_fields,
)

logger = logging.getLogger(__name__)

Ids = NDArray[np.int64]
Rows = Callable[[NDArray[np.int64]], Floats]
"""Gives vectors (n, dim) for positions (n,) in a snapshot."""

VERSION = 1
_NAME = "clusters"
# Lists for each square root of the number of vectors. Reading half of them all costs less than the
# rest of a search; on 150,000 real passages 256 lists and half of them name 0.995 of the ten
# nearest, a quarter of them 0.99.
_LISTS = 0.66
_PROBED = 2
# Named for each one wanted, and at least: what the codes rank wrongly is among them.
_NAMED = 2
_LEAST_NAMED = 400
# Where only some may be found, these times as many: of vectors that are all far from the question
# the codes tell less which is the nearest.
_MORE_NAMED = 2
# Vectors that training looks at, for each list and at most (100 MB of them).
_SAMPLE = 64
_MOST_SAMPLED = 65_536
_ROUNDS = 10
_BATCH = 8_192
_SEED = 20_240_601
# Found among those named: the ten nearest of this many questions between two passages.
_TRIED = 64
_NEAREST = 10
_LEAST_RECALL = 0.98


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What the files of a folder are; ``trained`` is how many vectors the centres were made for."""

    version: int
    dim: int
    embedder: str
    generation: int
    count: int
    trained: int
    recall: float
    codes_sha256: str
    ids_sha256: str
    codes_size: int
    ids_size: int


class Clusters:
    """The quantised copy; made by `build` or `open`. Searching is safe from any thread."""

    def __init__(self, folder: Path, manifest: _Manifest, index: Any, ids: Ids) -> None:
        self._folder = folder
        self._manifest = manifest
        self._index = index
        self.ids = ids
        """The passages it knows, ascending; (count,)."""

    @property
    def recall(self) -> float:
        """Share of the ten nearest that it named of those that were compared when it was made."""
        return self._manifest.recall

    @classmethod
    def open(cls, folder: Path, *, dim: int, embedder: str) -> Self | None:
        """Open what the folder holds; None where there is none, or of another embedder or version.

        Raises:
            IndexDamagedError: it is truncated or damaged.
        """
        if not (folder / f"{_NAME}.json").exists():
            return None
        faiss = load_faiss()
        try:
            manifest = read_fields(folder, _NAME, _Manifest)
            if (manifest.version, manifest.dim, manifest.embedder) != (VERSION, dim, embedder):
                return None
            codes_path, ids_path = _files(folder, manifest.generation)
            sizes = (codes_path.stat().st_size, ids_path.stat().st_size)
            if sizes != (manifest.codes_size, manifest.ids_size):
                raise damaged(folder, f"{codes_path.name} is shorter or longer than it was written")
            index = faiss.read_index(str(codes_path))
            ids = np.load(ids_path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, RuntimeError, EOFError) as exc:
            raise damaged(folder, str(exc)) from exc
        if (index.ntotal, index.d, ids.shape) != (manifest.count, dim, (manifest.count,)):
            raise damaged(folder, "the clusters are not what their manifest says")
        sweep_files(folder, _NAME, manifest.generation)
        return cls(folder, manifest, index, ids)

    @classmethod
    def build(
        cls,
        folder: Path,
        ids: Ids,
        rows: Rows,
        *,
        dim: int,
        embedder: str,
        former: Clusters | None,
        stopped: Callable[[], bool],
    ) -> Self | None:
        """Make it of the vectors of ``ids`` and write it; None if it would name too few of them.

        Memory holds the codes, a batch of vectors, and while it is trained a sample of them.

        Args:
            ids: of passages, ascending; (n,).
            rows: gives the vectors by their places in ``ids``.
            former: its centres serve again until there are twice as many vectors.
            stopped: asked in between.

        Raises:
            CancelledError: it was stopped; the folder is as it was.
            VectorIndexError: the files cannot be written.
        """
        faiss = load_faiss()
        # Of this thread alone: it is in no hurry, and questions need the other cores.
        faiss.omp_set_num_threads(1)
        random = np.random.default_rng(_SEED)
        if former is not None and len(ids) < 2 * former._manifest.trained:
            index, trained = faiss.clone_index(former._index), former._manifest.trained
            index.reset()
        else:
            index, trained = _trained(dim, rows, len(ids), random), len(ids)
        for start in range(0, len(ids), _BATCH):
            if stopped():
                raise CancelledError("the clusters of a vector index are made another time")
            index.add(rows(np.arange(start, min(start + _BATCH, len(ids)))))
        recall = _recall(index, rows, len(ids), random, stopped)
        if recall < _LEAST_RECALL:
            # Vectors that keep no company, say of an embedder of another kind: compare them all.
            logger.warning("clusters of %s would find %.3f and are left out", folder, recall)
            return None
        generation = former._manifest.generation + 1 if former is not None else _next(folder)
        manifest = _write(
            folder,
            index,
            ids,
            _Manifest(VERSION, dim, embedder, generation, len(ids), trained, recall, "", "", 0, 0),
        )
        logger.info("%s: %d vectors in clusters, recall %.3f", folder, len(ids), recall)
        return cls(folder, manifest, index, ids)

    def candidates(
        self, question: Floats, top_k: int, alive: Bits | None, *, thorough: bool = False
    ) -> Ids:
        """Name the passages among which the ``top_k`` nearest are, in no order.

        Args:
            question: shape (1, dim), of length 1.
            alive: a bit for each of ``ids``, the least significant first; None stands for all.
            thorough: look into every cluster and name more: those that live may all be in distant
                ones.
        """
        named = _named(self._index, question, top_k, alive, thorough=thorough)
        found: Ids = self.ids[named[0]]
        return found

    def verify(self) -> None:
        """Read the files once.

        Raises:
            IndexDamagedError: bytes are missing or changed.
        """
        manifest = self._manifest
        wanted = (manifest.codes_sha256, manifest.ids_sha256)
        for path, sha256 in zip(_files(self._folder, manifest.generation), wanted, strict=True):
            try:
                actual = file_sha256(path)
            except OSError as exc:
                raise damaged(self._folder, str(exc)) from exc
            if actual != sha256:
                raise damaged(self._folder, f"{path.name} has changed")


def discard_clusters(folder: Path) -> None:
    """Make the folder hold no clusters."""
    (folder / f"{_NAME}.json").unlink(missing_ok=True)
    sweep_files(folder, _NAME, None)


def _files(folder: Path, generation: int) -> tuple[Path, Path]:
    return folder / f"{_NAME}-{generation}.faiss", folder / f"{_NAME}-{generation}.npy"


def _next(folder: Path) -> int:
    try:
        return read_fields(folder, _NAME, _Manifest).generation + 1
    except IndexDamagedError:
        return 1


def _trained(dim: int, rows: Rows, count: int, random: np.random.Generator) -> Any:
    """An empty index with the centres of clusters and codes."""
    faiss = load_faiss()
    # Each list and each code is made of at least as many vectors as it has values.
    lists = min(max(1, count // 16), 2 ** round(math.log2(_LISTS * math.sqrt(count))))
    centres = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFPQFastScan(centres, dim, lists, dim // 2, 4, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = True
    index.cp.spherical = True
    index.cp.niter = _ROUNDS
    index.cp.seed = _SEED
    # Its own warning that a list has few vectors would be printed.
    index.cp.min_points_per_centroid = 1
    index.pq.cp.min_points_per_centroid = 1
    sample = min(count, _SAMPLE * lists, _MOST_SAMPLED)
    index.train(rows(np.sort(random.choice(count, sample, replace=False))))
    # The index owns nothing that Python would free before it.
    centres.this.disown()
    index.own_fields = True
    return index


def _named(
    index: Any, questions: Floats, top_k: int, alive: Bits | None, *, thorough: bool = False
) -> NDArray[np.int64]:
    """Places of the candidates for each question, (n, ·); of a single one only those there are."""
    faiss = load_faiss()
    probed = index.nlist if thorough else max(1, index.nlist // _PROBED)
    params = faiss.SearchParametersIVF(nprobe=probed)
    if alive is not None:
        selector = faiss.IDSelectorBitmap(alive)
        params.sel = selector
    named = max(_LEAST_NAMED, _NAMED * top_k) * (_MORE_NAMED if thorough else 1)
    named = min(index.ntotal, named)
    _scores, places = index.search(questions, named, params=params)
    found: NDArray[np.int64] = places
    return found[:, found[0] >= 0] if len(found) == 1 else found


def _recall(
    index: Any,
    rows: Rows,
    count: int,
    random: np.random.Generator,
    stopped: Callable[[], bool],
) -> float:
    """Share of the nearest that are named, for questions half-way between two passages."""
    tried = min(_TRIED, count)
    nearest = min(_NEAREST, count)
    between = rows(random.choice(count, tried)) + rows(random.choice(count, tried))
    questions: Floats = between / np.maximum(np.linalg.norm(between, axis=1, keepdims=True), 1e-12)
    scores = np.full((tried, 0), -np.inf, np.float32)
    places = np.zeros((tried, 0), np.int64)
    for start in range(0, count, _BATCH):
        if stopped():
            raise CancelledError("the clusters of a vector index are made another time")
        part = np.arange(start, min(start + _BATCH, count))
        scores = np.hstack([scores, questions @ rows(part).T])
        places = np.hstack([places, np.broadcast_to(part, (tried, len(part)))])
        best = np.argpartition(-scores, nearest - 1, axis=1)[:, :nearest]
        scores = np.take_along_axis(scores, best, axis=1)
        places = np.take_along_axis(places, best, axis=1)
    named = _named(index, questions, nearest, None)
    hits = sum(len(np.intersect1d(true, given)) for true, given in zip(places, named, strict=True))
    return hits / (tried * nearest)


def _write(folder: Path, index: Any, ids: Ids, manifest: _Manifest) -> _Manifest:
    faiss = load_faiss()
    codes_path, ids_path = _files(folder, manifest.generation)
    try:
        faiss.write_index(index, str(codes_path))
        sync_file(codes_path)
        np.save(ids_path, ids, allow_pickle=False)
        sync_file(ids_path)
        fields = asdict(manifest) | {
            "codes_sha256": file_sha256(codes_path),
            "ids_sha256": file_sha256(ids_path),
            "codes_size": codes_path.stat().st_size,
            "ids_size": ids_path.stat().st_size,
        }
        write_fields(folder, _NAME, fields)
        sweep_files(folder, _NAME, manifest.generation)
    except (OSError, RuntimeError) as exc:
        raise VectorIndexError(f"cannot write {codes_path}: {exc}", path=str(folder)) from exc
    return _Manifest(**fields)
