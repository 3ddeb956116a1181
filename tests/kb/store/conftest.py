from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.store.catalog import Catalog
from kb.store.contents import Contents
from kb.store.database import Database
from kb.store.documents import Documents
from kb.store.health import FileHealth
from kb.store.jobs import Jobs
from kb.store.passages import Passages
from kb.store.removals import Removals
from kb.store.sheets import Sheets
from kb.store.vectors import Vectors


class Store:
    """All of the catalog over one file, with a knowledge base "kb" in it."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.catalog = Catalog(self.database)
        self.documents = Documents(self.database)
        self.removals = Removals(self.database)
        self.contents = Contents(self.database)
        self.passages = Passages(self.database)
        self.vectors = Vectors(self.database)
        self.sheets = Sheets(self.database)
        self.health = FileHealth(self.database)
        self.jobs = Jobs(self.database)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "catalog.db")
    store.catalog.create("kb", "财报", description="", embedder="tiny", dim=4, created_by="someone")
    yield store
    store.database.close()
