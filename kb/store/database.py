"""The SQLite file under the catalog: connections, the one write lock, migrations.

All that only SQLite understands stands here; the rest of the store is SQLAlchemy Core.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from kb.errors import CatalogError, CatalogLockedError

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 2_000
"""Rows that one write transaction deletes: keeps it well under 100 ms."""

_BUSY_MILLISECONDS = 10_000
# What was acknowledged survives a power cut with the one, only a killed process with the other.
_FULL, _NORMAL = "FULL", "NORMAL"


class Database:
    """A SQLite file in WAL mode: any number of readers, one writer at a time.

    Raises:
        CatalogError: the file cannot be opened or is damaged.
        CatalogVersionError: a newer version has written it; it stays as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self.writes = 0
        """How often something was written: what was read at the same number is still so."""
        self._readers = _engine(path, begin="BEGIN")
        # One connection, for its way of committing is switched.
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", connections=1)
        self._durable = True
        try:
            self._migrate()
        except (DatabaseError, OperationalError) as exc:
            self.close()
            raise CatalogError(
                f"cannot open the catalog {path}: {exc.orig}", path=str(path)
            ) from exc
        except CatalogError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a snapshot; it never waits for the writer."""
        with self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Open the one write transaction; it commits at the end, or rolls back on an error.

        Args:
            durable: whether it is on the disk when this returns. Otherwise a power cut may undo it
                (no killed process does), but not once a later durable one was committed: for steps
                of work that nobody has been told of and that are done again.

        Raises:
            CatalogLockedError: another program has held the file for too long.
        """
        with self._write_lock, ExitStack() as stack:
            # After the commit: whoever reads at the new number must read what was written.
            stack.callback(self._count_write)
            try:
                connection = stack.enter_context(self._writer.connect())
                self._set_durable(connection, durable)
                stack.enter_context(connection.begin())
            except OperationalError as exc:
                if "locked" not in str(exc.orig):
                    raise
                raise CatalogLockedError(
                    f"another program holds {self.path}", path=str(self.path)
                ) from exc
            yield connection

    def _set_durable(self, connection: Connection, durable: bool) -> None:
        """Wait for the disk at the commit, or leave that to the next one that waits."""
        if durable == self._durable:
            return
        driver = connection.connection.dbapi_connection
        assert driver is not None  # noqa: S101 - it was just taken from the pool
        # Not by SQLAlchemy, which would begin a transaction, in which nothing can be set.
        driver.cursor().execute(f"PRAGMA synchronous = {_FULL if durable else _NORMAL}")
        self._durable = durable

    def _count_write(self) -> None:
        self.writes += 1

    def close(self) -> None:
        """Close every connection."""
        self._readers.dispose()
        self._writer.dispose()

    def _migrate(self) -> None:
        from kb.store.migrations import HEAD, upgrade

        with self._writer.connect() as connection:
            current = _current_revision(connection)
        if current == HEAD:
            return
        # Alembic takes a third of a second to import: only when there is something to do.
        logger.info("catalog schema %s -> %s", current, HEAD)
        with self._write_lock, self._writer.begin() as connection:
            upgrade(connection)


def _engine(path: Path, *, begin: str, connections: int = 48) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
        json_serializer=_to_json,
        pool_size=min(16, connections),
        max_overflow=max(0, connections - 16),
        # The connection used last has the pages of the catalog that are needed next.
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def _configure(dbapi: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions of its own: the begin event below does.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {_FULL}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _current_revision(connection: Connection) -> str | None:
    found = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    ).first()
    if found is None:
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])
