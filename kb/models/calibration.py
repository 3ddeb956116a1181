"""Fit the int8 graph to what the encoder does on sample texts: scales, and what to leave out.

Activations are quantised with one scale for a whole matrix, and a few of their columns are many
times larger than the rest. Each column of the attention's context is therefore divided by a factor
of its own, and the weights it meets are multiplied by it (Xiao et al., SmoothQuant, 2022). That is
free there, since the context is linear in the values; elsewhere it costs a pass over the matrix,
which buys less than the same time spent on neurons.

Two thirds of the time goes into the feed-forward neurons, 1,536 in each layer, some of which hardly
matter, and so do some heads of the first layers. The least ones go, as long as the error that
remains varies by no more than a set share of the signal it would be added to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.models.packed import PackedModel
from kb.models.pruning import Floats, Moments, Pruned, prune

# Leaves two neurons of three and 129 heads of 144.
_NEURON_SHARE = 0.010
_HEAD_SHARE = 0.002
# Which part of a column's range the weights take over; 0.5 leaves the cosine at 0.997.
_STRENGTH = 0.7
_LEAST = 1e-4
_SAMPLE = Path(__file__).with_name("sample.txt")


@dataclass(frozen=True, slots=True)
class Observed:
    """What three products of a layer got on the samples."""

    context: Moments
    feed: Moments
    active: Moments


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """The heads and neurons of a layer that stay, with the weights of the product they go into.

    ``heads.kept`` are columns of the context, ``context`` the factors for these columns, and
    ``neurons.kept`` the neurons.
    """

    context: Floats
    heads: Pruned
    neurons: Pruned


def sample_texts() -> list[str]:
    """Return sample texts with their prefixes: laws, reports, manuals, tables, some languages."""
    return _SAMPLE.read_text(encoding="utf-8").splitlines()


def plan_layer(model: PackedModel, layer: int, seen: Observed) -> LayerPlan:
    """Plan one layer from what was seen of it."""
    sizes = model.sizes
    name = f"l{layer}."
    signal = float(seen.feed.variance.sum())
    heads = prune(
        model.blocks(name + "ao.w", sizes.hidden).dense(),
        seen.context,
        _HEAD_SHARE * signal,
        group=sizes.hidden // sizes.heads,
    )
    neurons = prune(
        model.blocks(name + "fo.w", sizes.feed_forward).dense(),
        seen.active,
        _NEURON_SHARE * signal,
    )
    return LayerPlan(
        context=_factors(seen.context.reach[heads.kept], heads.weights),
        heads=heads,
        neurons=neurons,
    )


def _factors(reach: NDArray[np.float64], weights: Floats) -> Floats:
    inputs = np.maximum(reach, _LEAST)
    weight = np.maximum(np.abs(weights).max(axis=0), _LEAST)
    factors = inputs**_STRENGTH / weight ** (1 - _STRENGTH)
    # Only the proportions matter; around one they keep the numbers in their usual range.
    return np.asarray(factors / np.exp(np.log(factors).mean()), dtype=np.float32)
