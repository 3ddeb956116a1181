from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from kb.errors import CatalogError
from kb.store.database import Database
from kb.store.tables import metadata


def test_migrations_make_exactly_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db")
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    database.close()
    assert differences == []


def test_a_reader_sees_the_state_before_an_open_write(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db")
    with database.write() as writing:
        writing.execute(text("INSERT INTO users VALUES ('a', 'b', 1)"))
        with database.read() as reading:
            assert reading.execute(text("SELECT count(*) FROM users")).scalar() == 0
    with database.read() as reading:
        assert reading.execute(text("SELECT count(*) FROM users")).scalar() == 1
    database.close()


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(text("INSERT INTO users VALUES ('a', 'b', 1)"))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 0
    database.close()


def test_only_what_nobody_was_told_of_is_left_to_a_later_commit(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db")
    kinds = []
    for durable in (True, False, False, True):
        with database.write(durable=durable) as connection:
            kinds.append(connection.execute(text("PRAGMA synchronous")).scalar())
    full, normal = 2, 1
    assert kinds == [full, normal, normal, full]
    database.close()


def test_a_file_that_is_no_database_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"this is no database" * 200)
    with pytest.raises(CatalogError, match=r"catalog\.db"):
        Database(path)
