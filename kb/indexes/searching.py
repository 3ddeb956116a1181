"""Searches a state of the vector index: clusters, what they do not know yet, and the tail."""

from __future__ import annotations

import numpy as np

from kb.indexes.base import Scored
from kb.indexes.living import Covered, State
from kb.indexes.mapped import Floats, MappedVectors


def nearest(state: State, question: Floats, top_k: int) -> list[Scored]:
    """Give the ``top_k`` nearest passages with their cosine, best first; question (1, dim)."""
    found = _in_snapshot(state, question, top_k) + _in_tail(state, question[0], top_k)
    found.sort(key=lambda hit: (-hit[1], hit[0]))
    return found[:top_k]


def _in_snapshot(state: State, question: Floats, top_k: int) -> list[Scored]:
    snapshot, covered = state.snapshot, state.covered
    if snapshot is None or not state.alive_count:
        return []
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


def _in_clusters(
    state: State, covered: Covered, snapshot: MappedVectors, question: Floats, top_k: int
) -> list[Scored]:
    """Compare exactly what the clusters name."""
    ids = covered.clusters.candidates(question, top_k, covered.alive)
    positions = np.searchsorted(state.snapshot_ids, ids)
    scores = snapshot.rows(positions) @ question[0]
    best = np.argpartition(scores, -top_k)[-top_k:] if len(scores) > top_k else range(len(scores))
    return [(int(ids[i]), _cosine(scores[i])) for i in best]


def _in_tail(state: State, question: Floats, top_k: int) -> list[Scored]:
    if not len(state.tail_ids):
        return []
    scores = state.tail_vectors @ question
    scores[state.tail_dead] = -np.inf
    if len(scores) > top_k:
        best = np.argpartition(scores, -top_k)[-top_k:]
    else:
        best = np.arange(len(scores))
    return [(int(state.tail_ids[i]), _cosine(scores[i])) for i in best if not state.tail_dead[i]]


def _cosine(score: float | np.floating) -> float:
    return max(-1.0, min(1.0, float(score)))
