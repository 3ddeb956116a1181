from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.models.calibration import Observed, plan_layer, sample_texts
from kb.models.packed import PackedModel
from kb.models.pruning import Moments, MomentsCounter
from tests.kb.models import tiny

Array = NDArray[np.float32]
Rows = dict[str, Array]


@pytest.fixture
def model(tmp_path: Path) -> PackedModel:
    return PackedModel(tiny.write_packed(tmp_path / "packed.bin").path)


@pytest.fixture
def rows() -> Rows:
    rng = np.random.default_rng(1)
    hidden, wide = tiny.SIZES.hidden, tiny.SIZES.feed_forward
    widths = {"context": hidden, "feed": hidden, "active": wide}
    return {name: rng.normal(size=(500, n)).astype(np.float32) for name, n in widths.items()}


def moments(rows: Array) -> Moments:
    counter = MomentsCounter()
    counter.add(rows, np.ones(len(rows), np.float32))
    return counter.moments()


def observed(rows: Rows) -> Observed:
    return Observed(**{name: moments(values) for name, values in rows.items()})


def test_a_column_far_larger_than_the_rest_gets_the_largest_factor(
    model: PackedModel, rows: Rows
) -> None:
    rows["context"][:, 7] *= 100
    plan = plan_layer(model, 0, observed(rows))
    assert int(plan.heads.kept[plan.context.argmax()]) == 7
    reach = np.abs(rows["context"]).max(axis=0)[plan.heads.kept] / plan.context
    # Brought nearer to one another, so that one scale fits them all.
    assert reach.max() / np.median(reach) < 10
    assert np.exp(np.log(plan.context).mean()) == pytest.approx(1.0, rel=1e-4)


def test_neurons_that_never_change_go_and_leave_their_mean(model: PackedModel, rows: Rows) -> None:
    rows["active"][:, :32] = 0.5
    plan = plan_layer(model, 1, observed(rows))
    np.testing.assert_array_equal(plan.neurons.kept, np.arange(32, 128))
    out = model.blocks("l1.fo.w", 128).dense()
    np.testing.assert_allclose(plan.neurons.bias, out[:, :32].sum(axis=1) * 0.5, atol=1e-4)


def test_a_head_that_says_the_same_of_every_token_goes(model: PackedModel, rows: Rows) -> None:
    rows["context"][:, 32:] = -1
    plan = plan_layer(model, 0, observed(rows))
    np.testing.assert_array_equal(plan.heads.kept, np.arange(32))
    assert plan.context.shape == (32,)
    mix = model.blocks("l0.ao.w", 64).dense()
    np.testing.assert_allclose(plan.heads.bias, -mix[:, 32:].sum(axis=1), atol=1e-4)


def test_what_matters_all_stays(model: PackedModel, rows: Rows) -> None:
    plan = plan_layer(model, 0, observed(rows))
    np.testing.assert_array_equal(plan.neurons.kept, np.arange(128))
    np.testing.assert_array_equal(plan.heads.kept, np.arange(64))
    np.testing.assert_allclose(plan.neurons.weights, model.blocks("l0.fo.w", 128).dense())


def test_the_samples_carry_the_prefixes_of_their_model() -> None:
    texts = sample_texts()
    assert all(text.startswith(("passage: ", "query: ")) for text in texts)
    assert len(texts) == len(set(texts)) > 200
