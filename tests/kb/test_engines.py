from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.engines import DEFAULT_CHAT_MODEL, Engines
from kb.errors import NotFoundError
from kb.models.table import EmbedderModel
from kb.settings import Settings
from kb.store.catalog import Catalog
from kb.store.database import Database
from kb.store.passages import Passages
from kb.store.sheets import Sheets
from kb.store.vectors import Vectors
from tests.kb.hashing import HashingEmbedder


class SlowOpener:
    """Opens embedders only when it is told to go on, and counts them."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.opened = 0

    def __call__(self, model: EmbedderModel, *, folder: Path, threads: int) -> HashingEmbedder:
        self.asked.set()
        assert self.go_on.wait(20)
        self.opened += 1
        return HashingEmbedder(model)


@pytest.fixture
def opener() -> SlowOpener:
    return SlowOpener()


@pytest.fixture
def engines(tmp_path: Path, opener: SlowOpener) -> Iterator[Engines]:
    database = Database(tmp_path / "catalog.db")
    engines = Engines(
        Settings(home=tmp_path, models=tmp_path / "models"),
        opener=opener,
        catalog=Catalog(database),
        passages=Passages(database),
        vectors=Vectors(database),
        sheets=Sheets(database),
    )
    yield engines
    engines.close()
    database.close()


def test_an_embedder_is_opened_once_and_the_chat_model_does_not_wait_for_it(
    engines: Engines, opener: SlowOpener
) -> None:
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(engines.embedder("e5-small")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert opener.asked.wait(20)
    assert engines.chat().state.name == "absent"
    opener.go_on.set()
    for thread in threads:
        thread.join()
    assert opener.opened == 1
    assert found[0] is found[1]


def test_another_chat_model_is_used_from_the_next_question_on(engines: Engines) -> None:
    former = engines.chat()
    assert former.name == DEFAULT_CHAT_MODEL
    assert engines.chat() is former
    engines.use_chat_model("qwen2.5-coder-0.5b")
    assert engines.chat().name == "qwen2.5-coder-0.5b"
    with pytest.raises(NotFoundError):
        engines.use_chat_model("none")
    assert engines.chat_model() == "qwen2.5-coder-0.5b"
