"""How well the words around a place of one text fit those around the places of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Fits = NDArray[np.float64]

# Words that are compared on each side, how much less each further one counts, how far one may have
# moved, and how much less it counts then.
_REACH = 12
_FADE = 0.88
_SHIFT = 4
_MOVED = 0.7
# The longest thing that may stand in the other text at the place, in units.
LONGEST_SLOT = 8


@dataclass(frozen=True, slots=True)
class Slots:
    """How well slots fit, 0 to 1: both sides together, and the side that fits less.

    Where there is nothing on one side, the weaker one is 0. ``at_start`` is how well the words
    after fit the very beginning of the other text.
    """

    fits: Fits
    weaker: Fits
    at_start: float


class Alignment:
    """Two texts as sequences of units, laid side by side."""

    def __init__(self, own: Sequence[str], other: Sequence[str]) -> None:
        ids: dict[str, int] = {}
        first = np.array([ids.setdefault(unit, len(ids)) for unit in own], dtype=np.int64)
        second = np.array([ids.setdefault(unit, len(ids)) for unit in other], dtype=np.int64)
        exact = (first[:, None] == second[None, :]).astype(np.float64)
        near = exact.copy()
        for shift in range(1, min(_SHIFT, max(0, len(second) - 1)) + 1):
            weight = _MOVED**shift
            np.maximum(near[:, shift:], weight * exact[:, :-shift], out=near[:, shift:])
            np.maximum(near[:, :-shift], weight * exact[:, shift:], out=near[:, :-shift])
        self._near = near

    def fits(self, first: int, last: int, *, reach: int = _REACH) -> Slots:
        """How well slots of the other text fit what is around units [first, last) of the own one.

        All arrays are (length of the other + 1, `LONGEST_SLOT` + 1); what stands at [j, g] is of
        the slot of the g units from j on.
        """
        rows, columns = self._near.shape
        before, after = np.zeros(columns + 1), np.zeros(columns + 1)
        whole_before = whole_after = 0.0
        for step in range(1, reach + 1):
            weight = _FADE ** (step - 1)
            if first - step >= 0:
                whole_before += weight
                if step <= columns:
                    before[step:] += weight * self._near[first - step, : columns + 1 - step]
            if last + step - 1 < rows:
                whole_after += weight
                if step <= columns:
                    after[: columns + 1 - step] += weight * self._near[last + step - 1, step - 1 :]
        fits = np.full((columns + 1, LONGEST_SLOT + 1), -1.0)
        weaker = np.zeros_like(fits)
        for length in range(min(LONGEST_SLOT, columns) + 1):
            ends = columns + 1 - length
            fits[:ends, length] = before[:ends] + after[length:]
            if whole_before and whole_after:
                weaker[:ends, length] = np.minimum(
                    before[:ends] / whole_before, after[length:] / whole_after
                )
        return Slots(
            fits / (whole_before + whole_after or 1.0),
            weaker,
            float(after[0] / whole_after) if whole_after else 0.0,
        )
