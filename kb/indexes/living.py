"""What a vector index holds at a moment, and the living part of it in the order of the ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.indexes.clusters import Clusters
from kb.indexes.codes import Codes, read_codes
from kb.indexes.mapped import Bits, Floats, MappedVectors
from kb.indexes.snapshot import Manifest, snapshot_files

Ids = NDArray[np.int64]

_CHUNK = 16384


@dataclass(frozen=True, slots=True)
class Covered:
    """What of a snapshot its clusters know, and what they do not.

    ``alive`` has one bit for each id of the clusters (least significant first), None where all of
    them live. ``rest`` has one for each vector of the snapshot: those that live and are unknown to
    the clusters, the first of them at position ``first``.
    """

    clusters: Clusters
    alive: Bits | None
    alive_count: int
    rest: Bits
    rest_count: int
    first: int

    def without(self, state: State, first_id: int, stop_id: int) -> Covered:
        """What remains when the ids from ``first_id`` to before ``stop_id`` are removed."""
        changed = self
        ids = self.clusters.ids
        low, high = (int(i) for i in np.searchsorted(ids, [first_id, stop_id]))
        if high > low:
            alive, count = without(self.alive, len(ids), low, high)
            changed = replace(changed, alive=alive, alive_count=count)
        if self.rest_count:
            ids = state.snapshot_ids
            low, high = (int(i) for i in np.searchsorted(ids, [first_id, stop_id]))
            if high > low:
                rest, count = without(self.rest, len(ids), low, high)
                changed = replace(changed, rest=rest, rest_count=count)
        return changed


@dataclass(frozen=True, slots=True)
class State:
    """All that a search looks at; writers replace it as a whole, so searches need no lock.

    ``alive`` has one bit for each vector of the snapshot (least significant first), None where none
    was removed. The tail's arrays are views on buffers that only grow behind their end.
    ``covered`` is there once the snapshot has clusters.
    """

    snapshot: MappedVectors | None
    snapshot_ids: Ids
    alive: Bits | None
    alive_count: int
    tail_ids: Ids
    tail_vectors: Floats
    tail_dead: NDArray[np.bool_]
    covered: Covered | None = None


def empty_state(dim: int) -> State:
    return State(
        snapshot=None,
        snapshot_ids=np.empty(0, np.int64),
        alive=None,
        alive_count=0,
        tail_ids=np.empty(0, np.int64),
        tail_vectors=np.empty((0, dim), np.float32),
        tail_dead=np.empty(0, np.bool_),
    )


def flags(bits: Bits | None, size: int) -> NDArray[np.bool_]:
    """One flag for each of ``size`` bits, the least significant first; None stands for all set."""
    if bits is None:
        return np.ones(size, np.bool_)
    return np.unpackbits(bits, count=size, bitorder="little").astype(np.bool_)


def without(bits: Bits | None, size: int, low: int, high: int) -> tuple[Bits, int]:
    """Clear the bits from ``low`` to before ``high``; return them and how many are left."""
    kept = flags(bits, size)
    kept[low:high] = False
    return np.packbits(kept, bitorder="little"), int(kept.sum())


def cover(state: State, clusters: Clusters) -> State:
    """Search the snapshot with clusters from now on."""
    living = flags(state.alive, len(state.snapshot_ids))
    rest = living & ~np.isin(state.snapshot_ids, clusters.ids)
    alive = np.isin(clusters.ids, state.snapshot_ids[living])
    alive_count, rest_count = int(alive.sum()), int(rest.sum())
    covered = Covered(
        clusters,
        None if alive_count == len(alive) else np.packbits(alive, bitorder="little"),
        alive_count,
        np.packbits(rest, bitorder="little"),
        rest_count,
        int(rest.argmax()) if rest_count else len(rest),
    )
    return replace(state, covered=covered)


class Living:
    """What a state holds and was not removed, in the order of the ids."""

    def __init__(self, state: State, manifest: Manifest, folder: Path) -> None:
        self._path, _ = snapshot_files(folder, manifest.generation)
        self._count, self._dim = manifest.count, manifest.dim
        self._tail = state.tail_vectors
        self._kept: Ids = np.flatnonzero(flags(state.alive, len(state.snapshot_ids)))
        self._kept_tail: Ids = np.flatnonzero(~state.tail_dead)
        ids = np.concatenate([state.snapshot_ids[self._kept], state.tail_ids[self._kept_tail]])
        self._order = np.argsort(ids, kind="stable")
        self.ids: Ids = ids[self._order]

    def codes(self, start: int, stop: int) -> Codes:
        """The vectors of ``ids[start:stop]``."""
        chunk = self._order[start:stop]
        in_snapshot = chunk < len(self._kept)
        codes: Codes = np.empty((len(chunk), self._dim), np.float16)
        if in_snapshot.any():
            positions = self._kept[chunk[in_snapshot]]
            codes[in_snapshot] = read_codes(self._path, self._dim, self._count, positions)
        codes[~in_snapshot] = self._tail[self._kept_tail[chunk[~in_snapshot] - len(self._kept)]]
        return codes


def merged(living: Living, added: Iterable[tuple[Ids, Codes]]) -> Iterator[tuple[Ids, Codes]]:
    """Yield both in the order of the ids, in pieces of bounded size."""

    def until(stop: int) -> Iterator[tuple[Ids, Codes]]:
        for start in range(position, stop, _CHUNK):
            end = min(stop, start + _CHUNK)
            yield living.ids[start:end], living.codes(start, end)

    position = 0
    for ids, codes in added:
        before = int(np.searchsorted(living.ids, ids[0]))
        yield from until(before)
        position = int(np.searchsorted(living.ids, ids[-1], side="right"))
        between = living.ids[before:position]
        kept = ~np.isin(between, ids)
        if not kept.any():
            yield ids, codes
            continue
        both = np.concatenate([ids, between[kept]])
        order = np.argsort(both)
        yield both[order], np.concatenate([codes, living.codes(before, position)[kept]])[order]
    yield from until(len(living.ids))
