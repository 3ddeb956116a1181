"""The vector index: a memory-mapped FAISS snapshot and a small exact tail in memory.

Adding and removing touch the tail and a bitmap only, whatever the size of the rest. From time to
time `commit` folds both into a new snapshot; what came after it is replayed from the catalog. A
large snapshot is given clusters by `tend`, beside searches and changes, so that a question is
compared with a few of its vectors only.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kb.errors import DimensionMismatchError, IndexDamagedError, VectorIndexError
from kb.indexes.base import Scored, VectorBatch, VectorIndex
from kb.indexes.clusters import Clusters, discard_clusters
from kb.indexes.codes import Codes, CodeWriter
from kb.indexes.living import Ids, Living, State, cover, empty_state, flags, merged, without
from kb.indexes.mapped import Floats, MappedVectors, load_faiss
from kb.indexes.searching import nearest
from kb.indexes.snapshot import (
    VERSION,
    Manifest,
    damaged,
    discard_snapshots,
    file_sha256,
    read_manifest,
    snapshot_files,
    sweep,
    sync_file,
    write_manifest,
)
from kb.selection import Selection

logger = logging.getLogger(__name__)

# A snapshot is due when the tail or the removed part reaches both a number and a share of it: all
# snapshots together then write a small multiple of the final one, and a replay stays short. The
# tail takes memory, so its share has a bound.
_LEAST_DUE = 8192
_DUE_SHARE = 4
_MOST_DUE = 65_536
# From so many vectors on clusters answer sooner than comparing all of them.
_LEAST_CLUSTERED = 30_000
# They are made anew when this part of the snapshot is unknown to them, or gone.
_STALE_SHARE = 8


class FaissIndex(VectorIndex):
    """Exact cosine search over float16 vectors; made by `create` or `open`, never directly."""

    def __init__(self, folder: Path, manifest: Manifest, state: State) -> None:
        self._folder = folder
        self._manifest = manifest
        self._state: State | None = state
        self._applied = manifest.applied
        self._buffer_ids: Ids = np.empty(0, np.int64)
        self._buffer: Floats = np.empty((0, manifest.dim), np.float32)
        self._lock = threading.Lock()
        # The size of a snapshot whose vectors keep no company; a larger one is tried again.
        self._unclustered = -1

    @classmethod
    def create(cls, folder: Path, *, dim: int, embedder: str) -> Self:
        """Make an empty index in place of whatever index the folder holds."""
        folder.mkdir(parents=True, exist_ok=True)
        discard_snapshots(folder)
        discard_clusters(folder)
        manifest = Manifest(VERSION, dim, embedder, applied=0, generation=0, count=0)
        write_manifest(folder, manifest)
        return cls(folder, manifest, empty_state(dim))

    @classmethod
    def open(cls, folder: Path, *, dim: int, embedder: str) -> Self:
        """Open the index that the folder holds.

        Raises:
            IndexDamagedError: there is none, or it is truncated, damaged or of another version.
            DimensionMismatchError: its vectors come from another embedder.
        """
        manifest = read_manifest(folder)
        if (manifest.dim, manifest.embedder) != (dim, embedder):
            raise DimensionMismatchError(
                f"{folder} holds vectors of {manifest.embedder} ({manifest.dim}), "
                f"not of {embedder} ({dim})",
                hint="re-index the knowledge base",
                expected=dim,
                actual=manifest.dim,
            )
        state = _load_snapshot(folder, manifest)
        sweep(folder, manifest.generation)
        if len(state.snapshot_ids):
            try:
                clusters = Clusters.open(folder, dim=dim, embedder=embedder)
            except IndexDamagedError as exc:
                logger.warning("%s; searching goes on without clusters", exc)
            else:
                state = state if clusters is None else cover(state, clusters)
        return cls(folder, manifest, state)

    @property
    def dim(self) -> int:
        return self._manifest.dim

    @property
    def applied(self) -> int:
        return self._applied

    @property
    def count(self) -> int:
        state = self._open_state()
        return state.alive_count + int(len(state.tail_ids) - state.tail_dead.sum())

    def add(self, ids: Sequence[int] | NDArray[np.int64], vectors: NDArray[np.floating]) -> None:
        new_ids = np.asarray(ids, dtype=np.int64)
        units = self._units(np.atleast_2d(np.asarray(vectors, dtype=np.float32)))
        if new_ids.shape != (len(units),):
            raise VectorIndexError(f"{new_ids.size} ids for {len(units)} vectors")
        if len(np.unique(new_ids)) != len(new_ids):
            raise VectorIndexError("an id occurs twice in one addition")
        if not len(new_ids):
            return
        with self._lock:
            state = self._without(self._open_state(), np.sort(new_ids))
            used = len(state.tail_ids)
            total = used + len(new_ids)
            if total > len(self._buffer_ids):
                self._grow(state, total)
            self._buffer_ids[used:total] = new_ids
            # Rounded as the snapshot will be, so that folding the tail changes no score.
            self._buffer[used:total] = units.astype(np.float16)
            self._state = replace(
                state,
                tail_ids=self._buffer_ids[:total],
                tail_vectors=self._buffer[:total],
                tail_dead=np.concatenate([state.tail_dead, np.zeros(len(new_ids), np.bool_)]),
            )

    def remove(self, first_id: int, count: int) -> None:
        with self._lock:
            self._state = self._without_range(self._open_state(), first_id, first_id + count)

    def search(
        self, query: NDArray[np.floating], top_k: int, among: Selection | None = None
    ) -> list[Scored]:
        question = self._units(np.asarray(query, dtype=np.float32).reshape(1, -1))
        state = self._open_state()
        if top_k <= 0:
            return []
        return nearest(state, question, top_k, among)

    def commit(self, applied: int) -> None:
        """Note that all changes up to ``applied`` are in; write a snapshot if one is due."""
        with self._lock:
            state = self._open_state()
            self._applied = applied
            base = len(state.snapshot_ids)
            due = max(_LEAST_DUE, base // _DUE_SHARE)
            removed = base - state.alive_count
            if len(state.tail_ids) >= min(due, _MOST_DUE) or removed >= due:
                self._write_snapshot()

    def extend(self, batches: Iterable[VectorBatch], applied: int) -> None:
        """Write a snapshot of all that is in now and the batches; memory holds one of them."""
        with self._lock:
            self._open_state()
            self._write_snapshot(self._rounded(batches), applied)
            self._applied = applied

    def compact(self) -> None:
        with self._lock:
            self._write_snapshot()

    @property
    def waiting(self) -> int:
        return len(self._open_state().tail_ids)

    def is_due(self) -> bool:
        state = self._open_state()
        size = len(state.snapshot_ids)
        if state.alive_count < _LEAST_CLUSTERED or self._unclustered == size:
            return False
        covered = state.covered
        if covered is None:
            return True
        gone = len(covered.clusters.ids) - covered.alive_count
        return covered.rest_count + gone > size // _STALE_SHARE

    def tend(self, stopped: Callable[[], bool]) -> None:
        """Make or renew the clusters of a large snapshot."""
        if not self.is_due():
            return
        state = self._open_state()
        snapshot, alive = (
            state.snapshot,
            np.flatnonzero(flags(state.alive, len(state.snapshot_ids))),
        )
        if snapshot is None:
            return
        ids = np.array(state.snapshot_ids[alive])
        clusters = Clusters.build(
            self._folder,
            ids,
            lambda places: snapshot.rows(alive[places]),
            dim=self.dim,
            embedder=self._manifest.embedder,
            former=state.covered.clusters if state.covered is not None else None,
            stopped=stopped,
        )
        with self._lock:
            if clusters is None:
                self._unclustered = len(state.snapshot_ids)
            elif self._state is not None:
                self._state = cover(self._state, clusters)

    def verify(self) -> None:
        covered = self._open_state().covered
        if covered is not None:
            covered.clusters.verify()
        manifest = self._manifest
        if not manifest.count:
            return
        wanted = (manifest.vectors_sha256, manifest.ids_sha256)
        for path, sha256 in zip(
            snapshot_files(self._folder, manifest.generation), wanted, strict=True
        ):
            try:
                actual = file_sha256(path)
            except OSError as exc:
                raise damaged(self._folder, str(exc)) from exc
            if actual != sha256:
                raise damaged(self._folder, f"{path.name} has changed")

    def close(self) -> None:
        with self._lock:
            self._state = None
            self._buffer_ids = np.empty(0, np.int64)
            self._buffer = np.empty((0, self._manifest.dim), np.float32)

    def _open_state(self) -> State:
        if self._state is None:
            raise VectorIndexError(f"the vector index in {self._folder} is closed")
        return self._state

    def _units(self, vectors: Floats) -> Floats:
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise DimensionMismatchError(
                f"vectors of shape {vectors.shape} for an index of dimension {self.dim}",
                expected=self.dim,
                actual=vectors.shape[-1],
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or (norms == 0).any():
            raise VectorIndexError("a vector without direction")
        units: Floats = vectors / norms
        return units

    def _grow(self, state: State, total: int) -> None:
        capacity = max(total, 2 * len(self._buffer_ids), 256)
        ids: Ids = np.empty(capacity, np.int64)
        vectors: Floats = np.empty((capacity, self.dim), np.float32)
        ids[: len(state.tail_ids)] = state.tail_ids
        vectors[: len(state.tail_ids)] = state.tail_vectors
        self._buffer_ids, self._buffer = ids, vectors

    def _without(self, state: State, sorted_ids: Ids) -> State:
        """Drop given ids, run by run: those of a document stand in a row."""
        breaks = np.flatnonzero(np.diff(sorted_ids) != 1) + 1
        for run in np.split(sorted_ids, breaks):
            state = self._without_range(state, int(run[0]), int(run[-1]) + 1)
        return state

    def _without_range(self, state: State, first: int, stop: int) -> State:
        low, high = (int(i) for i in np.searchsorted(state.snapshot_ids, [first, stop]))
        if high > low:
            alive, count = without(state.alive, len(state.snapshot_ids), low, high)
            state = replace(state, alive=alive, alive_count=count)
        if state.covered is not None:
            state = replace(state, covered=state.covered.without(state, first, stop))
        inside = (state.tail_ids >= first) & (state.tail_ids < stop)
        return replace(state, tail_dead=state.tail_dead | inside) if inside.any() else state

    def _rounded(self, batches: Iterable[VectorBatch]) -> Iterator[tuple[Ids, Codes]]:
        last = -1
        for ids, vectors in batches:
            if not len(ids):
                continue
            if ids[0] <= last or (np.diff(ids) <= 0).any() or len(ids) != len(vectors):
                raise VectorIndexError("the ids of a long addition must ascend, one a vector")
            last = int(ids[-1])
            yield ids, self._units(vectors).astype(np.float16)

    def _write_snapshot(
        self, added: Iterable[tuple[Ids, Codes]] = (), applied: int | None = None
    ) -> None:
        state = self._open_state()
        known = np.empty(0, np.int64) if state.covered is None else state.covered.clusters.ids
        # Clusters know one vector for an id, and would name a passage by its former one.
        renewed = bool(np.isin(state.tail_ids, known).any())

        def seen() -> Iterator[tuple[Ids, Codes]]:
            nonlocal renewed
            for ids, codes in added:
                renewed = renewed or bool(np.isin(ids, known).any())
                yield ids, codes

        if applied is None:
            applied = self._applied
        manifest = _write_snapshot_files(self._folder, state, self._manifest, applied, seen())
        write_manifest(self._folder, manifest)
        # From here on a crash loses nothing: the new snapshot is the one that is opened.
        fresh = _load_snapshot(self._folder, manifest)
        if state.covered is not None and len(fresh.snapshot_ids):
            if renewed:
                discard_clusters(self._folder)
            else:
                fresh = cover(fresh, state.covered.clusters)
        self._state = fresh
        self._manifest = manifest
        self._buffer_ids = np.empty(0, np.int64)
        self._buffer = np.empty((0, self.dim), np.float32)
        sweep(self._folder, manifest.generation)
        logger.debug("snapshot %d of %d vectors written", manifest.generation, manifest.count)


def _write_snapshot_files(
    folder: Path,
    state: State,
    old: Manifest,
    applied: int,
    added: Iterable[tuple[Ids, Codes]],
) -> Manifest:
    """Write the living vectors and the added ones, sorted by id, as files of the next generation.

    ``added`` ascends by id; an id that is there already gets the new vector.
    """
    manifest = replace(
        old,
        applied=applied,
        generation=old.generation + 1,
        count=0,
        vectors_sha256="",
        ids_sha256="",
        vectors_size=0,
        ids_size=0,
    )
    vectors_path, ids_path = snapshot_files(folder, manifest.generation)
    living = Living(state, old, folder)
    written: list[Ids] = []
    try:
        with CodeWriter(vectors_path, old.dim) as writer:
            for ids, codes in merged(living, added):
                written.append(ids)
                writer.write(codes)
        if not writer.count:
            vectors_path.unlink()
            return manifest
        sync_file(vectors_path)
        np.save(ids_path, np.concatenate(written), allow_pickle=False)
        sync_file(ids_path)
    except (OSError, RuntimeError) as exc:
        raise VectorIndexError(f"cannot write {vectors_path}: {exc}", path=str(folder)) from exc
    return replace(
        manifest,
        count=writer.count,
        vectors_sha256=file_sha256(vectors_path),
        ids_sha256=file_sha256(ids_path),
        vectors_size=vectors_path.stat().st_size,
        ids_size=ids_path.stat().st_size,
    )


def _load_snapshot(folder: Path, manifest: Manifest) -> State:
    state = empty_state(manifest.dim)
    if not manifest.count:
        return state
    faiss = load_faiss()

    # A single question is searched by one thread anyway; more would only starve the chat model.
    faiss.omp_set_num_threads(1)
    vectors_path, ids_path = snapshot_files(folder, manifest.generation)
    try:
        sizes = (vectors_path.stat().st_size, ids_path.stat().st_size)
        if sizes != (manifest.vectors_size, manifest.ids_size):
            raise damaged(folder, "a file is shorter or longer than it was written")
        snapshot = faiss.read_index(str(vectors_path), faiss.IO_FLAG_MMAP_IFC)
        ids = np.load(ids_path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, RuntimeError, EOFError) as exc:
        raise damaged(folder, str(exc)) from exc
    if (
        not isinstance(snapshot, faiss.IndexScalarQuantizer)
        or (snapshot.d, snapshot.ntotal) != (manifest.dim, manifest.count)
        or snapshot.metric_type != faiss.METRIC_INNER_PRODUCT
        or ids.shape != (manifest.count,)
        or ids.dtype != np.int64
    ):
        raise damaged(folder, "the snapshot is not what its manifest says")
    try:
        vectors = MappedVectors(vectors_path, snapshot)
    except OSError as exc:
        raise damaged(folder, str(exc)) from exc
    return replace(state, snapshot=vectors, snapshot_ids=ids, alive_count=manifest.count)
