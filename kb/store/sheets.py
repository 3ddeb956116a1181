"""Tables with their cells: written part by part, read by document, by place or by passage."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from kb.errors import NotFoundError
from kb.store.catalog import take_ids
from kb.store.database import Database
from kb.store.tables import contents, documents, passages, sheet_parts, sheet_tables
from kb.types import SheetRow, SheetTable, TablePart, TableRows

# Most of what can be won, at the speed of a fast disk.
_COMPRESSION = 3
# A part has at most 200 rows; its cells may take some hundred kilobytes.
_PARTS_AT_ONCE = 50
# SQL engines bound the number of values in a statement.
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PackedPart:
    """A part of a table with its cells compressed, so that writing it takes no time."""

    part: TablePart
    cells: bytes


def pack(part: TablePart) -> PackedPart:
    """Compress the cells of a part; not inside a write transaction."""
    return PackedPart(part, _packed((part.rows, part.row_lines)))


def write_parts(connection: Connection, content_id: int, parts: Sequence[PackedPart]) -> None:
    """Write parts of a content's tables, in the caller's transaction."""
    for packed in parts:
        part = packed.part
        connection.execute(
            insert(sheet_parts).values(
                table_id=_grown_table(connection, content_id, part),
                first_row=part.first_row,
                last_row=part.first_row + len(part.rows) - 1,
                first_column=part.first_column,
                content_id=content_id,
                first_line=part.first_line,
                last_line=part.first_line + sum(part.row_lines) - 1,
                rows=packed.cells,
            )
        )


def purge_tables(connection: Connection, content_id: int) -> bool:
    """Delete some of a content's tables; returns whether there was one."""
    keys = connection.execute(
        select(sheet_parts.c.table_id, sheet_parts.c.first_row)
        .where(sheet_parts.c.content_id == content_id)
        .limit(_PARTS_AT_ONCE)
    ).all()
    for table_id, first_row in keys:
        connection.execute(
            delete(sheet_parts).where(
                sheet_parts.c.table_id == table_id, sheet_parts.c.first_row == first_row
            )
        )
    if keys:
        return True
    ids = list(
        connection.execute(
            select(sheet_tables.c.id)
            .where(sheet_tables.c.content_id == content_id)
            .limit(_IDS_AT_ONCE)
        ).scalars()
    )
    connection.execute(delete(sheet_tables).where(sheet_tables.c.id.in_(ids)))
    return bool(ids)


