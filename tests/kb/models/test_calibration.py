from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.models.calibration import Observed, plan_layer, sample_texts
from kb.models.packed import PackedModel
from tests.kb.models import tiny


@pytest.fixture
def model(tmp_path: Path) -> PackedModel:
    return PackedModel(tiny.write_packed(tmp_path / "packed.bin").path)


@pytest.fixture
def seen() -> Observed:
    rng = np.random.default_rng(1)
    hidden, wide = tiny.SIZES.hidden, tiny.SIZES.feed_forward
    matrices = [
        rng.normal(size=(50, width)).astype(np.float32) for width in (hidden,) * 3 + (wide,)
    ]
    return Observed(*matrices)


def test_a_column_far_larger_than_the_rest_gets_the_largest_factor(
    model: PackedModel, seen: Observed
) -> None:
    outlying = seen.active.copy()
    outlying[:, 7] *= 100
    plan = plan_layer(model, 0, replace(seen, active=outlying))
    assert int(plan.neurons[plan.active.argmax()]) == 7
    reach = np.abs(outlying).max(axis=0)[plan.neurons] / plan.active
    # Brought nearer to one another, so that one scale fits them all.
    assert reach.max() / np.median(reach) < 10
    assert np.exp(np.log(plan.active).mean()) == pytest.approx(1.0, rel=1e-4)


def test_neurons_that_never_change_go_and_leave_their_mean(
    model: PackedModel, seen: Observed
) -> None:
    still = seen.active.copy()
    still[:, :40] = 0.5
    plan = plan_layer(model, 1, replace(seen, active=still))
    # 88 neurons vary; 16 at a time are kept.
    assert len(plan.neurons) == 96
    assert set(range(40, 128)) <= set(plan.neurons.tolist())
    dropped = sorted(set(range(128)) - set(plan.neurons.tolist()))
    out = model.blocks("l1.fo.w", 128).dense()
    np.testing.assert_allclose(plan.bias, out[:, dropped].sum(axis=1) * 0.5, rtol=1e-5)


def test_neurons_that_all_matter_all_stay(model: PackedModel, seen: Observed) -> None:
    plan = plan_layer(model, 0, seen)
    np.testing.assert_array_equal(plan.neurons, np.arange(128))
    np.testing.assert_array_equal(plan.bias, np.zeros(64, np.float32))


def test_the_samples_carry_the_prefixes_of_their_model() -> None:
    texts = sample_texts()
    assert all(text.startswith(("passage: ", "query: ")) for text in texts)
    assert len(texts) == len(set(texts)) > 40
