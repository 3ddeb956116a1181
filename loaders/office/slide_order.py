"""The order in which the things on a slide are read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from loaders._unstructured import Element

Box = tuple[float, float, float, float]

_DEEPEST_CUT = 60


@dataclass(slots=True)
class Item:
    """Something on a slide: where it stands, and what it says."""

    box: Box | None
    elements: list[Element]


def in_reading_order(items: list[Item]) -> list[Item]:
    """Sort by cutting the sheet along empty lanes, first across, then down (XY cut, Nagy 1984)."""
    placed = [item for item in items if item.box is not None and item.elements]
    rest = [item for item in items if item.box is None]
    return [*_cut(placed, 0), *rest]


def _cut(items: list[Item], depth: int) -> list[Item]:
    if len(items) < 2 or depth > _DEEPEST_CUT:
        return items
    for axis in (1, 0):
        groups = _lanes(items, axis)
        if len(groups) > 1:
            return [item for group in groups for item in _cut(group, depth + 1)]
    return sorted(items, key=lambda item: (item.box or (0, 0, 0, 0))[1::-1])


def _lanes(items: list[Item], axis: int) -> list[list[Item]]:
    """Group items whose extents on an axis overlap by more than a sliver."""

    def extent(item: Item) -> tuple[float, float]:
        box = item.box or (0.0, 0.0, 0.0, 0.0)
        return min(box[axis], box[axis + 2]), max(box[axis], box[axis + 2])

    ordered = sorted(items, key=extent)
    groups = [[ordered[0]]]
    end = extent(ordered[0])[1]
    for _, item in pairwise(ordered):
        start, stop = extent(item)
        if start >= end - 0.1 * min(stop - start, end - extent(groups[-1][0])[0]):
            groups.append([])
        groups[-1].append(item)
        end = max(end, stop)
    return groups
