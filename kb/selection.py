"""The passages that a search is confined to, as the catalog tells them to the indexes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """All passages of some contents.

    ``contents`` (c,) ascend. The passages are the runs of ids ``first`` (n,) to before ``stop``
    (n,), which ascend and share no id.
    """

    contents: NDArray[np.int64]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]

    def among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of ids, in any order, which are selected; (len(ids),)."""
        if not len(self.first):
            return np.zeros(len(ids), np.bool_)
        run = np.searchsorted(self.first, ids, side="right") - 1
        found: NDArray[np.bool_] = (run >= 0) & (ids < self.stop[run])
        return found

    def among_ascending(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Like `among` for ids that ascend, by looking up the runs in them."""
        ends = len(ids) + 1
        begun = np.bincount(np.searchsorted(ids, self.first), minlength=ends)
        ended = np.bincount(np.searchsorted(ids, self.stop), minlength=ends)
        found: NDArray[np.bool_] = np.cumsum(begun - ended)[:-1] > 0
        return found
