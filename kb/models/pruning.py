"""Leave out inputs of a matrix product that matter little, and let the others make up for them.

Optimal Brain Surgeon (Hassibi and Stork, 1993) on the squared error of the product's output over
samples, as in Frantar and Alistarh, "Optimal Brain Compression" (2022): with H the covariance of
the inputs, leaving out the inputs p costs w_p (H⁻¹_pp)⁻¹ w_pᵀ for each output, once the weights of
the others have been moved by -w_p (H⁻¹_pp)⁻¹ H⁻¹_p·. The least costly go first, several at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Inputs go so many at a time, and as many as the processor multiplies at once.
_BLOCK = 16
_CANDIDATES = 64
# Added to each variance, as a share of it: the samples are no more than samples.
_RIDGE = 0.2
# Added too, as a share of their mean: some inputs never change.
_TINY = 1e-6

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Moments:
    """What was seen of n columns: means and largest absolute values (n,), covariance (n, n)."""

    mean: NDArray[np.float64]
    reach: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @property
    def variance(self) -> NDArray[np.float64]:
        """The variance of each column, (n,)."""
        return np.diag(self.covariance)


class MomentsCounter:
    """Sums up moments over rows that come in portions."""

    def __init__(self) -> None:
        self._weight = 0.0
        self._sum = np.zeros(0)
        self._products = np.zeros((0, 0))
        self._reach = np.zeros(0)

    def add(self, rows: Floats, weights: Floats) -> None:
        """Take rows in, (rows, n), each with its weight, (rows,)."""
        if not self._weight:
            width = rows.shape[1]
            self._sum, self._reach = np.zeros(width), np.zeros(width)
            self._products = np.zeros((width, width))
        scaled = rows * np.sqrt(weights)[:, None]
        self._weight += float(weights.sum())
        self._sum += (rows * weights[:, None]).sum(axis=0, dtype=np.float64)
        # A matrix by itself takes half the time of one by another.
        self._products += scaled.T @ scaled
        self._reach = np.maximum(self._reach, np.abs(rows).max(axis=0))

    def moments(self) -> Moments:
        """Return what was seen; there must have been a row."""
        mean = self._sum / self._weight
        covariance = self._products / self._weight - np.outer(mean, mean)
        return Moments(mean=mean, reach=self._reach, covariance=covariance)


@dataclass(frozen=True, slots=True)
class Pruned:
    """The inputs that stay (k,), their weights (outputs, k), the others' means (outputs,)."""

    kept: NDArray[np.int64]
    weights: Floats
    bias: Floats


def prune(weights: Floats, seen: Moments, limit: float, *, group: int | None = None) -> Pruned:
    """Leave out inputs of ``weights`` (outputs, inputs) until the output's error reaches a limit.

    The limit is the variance of the error, summed over the outputs. With ``group`` whole groups of
    neighbouring inputs go, so many in each; one block or group at least stays.
    """
    changed = weights.astype(np.float64)
    count = changed.shape[1]
    ridge = _RIDGE * seen.variance + _TINY * float(seen.variance.mean())
    inverse = np.asarray(np.linalg.inv(seen.covariance + np.diag(ridge)), dtype=np.float64)
    alive = np.ones(count, dtype=bool)
    spent = 0.0
    while alive.sum() > (group or _BLOCK):
        block, cost = _cheapest(changed, inverse, alive, group)
        spent += cost
        if spent > limit:
            break
        moved = np.linalg.solve(inverse[np.ix_(block, block)], inverse[block])
        changed -= changed[:, block] @ moved
        inverse -= inverse[:, block] @ moved
        alive[block] = False
        # Rounding leaves traces where zeros belong.
        changed[:, block] = 0
        inverse[block] = 0
        inverse[:, block] = 0
    kept = np.flatnonzero(alive)
    bias = weights @ seen.mean - changed[:, kept] @ seen.mean[kept]
    return Pruned(kept, changed[:, kept].astype(np.float32), bias.astype(np.float32))


def _cheapest(
    weights: NDArray[np.float64],
    inverse: NDArray[np.float64],
    alive: NDArray[np.bool_],
    group: int | None,
) -> tuple[NDArray[np.int64], float]:
    if group is None:
        return _cheapest_ones(weights, inverse, np.flatnonzero(alive))
    starts = range(0, len(alive), group)
    blocks = [np.arange(start, start + group) for start in starts if alive[start]]
    costs = [_cost(weights, inverse, block) for block in blocks]
    least = int(np.argmin(costs))
    return blocks[least], costs[least]


def _cheapest_ones(
    weights: NDArray[np.float64], inverse: NDArray[np.float64], alive: NDArray[np.int64]
) -> tuple[NDArray[np.int64], float]:
    # One after the other, since two that stand for each other are cheap alone and dear together;
    # among a few candidates, since each step changes the whole of the matrix it looks at.
    alone = (weights[:, alive] ** 2).sum(axis=0) / np.diag(inverse)[alive]
    rest = alive[np.argsort(alone, kind="stable")[:_CANDIDATES]]
    part, inner = weights[:, rest], inverse[np.ix_(rest, rest)]
    block: list[int] = []
    spent = 0.0
    while len(block) < _BLOCK:
        costs = (part**2).sum(axis=0) / np.diag(inner)
        least = int(np.argmin(costs))
        spent += float(costs[least])
        block.append(int(rest[least]))
        row = inner[least] / inner[least, least]
        part = np.delete(part - np.outer(part[:, least], row), least, axis=1)
        inner = inner - np.outer(inner[:, least], row)
        inner = np.delete(np.delete(inner, least, axis=0), least, axis=1)
        rest = np.delete(rest, least)
    return np.array(block), spent


def _cost(
    weights: NDArray[np.float64], inverse: NDArray[np.float64], block: NDArray[np.int64]
) -> float:
    part = weights[:, block]
    return float((part * np.linalg.solve(inverse[np.ix_(block, block)], part.T).T).sum())
