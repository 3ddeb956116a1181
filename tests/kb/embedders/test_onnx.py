from pathlib import Path

import numpy as np
import pytest

from kb.embedders.onnx import OnnxEmbedder
from kb.errors import BackendUnavailableError, EmbeddingError, ModelFileError
from tests.kb.embedders import tiny_models


def _open(path: Path, **values: object) -> OnnxEmbedder:
    return OnnxEmbedder(tiny_models.record("onnx", path=path, **values), path=path, threads=2)


def _weights(path: Path, name: str) -> np.ndarray:  # type: ignore[type-arg]
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path / "model.onnx").graph
    return next(numpy_helper.to_array(item) for item in graph.initializer if item.name == name)


def test_pooling_is_the_records(tmp_path: Path) -> None:
    path = tiny_models.write_masked_export(tmp_path)
    words, kind = _weights(path, "words"), _weights(path, "kinds")[0]
    ids = [2, 3 + tiny_models.LETTERS.index("a"), 3 + tiny_models.LETTERS.index("b")]
    mean = (words[ids] + kind).mean(axis=0)
    first = words[2] + kind
    # A longer neighbour makes padding, which must not count.
    texts = ["ab", "合同赔偿"]
    np.testing.assert_allclose(
        _open(path).embed_passages(texts)[0], mean / np.linalg.norm(mean), rtol=1e-5
    )
    np.testing.assert_allclose(
        _open(path, pooling="cls").embed_passages(texts)[0],
        first / np.linalg.norm(first),
        rtol=1e-5,
    )


def test_texts_are_cut_to_the_models_limit(tmp_path: Path) -> None:
    embedder = _open(tiny_models.write_masked_export(tmp_path))
    long, cut = "abc" * 20, ("abc" * 20)[:11]
    assert embedder.count_tokens(long) == 12
    np.testing.assert_array_equal(embedder.embed_passages([long]), embedder.embed_passages([cut]))


@pytest.mark.parametrize(
    "graph", ["model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx"]
)
def test_the_graph_is_found_where_exports_put_it(tmp_path: Path, graph: str) -> None:
    path = tiny_models.write_masked_export(tmp_path, graph=graph)
    assert _open(path).embed_queries(["合同"]).shape == (1, tiny_models.DIM)


def test_more_texts_than_one_call_holds_keep_their_order(tmp_path: Path) -> None:
    embedder = _open(tiny_models.write_masked_export(tmp_path))
    texts = [(tiny_models.LETTERS * 2)[start : start + 1 + start % 9] for start in range(20)] * 10
    vectors = embedder.embed_passages(texts)
    alone = np.concatenate([embedder.embed_passages([text]) for text in texts[:20]])
    np.testing.assert_allclose(vectors, np.tile(alone, (10, 1)), atol=1e-5)


def test_missing_files_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match=r"lacks any of .*model\.onnx") as caught:
        _open(tmp_path)
    assert caught.value.hint == "kb models pull tiny-onnx"
    tiny_models.write_masked_export(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(BackendUnavailableError, match=r"lacks tokenizer\.json"):
        _open(tmp_path)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = tiny_models.write_masked_export(tmp_path)
    (path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelFileError, match=r"model\.onnx cannot be loaded"):
        _open(path)
    (path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelFileError, match=r"tokenizer\.json cannot be read"):
        _open(path)


def test_another_dimension_than_recorded_is_an_error(tmp_path: Path) -> None:
    embedder = _open(tiny_models.write_masked_export(tmp_path), dim=8)
    with pytest.raises(EmbeddingError, match=r"shape \(\d+, 16\) .* its record says 8 numbers"):
        embedder.embed_passages(["合同"])
