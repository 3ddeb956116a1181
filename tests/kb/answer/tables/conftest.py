import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases
from tests.kb.answer.tables import tables
from tests.kb.store.conftest import Store


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with a knowledge base "kb", to be copied: migrations take a while."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.db"
    store = Store(path)
    store.catalog.create("kb", "财报", description="", embedder="tiny", dim=4, created_by="someone")
    store.database.close()
    return path


@pytest.fixture
def store(empty_catalog: Path, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "catalog.db"
    shutil.copy(empty_catalog, path)
    store = Store(path)
    yield store
    store.database.close()


@pytest.fixture
def databases(store: Store, tmp_path: Path) -> Iterator[SheetDatabases]:
    databases = SheetDatabases(store.sheets, tmp_path / "sheets")
    yield databases
    databases.close()


@pytest.fixture
def staff(store: Store, databases: SheetDatabases) -> SheetDatabase:
    """Five people of three departments, a row of totals below them."""
    return tables.staff(store, databases)
