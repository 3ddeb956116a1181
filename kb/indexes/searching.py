"""Searches a state of the vector index: clusters, what they do not know yet, and the tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kb.indexes.base import Scored
from kb.indexes.living import Covered, State, flags
from kb.indexes.mapped import Bits, Floats, MappedVectors
from kb.selection import Selection

# Of a selection, so many vectors are compared one by one: sooner than a search of all could leave
# out the others (2 ms for 4,096).
_FEW = 4_096


def nearest(
    state: State, question: Floats, top_k: int, among: Selection | None = None
) -> list[Scored]:
    """Give the ``top_k`` nearest passages with their cosine, best first; question (1, dim)."""
    found = _in_snapshot(state, question, top_k, among)
    found += _in_tail(state, question[0], top_k, among)
    found.sort(key=lambda hit: (-hit[1], hit[0]))
    return found[:top_k]


def _in_snapshot(
    state: State, question: Floats, top_k: int, among: Selection | None
) -> list[Scored]:
    snapshot, covered = state.snapshot, state.covered
    if snapshot is None or not state.alive_count:
        return []
    if among is not None:
        return _in_selection(state, snapshot, question, top_k, among)
    if covered is None:
        found = snapshot.search(question, min(top_k, state.alive_count), state.alive)
    elif covered.rest_count:
        wanted = min(top_k, covered.rest_count)
        found = snapshot.search(question, wanted, covered.rest, covered.first)
    else:
        found = []
    scored = [(int(state.snapshot_ids[position]), _cosine(score)) for score, position in found]
    if covered is not None and covered.alive_count:
        scored += _in_clusters(state, covered, snapshot, question, top_k)
    return scored


def _in_selection(
    state: State, snapshot: MappedVectors, question: Floats, top_k: int, among: Selection
) -> list[Scored]:
    """Search those of the snapshot that are selected: a few by comparing each of them."""
    covered, size = state.covered, len(state.snapshot_ids)
    selected = among.among_ascending(state.snapshot_ids) & flags(state.alive, size)
    positions = np.flatnonzero(selected)
    if len(positions) <= max(_FEW, top_k):
        return _compared(state, snapshot, question, top_k, positions)
    rest = selected if covered is None else selected & flags(covered.rest, size)
    found = snapshot.search(question, top_k, _bits(rest)) if rest.any() else []
    scored = [(int(state.snapshot_ids[place]), _cosine(score)) for score, place in found]
    if covered is not None:
        known = among.among_ascending(covered.clusters.ids)
        known &= flags(covered.alive, len(known))
        ids = covered.clusters.candidates(question, top_k, _bits(known), thorough=True)
        named = np.searchsorted(state.snapshot_ids, ids)
        scored += _compared(state, snapshot, question, top_k, named)
    return scored


def _in_clusters(
    state: State, covered: Covered, snapshot: MappedVectors, question: Floats, top_k: int
) -> list[Scored]:
    """Compare exactly what the clusters name."""
    ids = covered.clusters.candidates(question, top_k, covered.alive)
    positions = np.searchsorted(state.snapshot_ids, ids)
    return _compared(state, snapshot, question, top_k, positions)


def _compared(
    state: State,
    snapshot: MappedVectors,
    question: Floats,
    top_k: int,
    positions: NDArray[np.int64],
) -> list[Scored]:
    """Compare the question with the vectors at these positions; the best ``top_k``, in no order."""
    scores = snapshot.rows(positions) @ question[0]
    best = np.argpartition(scores, -top_k)[-top_k:] if len(scores) > top_k else range(len(scores))
    return [(int(state.snapshot_ids[positions[i]]), _cosine(scores[i])) for i in best]


def _in_tail(state: State, question: Floats, top_k: int, among: Selection | None) -> list[Scored]:
    if not len(state.tail_ids):
        return []
    left_out = state.tail_dead
    if among is not None:
        left_out = left_out | ~among.among(state.tail_ids)
    scores = state.tail_vectors @ question
    scores[left_out] = -np.inf
    if len(scores) > top_k:
        best = np.argpartition(scores, -top_k)[-top_k:]
    else:
        best = np.arange(len(scores))
    return [(int(state.tail_ids[i]), _cosine(scores[i])) for i in best if not left_out[i]]


def _bits(chosen: NDArray[np.bool_]) -> Bits:
    return np.packbits(chosen, bitorder="little")


def _cosine(score: float | np.floating) -> float:
    return max(-1.0, min(1.0, float(score)))
