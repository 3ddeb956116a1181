"""Records with named fields as tables: JSON objects, XML elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loaders._unstructured import Element, make_table
from loaders.tables.grid import ROWS_PER_ELEMENT

MOST_COLUMNS = 500
_TABLE_LENGTH = 1_000_000


def keyed_tables(
    records: Iterable[tuple[int, dict[str, str]]], sheet: str | None
) -> Iterator[Element]:
    """Yield numbered records, cells by their columns' names, as tables of bounded size."""
    header: dict[str, None] = {}
    rows: list[dict[str, str]] = []
    first = size = 0
    for number, row in records:
        wide = len(header | dict.fromkeys(row)) > MOST_COLUMNS
        if rows and (wide or len(rows) >= ROWS_PER_ELEMENT or size > _TABLE_LENGTH):
            yield _keyed_table(header, rows, first, sheet)
            rows, size = [], 0
            if wide:
                header = {}
        if not rows:
            first = number
        header.update(dict.fromkeys(row))
        rows.append(row)
        size += sum(map(len, row.values()))
    if rows:
        yield _keyed_table(header, rows, first, sheet)


def _keyed_table(
    header: dict[str, None], rows: list[dict[str, str]], first: int, sheet: str | None
) -> Element:
    return make_table(
        tuple(header),
        tuple(tuple(row.get(key, "") for key in header) for row in rows),
        first_row=first,
        sheet=sheet,
        of_sheet=True,
    )
