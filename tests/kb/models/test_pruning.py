import numpy as np
import pytest
from numpy.typing import NDArray

from kb.models.pruning import Moments, MomentsCounter, prune

Array = NDArray[np.float32]


def moments(rows: Array) -> Moments:
    counter = MomentsCounter()
    counter.add(rows, np.ones(len(rows), np.float32))
    return counter.moments()


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_moments_are_the_same_in_one_portion_or_many() -> None:
    rows, weights = drawn(90, 5) + 3, np.linspace(0.2, 2, 90, dtype=np.float32)
    counter = MomentsCounter()
    for portion in np.array_split(np.arange(90), 7):
        counter.add(rows[portion], weights[portion])
    seen = counter.moments()
    np.testing.assert_allclose(seen.mean, np.average(rows, axis=0, weights=weights), rtol=1e-5)
    covariance = np.cov(rows.T, bias=True, aweights=weights)
    np.testing.assert_allclose(seen.covariance, covariance, atol=1e-5)
    np.testing.assert_allclose(seen.variance, np.diag(covariance), atol=1e-5)
    np.testing.assert_array_equal(seen.reach, np.abs(rows).max(axis=0).astype(np.float64))


def test_others_make_up_for_the_inputs_that_go() -> None:
    base = drawn(400, 40)
    rows = np.hstack([base, base[:, :24] + 0.3 * drawn(400, 24, seed=1)]) + 0.5
    weights = drawn(10, 64, seed=2)
    before = rows @ weights.T
    signal = float(before.var(axis=0).sum())
    pruned = prune(weights, moments(rows), limit=0.1 * signal)
    assert len(pruned.kept) == 48
    after = rows[:, pruned.kept] @ pruned.weights.T + pruned.bias
    error = float(((before - after) ** 2).sum(axis=1).mean())
    left_out = np.setdiff1d(np.arange(64), pruned.kept)
    alone = float((rows[:, left_out] @ weights[:, left_out].T).var(axis=0).sum())
    assert error < 0.02 * signal < 0.1 * signal < alone


def test_one_block_matches_the_closed_form() -> None:
    rows, weights = drawn(300, 32), drawn(6, 32, seed=3)
    rows[:, :16] *= 0.01
    pruned = prune(weights, moments(rows), limit=1.0)
    np.testing.assert_array_equal(pruned.kept, np.arange(16, 32))
    seen = moments(rows)
    full = seen.covariance + np.diag(0.2 * seen.variance + 1e-6 * seen.variance.mean())
    # Least squares with a ridge, solved at once: the kept weights take over what the others gave.
    best = weights[:, 16:] + weights[:, :16] @ full[:16, 16:] @ np.linalg.inv(full[16:, 16:])
    np.testing.assert_allclose(pruned.weights, best, atol=1e-4)


def test_whole_groups_go() -> None:
    rows, weights = drawn(200, 12), drawn(5, 12, seed=4)
    rows[:, 4:8] = 0.25
    pruned = prune(weights, moments(rows), limit=1e-3, group=4)
    np.testing.assert_array_equal(pruned.kept, [0, 1, 2, 3, 8, 9, 10, 11])
    np.testing.assert_allclose(pruned.bias, weights[:, 4:8].sum(axis=1) * 0.25, atol=1e-4)
    np.testing.assert_allclose(pruned.weights, weights[:, pruned.kept], atol=1e-4)


@pytest.mark.parametrize(("group", "least"), [(None, 16), (4, 4)])
def test_something_always_stays(group: int | None, least: int) -> None:
    rows, weights = drawn(200, 48), drawn(5, 48, seed=5)
    pruned = prune(weights, moments(rows), limit=1e9, group=group)
    assert len(pruned.kept) == least


def test_without_a_limit_nothing_changes() -> None:
    rows, weights = drawn(200, 48), drawn(5, 48, seed=6)
    pruned = prune(weights, moments(rows), limit=0.0)
    np.testing.assert_array_equal(pruned.kept, np.arange(48))
    np.testing.assert_allclose(pruned.weights, weights)
    np.testing.assert_allclose(pruned.bias, 0, atol=1e-5)
