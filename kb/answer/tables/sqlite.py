"""A table as a typed SQLite database that can only be read, within a time and a row limit.

It is made when first asked, in memory or, where the table is long, in a file that can be made again
at any time.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path

from kb.answer.tables.columns import Column, is_total, typed_columns
from kb.errors import CatalogError
from kb.store.sheets import Sheets
from kb.types import SheetRow, SheetTable

logger = logging.getLogger(__name__)

ROW_NUMBER = "行号"
IS_TOTAL = "合计行"

Value = str | float | int | None

_SAMPLE = 1000
_LARGE_CELLS = 200_000
_SECONDS = 5.0
_ROW_LIMIT = 1000
_STEPS_BETWEEN_LOOKS = 20_000
_MOST_OPEN = 16
_MOST_FILES = 32
_FORMAT = 1
_ALLOWED = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ))
_ALLOWED_FUNCTIONS = frozenset(
    ("count", "sum", "avg", "max", "min", "instr", "length", "like", "round", "abs", "coalesce")
)


class TooLongError(Exception):
    """A query took longer than it may."""


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


class SheetDatabase:
    """One table in SQLite: a typed column and, beside those that are no text, the cell's own text.

    The row's number stands in 行号; where the table has rows that sum up others, 合计行 marks them.
    Safe to use from several threads.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: SheetTable,
        columns: Sequence[Column],
        *,
        has_totals: bool,
    ) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.has_totals = has_totals
        self.name = table_name(table)
        self._names = column_names(columns)
        self._lock = threading.Lock()
        self._connection = connection
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_authorise)

    def column(self, index: int) -> str:
        """The name of a column's typed values, quoted."""
        return quoted(self._names[index])

    def text(self, index: int) -> str:
        """The name of a column's cells as they stand in the table, quoted."""
        if self.columns[index].kind == "text":
            return self.column(index)
        return quoted(_text_name(self._names[index]))

    def run(
        self, sql: str, values: Sequence[Value] = (), *, limit: int = _ROW_LIMIT
    ) -> list[tuple[Value, ...]]:
        """Run one SELECT and return at most ``limit`` rows.

        Raises:
            TooLongError: it took longer than a few seconds.
            CatalogError: SQLite refused it.
        """
        with self._lock:
            ends = time.monotonic() + _SECONDS
            self._connection.set_progress_handler(
                lambda: int(time.monotonic() > ends), _STEPS_BETWEEN_LOOKS
            )
            try:
                with closing(self._connection.execute(sql, tuple(values))) as cursor:
                    return cursor.fetchmany(limit)
            except sqlite3.OperationalError as exc:
                if "interrupted" in str(exc):
                    raise TooLongError(f"{self.table.document}: {_SECONDS:.0f} seconds") from exc
                raise CatalogError(f"{self.table.document}: {exc}") from exc
            except sqlite3.DatabaseError as exc:
                raise CatalogError(f"{self.table.document}: {exc}") from exc

    def cells(self, index: int, *, limit: int, inside: str | None = None) -> list[str]:
        """The different cells of a column of text, at most ``limit``; only those in a text.

        Rows that sum up others are left out: their names are no cells to ask for.
        """
        name = self.column(index)
        conditions = [f"{name} IS NOT NULL"]
        if self.has_totals:
            conditions.append(f"NOT {quoted(IS_TOTAL)}")
        values: list[Value] = []
        if inside is not None:
            conditions.append(f"INSTR(?, {name}) > 0")
            values.append(inside)
        where = " AND ".join(conditions)
        found = self.run(
            f"SELECT DISTINCT {name} FROM {quoted(self.name)} WHERE {where}",  # noqa: S608 - quoted
            values,
            limit=limit,
        )
        return [str(cell) for (cell,) in found]

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class SheetDatabases:
    """Opens tables as databases and keeps the last ones; long ones in files under ``folder``."""

    def __init__(self, sheets: Sheets, folder: Path) -> None:
        self._sheets = sheets
        self._folder = folder
        self._lock = threading.Lock()
        self._open: OrderedDict[int, SheetDatabase] = OrderedDict()

    def open(self, table: SheetTable) -> SheetDatabase:
        """The database of a table.

        Raises:
            NotFoundError: the table's document was replaced or removed meanwhile.
        """
        with self._lock:
            database = self._open.pop(table.table_id, None)
            if database is None:
                started = time.monotonic()
                database = self._make(table)
                logger.debug(
                    "table %d in %.0f ms", table.table_id, 1000 * (time.monotonic() - started)
                )
            self._open[table.table_id] = database
            # What falls out is closed when the last question that uses it has ended.
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
            return database

    def close(self) -> None:
        """Close what is open; the files stay."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _make(self, table: SheetTable) -> SheetDatabase:
        rows = self._sheets.rows(table)
        sample = list(islice(rows, _SAMPLE))
        columns = typed_columns(table, sample)
        if table.row_count * table.width <= _LARGE_CELLS:
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            totals = _fill(connection, table, columns, chain(sample, rows))
            return SheetDatabase(connection, table, columns, has_totals=totals)
        path = self._folder / f"{table.table_id}-v{_FORMAT}.db"
        if not path.is_file():
            self._write(path, table, columns, chain(sample, rows))
        path.touch()
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        found = connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM {quoted(table_name(table))}"  # noqa: S608 - quoted
            f" WHERE {quoted(IS_TOTAL)})"
        ).fetchone()
        return SheetDatabase(connection, table, columns, has_totals=bool(found[0]))

    def _write(
        self, path: Path, table: SheetTable, columns: Sequence[Column], rows: Iterator[SheetRow]
    ) -> None:
        """Write a table's file beside its place, and move it there when it is whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._folder.glob("*.db"), key=lambda each: each.stat().st_mtime)
        for old in kept[: max(0, len(kept) - _MOST_FILES + 1)]:
            old.unlink()
        partial = path.with_suffix(".part")
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(partial)) as connection:
            # A cache: what a power cut breaks is made again.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            _fill(connection, table, columns, rows)
        partial.replace(path)


