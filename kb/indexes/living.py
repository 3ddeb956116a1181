"""What a vector index holds at a moment, and the living part of it in the order of the ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.indexes.codes import Codes, read_codes
from kb.indexes.mapped import MappedVectors
from kb.indexes.snapshot import Manifest, snapshot_files

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

_CHUNK = 16384


@dataclass(frozen=True, slots=True)
class State:
    """All that a search looks at; writers replace it as a whole, so searches need no lock.

    ``alive`` has one bit for each vector of the snapshot (least significant first), None where none
    was removed. The tail's arrays are views on buffers that only grow behind their end.
    """

    snapshot: MappedVectors | None
    snapshot_ids: Ids
    alive: NDArray[np.uint8] | None
    alive_count: int
    tail_ids: Ids
    tail_vectors: Floats
    tail_dead: NDArray[np.bool_]


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


class Living:
    """What a state holds and was not removed, in the order of the ids."""

    def __init__(self, state: State, manifest: Manifest, folder: Path) -> None:
        self._path, _ = snapshot_files(folder, manifest.generation)
        self._count, self._dim = manifest.count, manifest.dim
        self._tail = state.tail_vectors
        if state.alive is None:
            self._kept: Ids = np.arange(len(state.snapshot_ids))
        else:
            size = len(state.snapshot_ids)
            self._kept = np.flatnonzero(np.unpackbits(state.alive, count=size, bitorder="little"))
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
