from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from kb.models.calibration import plan_layer
from kb.models.graph import OUTPUT, observe, write_graph
from kb.models.packed import PackedModel
from tests.kb.models import tiny

Array = NDArray[np.float32]


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _norm(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    scaled = (x - mean) / np.sqrt(variance + tiny.SIZES.epsilon)
    return np.asarray(scaled * weights[f"{name}.w"] + weights[f"{name}.b"], np.float32)


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))), np.float32)


def _by_hand(w: Mapping[str, Array], ids: list[int]) -> tuple[Array, list[dict[str, Array]]]:
    """The encoder written down in numpy, unquantised: the vector, and what the products get."""
    sizes = tiny.SIZES
    x = w["emb.word"][ids] + w["emb.pos"].reshape(-1, sizes.hidden)[: len(ids)] + w["emb.type"]
    x = _norm(x, w, "emb.ln")
    seen = []
    for layer in range(sizes.layers):

        def linear(value: Array, name: str, layer: int = layer) -> Array:
            return np.asarray(value @ w[f"l{layer}.{name}.w"].T + w[f"l{layer}.{name}.b"])

        inputs = {}
        width = sizes.hidden // sizes.heads
        q, k, v = (linear(x, part).reshape(len(ids), sizes.heads, width) for part in "qkv")
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(width)
        share = np.exp(scores - scores.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        inputs["context"] = np.einsum("hqk,khd->qhd", share, v).reshape(len(ids), -1)
        x = inputs["feed"] = _norm(x + linear(inputs["context"], "ao"), w, f"l{layer}.aln")
        inputs["active"] = _gelu(linear(x, "fi"))
        x = _norm(x + linear(inputs["active"], "fo"), w, f"l{layer}.oln")
        seen.append(inputs)
    pooled = x.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled), np.float32), seen


def test_the_graph_computes_the_encoder(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    write_graph(PackedModel(packed.path), tmp_path / "model.onnx")
    session = _session(tmp_path / "model.onnx")
    assert [item.name for item in session.get_inputs()] == ["input_ids"]
    for ids in ([0, 5, 2], [0, 9, 10, 4, 5, 8, 11, 12, 2], list(range(16))):
        (vector,) = session.run([OUTPUT], {"input_ids": np.array([ids])})
        assert vector.shape == (1, 64)
        assert abs(np.linalg.norm(vector) - 1) < 1e-5
        assert float(vector[0] @ _by_hand(packed.tensors, ids)[0]) > 0.999


def test_the_order_of_the_tokens_matters(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    write_graph(PackedModel(packed.path), tmp_path / "model.onnx")
    session = _session(tmp_path / "model.onnx")
    (one,) = session.run([OUTPUT], {"input_ids": np.array([[0, 5, 8, 2]])})
    (other,) = session.run([OUTPUT], {"input_ids": np.array([[0, 8, 5, 2]])})
    assert float(one[0] @ other[0]) < 0.999


def test_what_each_product_gets_is_observed(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    model = PackedModel(packed.path)
    texts = [[0, 5, 2], [0, 9, 10, 4, 2]]
    traces = [_by_hand(packed.tensors, ids)[1] for ids in texts]
    weights = np.repeat([3**-0.5, 5**-0.5], [3, 5])
    shares: list[float] = []
    for layer, seen in enumerate(observe(model, texts, shares.append)):
        for name, width in (("context", 64), ("feed", 64), ("active", 128)):
            rows = np.concatenate([trace[layer][name] for trace in traces])
            assert rows.shape == (8, width)
            moments = getattr(seen, name)
            mean = np.average(rows, axis=0, weights=weights)
            np.testing.assert_allclose(moments.mean, mean, atol=1e-4)
            np.testing.assert_allclose(moments.reach, np.abs(rows).max(axis=0), atol=1e-4)
            covariance = np.cov(rows.T, bias=True, aweights=weights)
            np.testing.assert_allclose(moments.covariance, covariance, atol=1e-4)
    assert shares == [1.0]


def test_a_planned_graph_computes_the_encoder(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    model = PackedModel(packed.path)
    texts = [[0, *range(start, start + 8), 2] for start in range(3, 30, 3)]
    plans = [plan_layer(model, layer, seen) for layer, seen in enumerate(observe(model, texts))]
    write_graph(model, tmp_path / "model.onnx", plans)
    session = _session(tmp_path / "model.onnx")
    for ids in texts:
        (vector,) = session.run([OUTPUT], {"input_ids": np.array([ids])})
        assert float(vector[0] @ _by_hand(packed.tensors, ids)[0]) > 0.998