def table_name(table: SheetTable) -> str:
    """The name that a person would give the table: its document's, and its sheet's."""
    stem = Path(table.document).stem
    return f"{stem} {table.sheet}" if table.sheet and table.sheet != stem else stem


def column_names(columns: Sequence[Column]) -> list[str]:
    """Headers made fit to be names of one table: each once, none empty."""
    taken = {ROW_NUMBER, IS_TOTAL}
    names = []
    for column in columns:
        name = column.header or f"{column.letter}列"
        while {name.lower(), _text_name(name).lower()} & taken:
            name = f"{name} {column.letter}"
        taken |= {name.lower(), _text_name(name).lower()}
        names.append(name)
    return names


def _text_name(name: str) -> str:
    return f"{name}（原文）"


def _fill(
    connection: sqlite3.Connection,
    table: SheetTable,
    columns: Sequence[Column],
    rows: Iterator[SheetRow],
) -> bool:
    """Write the rows; returns whether some of them sum up others."""
    definitions = [f"{quoted(ROW_NUMBER)} INTEGER PRIMARY KEY", f"{quoted(IS_TOTAL)} INTEGER"]
    for column, name in zip(columns, column_names(columns), strict=True):
        definitions.append(f"{quoted(name)} {'REAL' if column.kind == 'number' else 'TEXT'}")
        if column.kind != "text":
            definitions.append(f"{quoted(_text_name(name))} TEXT")
    name = quoted(table_name(table))
    connection.execute(f"CREATE TABLE {name} ({', '.join(definitions)})")
    places = ", ".join("?" * len(definitions))
    totals = 0

    def values() -> Iterator[list[Value]]:
        nonlocal totals
        for row in rows:
            total = is_total(row.cells)
            totals += total
            written: list[Value] = [row.number, int(total)]
            for column, cell in zip(columns, row.cells, strict=True):
                written.append(column.parse(cell))
                if column.kind != "text":
                    written.append(cell)
            yield written

    connection.executemany(f"INSERT INTO {name} VALUES ({places})", values())  # noqa: S608 - quoted
    connection.commit()
    return bool(totals)


def _authorise(
    action: int, _first: str | None, function: str | None, _base: str | None, _trigger: str | None
) -> int:
    """Allow reading, and the functions that plans use."""
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and function in _ALLOWED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
