"""Merges the nearest passages of knowledge bases whose embedders measure nearness differently.

A cosine of 0.8 is near to one embedder and far to another. What the gate was fitted on makes them
comparable: how much a cosine says for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.models.table import EmbedderModel, GateConstants


@dataclass(frozen=True, slots=True)
class Near:
    """A passage, its cosine to the question, and the embedder that tells it."""

    passage_id: int
    cosine: float
    model: EmbedderModel


def merged(found: Sequence[Near]) -> list[Near]:
    """Return what was found in all knowledge bases, nearest first.

    An embedder whose gate was never fitted is taken to find the first, second, … as near as the
    others do on average; where none was fitted, all firsts stand before all seconds.
    """
    by_model: dict[str, list[Near]] = {}
    for near in found:
        by_model.setdefault(near.model.name, []).append(near)
    for each in by_model.values():
        each.sort(key=lambda near: -near.cosine)
    if len(by_model) < 2:
        return [near for each in by_model.values() for near in each]
    worth = _worth(by_model)
    # The sort keeps the order of the embedders among equals.
    return sorted(
        (near for each in by_model.values() for near in each),
        key=lambda near: -worth[near.passage_id],
    )


def _worth(by_model: Mapping[str, Sequence[Near]]) -> dict[int, float]:
    worth: dict[int, float] = {}
    fitted: list[list[float]] = []
    unfitted: list[Sequence[Near]] = []
    for each in by_model.values():
        gate = each[0].model.gate
        if gate is None:
            unfitted.append(each)
            continue
        values = [_log_odds(near.cosine, gate) for near in each]
        fitted.append(values)
        worth.update(zip((near.passage_id for near in each), values, strict=True))
    for each in unfitted:
        for rank, near in enumerate(each):
            others = [values[min(rank, len(values) - 1)] for values in fitted]
            worth[near.passage_id] = sum(others) / len(others) if others else -float(rank)
    return worth


def _log_odds(cosine: float, gate: GateConstants) -> float:
    return gate.intercept + gate.similarity * cosine