class Sheets:
    """Reads the tables of live contents; every read is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of_documents(self, kb_id: str, document_ids: Sequence[int]) -> list[SheetTable]:
        """The tables of documents, each document's in reading order."""
        found: list[SheetTable] = []
        for start in range(0, len(document_ids), _IDS_AT_ONCE):
            query = (
                _tables()
                .where(
                    documents.c.kb_id == kb_id,
                    documents.c.id.in_(document_ids[start : start + _IDS_AT_ONCE]),
                )
                .order_by(documents.c.id, sheet_tables.c.number)
            )
            with self._db.read() as connection:
                found.extend(map(_table, connection.execute(query)))
        return found

    def at_row(self, kb_id: str, document_id: int, sheet: str | None, row: int) -> list[SheetTable]:
        """The tables of a sheet that have this row; several where they stand side by side."""
        query = (
            _tables()
            .join(sheet_parts, sheet_parts.c.table_id == sheet_tables.c.id)
            .where(
                documents.c.kb_id == kb_id,
                documents.c.id == document_id,
                sheet_tables.c.of_sheet,
                sheet_tables.c.sheet.is_not_distinct_from(sheet),
                sheet_parts.c.first_row <= row,
                sheet_parts.c.last_row >= row,
            )
            .order_by(sheet_tables.c.number)
        )
        with self._db.read() as connection:
            return [_table(each) for each in connection.execute(query)]

    def rows(
        self, table: SheetTable, *, first: int | None = None, last: int | None = None
    ) -> Iterator[SheetRow]:
        """Read the rows numbered from ``first`` to ``last``, a part of the table at a time.

        Raises:
            NotFoundError: the table's document was replaced or removed meanwhile.
        """
        for first_row, last_row in self._parts(table):
            if (first is not None and last_row < first) or (last is not None and first_row > last):
                continue
            for row in self._part_rows(table, first_row):
                if (first is None or row.number >= first) and (last is None or row.number <= last):
                    yield row

    def of_passages(self, passage_ids: Sequence[int]) -> dict[int, list[TableRows]]:
        """The rows of tables that live passages show, in reading order.

        A passage of a text may show rows of several small tables, or none.
        """
        found: dict[int, list[TableRows]] = {}
        with self._db.read() as connection:
            rows = connection.execute(_OF_PASSAGES, {"ids": list(passage_ids)}).all()
        for row in rows:
            table = _table(row)
            shown = _shown_rows(table, row)
            spans = found.setdefault(row.passage_id, [])
            if spans and spans[-1].table.table_id == table.table_id:
                spans[-1] = TableRows(table, spans[-1].rows + shown)
            elif shown:
                spans.append(TableRows(table, shown))
        return found

    def passages_of(self, table: SheetTable, numbers: Sequence[int]) -> dict[int, int]:
        """The first passage that shows each of these few rows; rows without text have none."""
        found: dict[int, int] = {}
        with self._db.read() as connection:
            for number in numbers:
                part = connection.execute(
                    select(sheet_parts).where(
                        sheet_parts.c.table_id == table.table_id,
                        sheet_parts.c.first_row <= number,
                        sheet_parts.c.last_row >= number,
                    )
                ).first()
                if part is None:
                    continue
                _, row_lines = _unpacked(part.rows)
                line = part.first_line + sum(row_lines[: number - part.first_row])
                passage_id = connection.execute(
                    select(passages.c.id)
                    .where(
                        passages.c.content_id == part.content_id,
                        passages.c.first_line <= line,
                        passages.c.last_line >= line,
                    )
                    .order_by(passages.c.first_line, passages.c.id)
                ).scalar()
                if passage_id is not None and row_lines[number - part.first_row]:
                    found[number] = int(passage_id)
        return found

    def _parts(self, table: SheetTable) -> list[tuple[int, int]]:
        with self._db.read() as connection:
            parts = connection.execute(
                select(sheet_parts.c.first_row, sheet_parts.c.last_row)
                .where(sheet_parts.c.table_id == table.table_id)
                .order_by(sheet_parts.c.first_row)
            ).all()
        if not parts:
            raise _gone(table)
        return [(part.first_row, part.last_row) for part in parts]

    def _part_rows(self, table: SheetTable, first_row: int) -> Iterator[SheetRow]:
        with self._db.read() as connection:
            part = connection.execute(
                select(sheet_parts.c.first_column, sheet_parts.c.rows).where(
                    sheet_parts.c.table_id == table.table_id,
                    sheet_parts.c.first_row == first_row,
                )
            ).first()
        if part is None:
            raise _gone(table)
        rows, _ = _unpacked(part.rows)
        for number, cells in enumerate(rows, first_row):
            yield SheetRow(number, _aligned(cells, part.first_column, table))


def _tables() -> Select[Any]:
    """Tables of live contents with every document that has them, and the first one's number."""
    others = documents.alias()
    first = (
        select(func.min(others.c.id))
        .where(others.c.content_id == sheet_tables.c.content_id)
        .scalar_subquery()
    )
    return (
        select(
            sheet_tables,
            contents.c.kb_id,
            documents.c.id.label("document_id"),
            documents.c.path,
            first.label("first_document"),
        )
        .select_from(
            sheet_tables.join(contents, contents.c.id == sheet_tables.c.content_id).join(
                documents, documents.c.content_id == contents.c.id
            )
        )
        .where(contents.c.live)
    )


