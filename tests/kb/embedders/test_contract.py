"""What every embedding backend promises, run over each one that is installed."""

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.embedders.base import Embedder
from kb.embedders.langchain import LangChainEmbeddings
from kb.embedders.openai import OpenAIEmbedder
from kb.embedders.registry import open_embedder
from tests.kb.embedders import tiny_models
from tests.kb.embedders.server import Embeddings, serving

TEXTS = ["合同解除", "天气预报晴转多云", "股东会表决", "a", "合同赔偿abc123", "解除"]
QUERY, PASSAGE = "1", "2"


class EmbedderContract:
    """The promises; a backend's class brings the fixture ``embedder``."""

    def test_vectors_are_unit_float32_of_the_recorded_dimension(self, embedder: Embedder) -> None:
        vectors = embedder.embed_passages(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)

    def test_order_is_kept_and_company_does_not_matter(self, embedder: Embedder) -> None:
        together = embedder.embed_passages(TEXTS)
        for text, vector in zip(TEXTS, together, strict=True):
            assert float(embedder.embed_passages([text])[0] @ vector) > 0.9999

    def test_queries_and_passages_carry_their_own_prefix(self, embedder: Embedder) -> None:
        as_query, as_passage = embedder.embed_queries(["合同"]), embedder.embed_passages(["合同"])
        assert float(as_query[0] @ as_passage[0]) < 0.9999
        swapped = embedder.embed_passages(["合同"])
        np.testing.assert_array_equal(swapped, as_passage)

    def test_nothing_in_nothing_out(self, embedder: Embedder) -> None:
        assert embedder.embed_passages([]).shape == (0, embedder.dim)

    def test_a_text_beyond_the_limit_and_an_empty_one_are_embedded(
        self, embedder: Embedder
    ) -> None:
        assert np.isfinite(embedder.embed_passages(["合同" * 400, ""])).all()

    def test_several_threads_get_their_own_vectors(self, embedder: Embedder) -> None:
        expected = embedder.embed_queries(TEXTS)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda text: embedder.embed_queries([text])[0], TEXTS * 5))
        for vector, wanted in zip(found, np.tile(expected, (5, 1)), strict=True):
            assert float(vector @ wanted) > 0.9999

    def test_langchain_sees_the_same_vectors(self, embedder: Embedder) -> None:
        adapter = LangChainEmbeddings(embedder)
        np.testing.assert_allclose(
            adapter.embed_documents(TEXTS[:2]), embedder.embed_passages(TEXTS[:2]), rtol=1e-5
        )
        np.testing.assert_allclose(
            adapter.embed_query("合同"), embedder.embed_queries(["合同"])[0], rtol=1e-5
        )


class TestMaskedExport(EmbedderContract):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Iterator[Embedder]:
        path = tiny_models.write_masked_export(tmp_path / "export")
        model = tiny_models.record("onnx", path=path, query_prefix=QUERY, passage_prefix=PASSAGE)
        embedder = open_embedder(model, folder=tmp_path, threads=2)
        yield embedder
        embedder.close()


class TestConverted(EmbedderContract):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Iterator[Embedder]:
        path = tiny_models.write_converted(tmp_path / "converted")
        model = tiny_models.record(
            "onnx", path=path, dim=64, query_prefix=QUERY, passage_prefix=PASSAGE
        )
        embedder = open_embedder(model, folder=tmp_path, threads=2)
        yield embedder
        embedder.close()


@pytest.fixture(scope="module")
def sentence_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write_sentence_transformer(tmp_path_factory.mktemp("transformer"))


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None,
    reason="the extra `transformers` is not installed",
)
class TestSentenceTransformers(EmbedderContract):
    @pytest.fixture
    def embedder(self, sentence_transformer: Path, tmp_path: Path) -> Iterator[Embedder]:
        model = tiny_models.record(
            "sentence_transformers",
            path=sentence_transformer,
            query_prefix=QUERY,
            passage_prefix=PASSAGE,
        )
        embedder = open_embedder(replace(model, max_tokens=32), folder=tmp_path, threads=1)
        yield embedder
        embedder.close()


class TestOpenAI(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Iterator[Embedder]:
        with serving(Embeddings(key="secret")) as server:
            model = tiny_models.record("openai", query_prefix=QUERY, passage_prefix=PASSAGE)
            embedder = OpenAIEmbedder(model, api_base_url=server.url, api_key="secret")
            yield embedder
            embedder.close()
