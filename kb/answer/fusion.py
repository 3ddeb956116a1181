"""Joins the rankings of several retrievers into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank
# Learning Methods (SIGIR 2009) found 60 and little sensitivity to it.
RANK_CONSTANT = 60


def reciprocal_rank_fusion(
    rankings: Mapping[str, Sequence[int]], weights: Mapping[str, float] | None = None
) -> list[tuple[int, float]]:
    """Fuse rankings of ids, each best first, into (id, score), best first.

    The score lies in (0, 1]: it is 1 for an id that every ranking puts first. Ids of equal score
    keep the order of the rankings given first.
    """
    scores: dict[int, float] = {}
    best = 0.0
    for name, ranking in rankings.items():
        weight = (weights or {}).get(name, 1.0)
        best += weight / (RANK_CONSTANT + 1)
        for rank, identifier in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + weight / (RANK_CONSTANT + rank)
    ordered = sorted(scores.items(), key=lambda entry: -entry[1])
    return [(identifier, score / best) for identifier, score in ordered]