def _of_passages() -> Select[Any]:
    tables = _tables().subquery()
    return (
        select(
            tables,
            passages.c.id.label("passage_id"),
            passages.c.first_line.label("passage_first"),
            passages.c.last_line.label("passage_last"),
            sheet_parts.c.first_row.label("part_row"),
            sheet_parts.c.first_column.label("part_column"),
            sheet_parts.c.first_line.label("part_line"),
            sheet_parts.c.rows,
        )
        .select_from(
            passages.join(
                sheet_parts,
                (sheet_parts.c.content_id == passages.c.content_id)
                & (sheet_parts.c.first_line <= passages.c.last_line)
                & (sheet_parts.c.last_line >= passages.c.first_line),
            ).join(tables, tables.c.id == sheet_parts.c.table_id)
        )
        .where(
            passages.c.id.in_(bindparam("ids", expanding=True)),
            tables.c.document_id == tables.c.first_document,
        )
        .order_by(passages.c.id, sheet_parts.c.first_line, sheet_parts.c.table_id)
    )


# Each question runs it: making a statement takes as long as running it.
_OF_PASSAGES = _of_passages()


def _table(row: Row[Any]) -> SheetTable:
    return SheetTable(
        table_id=row.id,
        kb_id=row.kb_id,
        document_id=row.document_id,
        document=row.path,
        title=row.title,
        heading=row.heading,
        sheet=row.sheet,
        page=row.page,
        header=tuple(row.header),
        first_row=row.first_row,
        first_column=row.first_column,
        width=row.width,
        of_sheet=row.of_sheet,
        row_count=row.row_count,
    )


def _shown_rows(table: SheetTable, row: Row[Any]) -> tuple[SheetRow, ...]:
    """The rows of a part whose lines overlap those of a passage."""
    rows, row_lines = _unpacked(row.rows)
    shown = []
    line = row.part_line
    for number, (cells, count) in enumerate(zip(rows, row_lines, strict=True), row.part_row):
        if count and line <= row.passage_last and line + count > row.passage_first:
            shown.append(SheetRow(number, _aligned(cells, row.part_column, table)))
        line += count
    return tuple(shown)


def _grown_table(connection: Connection, content_id: int, part: TablePart) -> int:
    """Return the id of a part's table, which is made or widened for it."""
    here = (sheet_tables.c.content_id == content_id) & (sheet_tables.c.number == part.number)
    row = connection.execute(select(sheet_tables).where(here)).first()
    width = max(len(part.rows[0]), len(part.header))
    if row is None:
        # An id is never given twice: what was computed of a table is kept under it.
        table_id = take_ids(connection, "sheet_table", 1)
        connection.execute(
            insert(sheet_tables).values(
                id=table_id,
                content_id=content_id,
                number=part.number,
                title=part.title,
                heading=part.heading,
                sheet=part.sheet,
                page=part.page,
                header=list(part.header),
                first_row=part.first_row,
                first_column=part.first_column,
                width=width,
                of_sheet=part.of_sheet,
                row_count=len(part.rows),
            )
        )
        return table_id
    # Later rows may have cells beside those of the first, and records names of their own.
    low = min(row.first_column, part.first_column)
    high = max(row.first_column + row.width, part.first_column + width)
    header = [""] * (high - low) if row.header or part.header else []
    for start, texts in ((row.first_column, row.header), (part.first_column, part.header)):
        for column, text in enumerate(texts, start - low):
            header[column] = text or header[column]
    connection.execute(
        update(sheet_tables)
        .where(here)
        .values(
            header=header,
            first_column=low,
            width=high - low,
            row_count=row.row_count + len(part.rows),
        )
    )
    return int(row.id)


def _aligned(cells: Sequence[str], first_column: int, table: SheetTable) -> tuple[str, ...]:
    """Cells as wide as their table, of which a part may have had fewer columns."""
    left = first_column - table.first_column
    return (*[""] * left, *cells, *[""] * (table.width - left - len(cells)))


def _packed(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _COMPRESSION)


def _unpacked(packed: bytes) -> tuple[list[list[str]], list[int]]:
    rows, row_lines = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    return rows, row_lines


def _gone(table: SheetTable) -> NotFoundError:
    return NotFoundError(
        f"a table of {table.document} is gone", kind="document", name=table.document
    )
