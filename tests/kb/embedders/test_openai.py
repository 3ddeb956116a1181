import pytest

from kb.embedders.openai import OpenAIEmbedder
from kb.errors import BackendUnavailableError, EmbeddingError, SettingsError
from tests.kb.embedders import tiny_models
from tests.kb.embedders.server import Embeddings, serving


def _open(url: str, key: str = "") -> OpenAIEmbedder:
    return OpenAIEmbedder(
        tiny_models.record("openai"), api_base_url=url, api_key=key, first_pause=0.01
    )


def test_many_texts_are_sent_in_parts() -> None:
    with serving(Embeddings()) as server:
        assert _open(server.url).embed_passages(["a"] * 70).shape == (70, 16)
        assert server.sizes == [32, 32, 6]


def test_a_busy_server_is_asked_again() -> None:
    with serving(Embeddings(statuses=[503, 429])) as server:
        assert _open(server.url).embed_queries(["合同"]).shape == (1, 16)


def test_a_server_that_stays_busy_is_an_error() -> None:
    with (
        serving(Embeddings(statuses=[503] * 9)) as server,
        pytest.raises(EmbeddingError, match="answered 503: busy"),
    ):
        _open(server.url).embed_queries(["合同"])


def test_a_wrong_key_is_told_at_once() -> None:
    with serving(Embeddings(key="secret", statuses=[503])) as server:
        with pytest.raises(EmbeddingError, match="401: the key is not accepted"):
            _open(server.url, "other").embed_queries(["合同"])
        assert server.statuses == [503]


def test_a_wrong_address_is_told() -> None:
    with (
        serving(Embeddings()) as server,
        pytest.raises(EmbeddingError, match="404: no such model or address"),
    ):
        _open(server.url + "/more").embed_queries(["合同"])


@pytest.mark.parametrize("answer", ["<html>", "{}", '{"data": [{"index": 0}]}'])
def test_an_answer_of_another_kind_is_an_error(answer: str) -> None:
    with (
        serving(Embeddings(answer=answer)) as server,
        pytest.raises(EmbeddingError, match="something else than embeddings"),
    ):
        _open(server.url).embed_queries(["合同"])


def test_another_dimension_is_an_error() -> None:
    with (
        serving(Embeddings(dim=8)) as server,
        pytest.raises(EmbeddingError, match="its record says 16 numbers"),
    ):
        _open(server.url).embed_queries(["合同"])


def test_no_server_says_so() -> None:
    with pytest.raises(BackendUnavailableError, match="no server answers at http"):
        _open("http://127.0.0.1:9/v1").embed_queries(["合同"])


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(SettingsError, match="is no address of a server"):
        _open("localhost:8000")
