import sys
from pathlib import Path

import pytest

from kb.embedders.registry import BACKENDS, open_embedder
from kb.errors import BackendUnavailableError, NotFoundError
from kb.models.table import EMBEDDERS
from tests.kb.embedders import tiny_models
from tests.kb.embedders.server import Embeddings, serving


def test_every_model_of_the_table_has_a_backend() -> None:
    assert {model.backend for model in EMBEDDERS} <= set(BACKENDS)


def test_an_unknown_backend_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="known: onnx, sentence_transformers, openai"):
        open_embedder(tiny_models.record("cobol"), folder=tmp_path)


@pytest.mark.parametrize(
    ("backend", "package", "command"),
    [
        ("onnx", "onnxruntime", "python3 -m app setup"),
        ("sentence_transformers", "torch", "python3 -m app setup --transformers"),
    ],
)
def test_a_missing_package_names_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    package: str,
    command: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BackendUnavailableError, match=f"tiny-{backend} needs {package}") as caught:
        open_embedder(tiny_models.record(backend), folder=tmp_path)
    assert caught.value.hint == command


def test_a_model_that_was_not_pulled_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        open_embedder(EMBEDDERS[0], folder=tmp_path)
    assert caught.value.hint == "kb models pull e5-small"


def test_a_server_is_reached_through_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with serving(Embeddings(key="secret")) as server:
        model = tiny_models.record("openai", path=server.url)
        assert open_embedder(model, folder=tmp_path).embed_queries(["合同"]).shape == (1, 16)
