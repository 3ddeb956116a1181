from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases
from tests.kb.answer.tables import tables
from tests.kb.store.conftest import Store, store

__all__ = ["store"]


@pytest.fixture
def databases(store: Store, tmp_path: Path) -> Iterator[SheetDatabases]:
    databases = SheetDatabases(store.sheets, tmp_path / "sheets")
    yield databases
    databases.close()


@pytest.fixture
def staff(store: Store, databases: SheetDatabases) -> SheetDatabase:
    """Five people of three departments, a row of totals below them."""
    return tables.staff(store, databases)
