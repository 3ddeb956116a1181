"""Write the encoder of multilingual-e5-small as an ONNX graph with int8 weights.

What the shape of the graph rests on, measured on two cores with AVX2:

- Weights are int8 with a scale for each output, activations uint8, quantised as the graph runs
  (`DynamicQuantizeMatMul`). The range of the activations is taken over a whole call, so a call
  holds one text: no padding, no mask, and a text has the same vector whatever stands beside it. A
  batch is no faster: its activations leave the cache.
- Weights use 7 of the 8 bits: processors without VNNI add two products in 16 bits, which 8 bits can
  overflow. The cosine is the same.
- `Add` and `LayerNormalization` in place of the fused `SkipLayerNormalization`, which takes six
  times as long as the two together. `Attention` takes a sixth less time than `MultiHeadAttention`.
- The word embeddings stay in the 4 bits they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from kb.models.calibration import LayerPlan, Observed
from kb.models.packed import BLOCK, Blocks, PackedModel
from kb.models.pruning import MomentsCounter

OUTPUT = "sentence_embedding"
_RANGE = 63
_MICROSOFT = "com.microsoft"
_OPSET = 23
_IR_VERSION = 11
# Tokens whose activations are held at once while a model is observed.
_PORTION = 1024


def write_graph(model: PackedModel, path: Path, plans: Sequence[LayerPlan] | None = None) -> None:
    """Write the graph: input ``input_ids`` (batch, tokens), output unit vectors (batch, hidden)."""
    onnx.save(_Graph(model, plans=plans).build(), path)


def observe(
    model: PackedModel,
    texts: Sequence[Sequence[int]],
    advance: Callable[[float], None] = lambda _share: None,
) -> Iterator[Observed]:
    """Run texts (token ids) in float32; yields what the products of each layer got.

    A token weighs the less the longer its text is: the vector of a short text is the mean of a few
    tokens only, whose errors cancel out less. ``advance`` gets the share of the tokens that are
    through.
    """
    graph = _Graph(model, exact=True).build()
    parts = ("context", "aln", "active")
    names = [f"l{layer}.{part}" for layer in range(model.sizes.layers) for part in parts]
    graph.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    counters = [MomentsCounter() for _ in names]
    total, done = sum(map(len, texts)), 0
    for portion in _portions(texts):
        runs = [session.run(names, {"input_ids": np.array([ids], np.int64)}) for ids in portion]
        lengths = np.array([len(ids) for ids in portion])
        weights = np.repeat(lengths**-0.5, lengths).astype(np.float32)
        for counter, found in zip(counters, zip(*runs, strict=True), strict=True):
            counter.add(np.concatenate([rows[0] for rows in found]), weights)
        done += len(weights)
        advance(done / total)
    for start in range(0, len(names), len(parts)):
        yield Observed(*(counter.moments() for counter in counters[start : start + len(parts)]))


def _portions(texts: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    # Sums over many rows at a time are fast; what a layer does on all texts is gigabytes.
    portion: list[Sequence[int]] = []
    for ids in texts:
        portion.append(ids)
        if sum(map(len, portion)) >= _PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


class _Graph:
    """Builds the graph: in float32 when ``exact``, else in int8, as planned for each layer."""

    def __init__(
        self, model: PackedModel, *, plans: Sequence[LayerPlan] | None = None, exact: bool = False
    ) -> None:
        self._model = model
        self._plans = plans
        self._exact = exact
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def build(self) -> onnx.ModelProto:
        sizes = self._model.sizes
        x = self._embeddings()
        for layer in range(sizes.layers):
            x = self._layer(layer, x)
        axes = self._weight("axes.tokens", np.array([1], np.int64))
        pooled = self._node("ReduceMean", [x, axes], "pooled", keepdims=0)
        self._node("LpNormalization", [pooled], OUTPUT, axis=-1, p=2)
        graph = helper.make_graph(
            self._nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", sizes.hidden])],
            self._weights,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _embeddings(self) -> str:
        hidden = self._model.sizes.hidden
        words = self._model.blocks("emb.word", hidden)
        self._node(
            "GatherBlockQuantized",
            [
                self._weight("words", _packed(words)),
                "input_ids",
                self._weight("words.scale", words.scales),
            ],
            "words.dense",
            domain=_MICROSOFT,
            bits=4,
            block_size=BLOCK,
            gather_axis=0,
            quantize_axis=1,
        )
        # There is one token type only, so its row joins the positions.
        kinds = self._model.floats("emb.type").reshape(-1, hidden)[0]
        positions = self._model.floats("emb.pos").reshape(-1, hidden) + kinds
        zero = self._weight("zero", np.array([0], np.int64))
        length = self._node("Shape", ["input_ids"], "length", start=1, end=2)
        places = self._node(
            "Slice", [self._weight("positions", positions), zero, length, zero], "places"
        )
        return self._normalised(
            "emb.", "ln", self._node("Add", ["words.dense", places], "embedded")
        )

    def _layer(self, layer: int, x: str) -> str:
        name = f"l{layer}."
        plan = self._plans[layer] if self._plans else None
        three = [self._linear(name + part, "hidden") for part in "qkv"]
        mix, mix_bias = self._linear(name + "ao", "hidden")
        into, into_bias = self._linear(name + "fi", "hidden")
        out, out_bias = self._linear(name + "fo", "feed_forward")
        if plan is not None:
            heads, neurons = plan.heads, plan.neurons
            three = [(rows[heads.kept], bias[heads.kept]) for rows, bias in three]
            # The context is linear in the values: its factors go into the rows that make these.
            values, values_bias = three[-1]
            three[-1] = values / plan.context[:, None], values_bias / plan.context
            mix, mix_bias = heads.weights * plan.context, mix_bias + heads.bias
            into, into_bias = into[neurons.kept], into_bias[neurons.kept]
            out, out_bias = neurons.weights, out_bias + neurons.bias
        joined = self._product(
            x,
            name + "qkv",
            np.concatenate([rows for rows, _ in three]),
            np.concatenate([bias for _, bias in three]),
        )
        parts = [f"{name}{part}.out" for part in "qkv"]
        self._nodes.append(helper.make_node("Split", [joined], parts, axis=-1, num_outputs=3))
        heads_left = mix.shape[1] * self._model.sizes.heads // self._model.sizes.hidden
        context = self._node(
            "Attention", parts, name + "context", q_num_heads=heads_left, kv_num_heads=heads_left
        )
        mixed = self._product(context, name + "ao", mix, mix_bias)
        x = self._normalised(name, "aln", self._node("Add", [x, mixed], name + "attended"))
        wide = self._product(x, name + "fi", into, into_bias)
        active = self._node("FastGelu", [wide], name + "active", domain=_MICROSOFT)
        narrow = self._product(active, name + "fo", out, out_bias)
        return self._normalised(name, "oln", self._node("Add", [x, narrow], name + "fed"))

    def _linear(self, name: str, inputs: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        width = getattr(self._model.sizes, inputs)
        return self._model.blocks(f"{name}.w", width).dense(), self._model.floats(f"{name}.b")

    def _product(
        self,
        x: str,
        name: str,
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
    ) -> str:
        if self._exact:
            product = self._node("MatMul", [x, self._weight(name + ".w", weights.T)], name + ".mm")
            return self._node("Add", [product, self._weight(name + ".b", bias)], name + ".out")
        scale = np.abs(weights).max(axis=1) / _RANGE
        scale[scale == 0] = 1.0
        codes = np.rint(weights / scale[:, None]).astype(np.int8).T
        inputs = [
            x,
            self._weight(name + ".codes", codes),
            self._weight(name + ".scale", scale),
            "",
            self._weight(name + ".bias", bias),
        ]
        return self._node("DynamicQuantizeMatMul", inputs, name + ".out", domain=_MICROSOFT)

    def _normalised(self, name: str, part: str, x: str) -> str:
        gain = self._weight(f"{name}{part}.gain", self._model.floats(f"{name}{part}.w"))
        bias = self._weight(f"{name}{part}.bias", self._model.floats(f"{name}{part}.b"))
        epsilon = self._model.sizes.epsilon
        return self._node(
            "LayerNormalization", [x, gain, bias], f"{name}{part}", axis=-1, epsilon=epsilon
        )

    def _node(self, operator: str, inputs: Sequence[str], output: str, **options: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], **options))
        return output

    def _weight(self, name: str, values: NDArray[Any]) -> str:
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _packed(blocks: Blocks) -> NDArray[np.uint8]:
    # Two neighbours share a byte, the first in the low half.
    pairs = blocks.codes[:, 0::2] | (blocks.codes[:, 1::2] << 4)
    return pairs.astype(np.uint8)
