"""Tables inside texts: a filled grid of cells becomes table elements of bounded length."""

from __future__ import annotations

from collections.abc import Iterator

from loaders._unstructured import Element, make_element, make_table
from loaders.tables.grid import ROWS_PER_ELEMENT, split_header
from loaders.tables.header import merged_header

MOST_CELLS = 200_000
"""What the spans of one table may fill; an attack asks for more."""

WIDEST_SPAN = 1000


def grid_elements(
    grid: list[list[str]], *, marked: int = 0, page: int | None = None
) -> Iterator[Element]:
    """Yield a table, in parts of many rows that repeat its header; nothing where it is empty.

    ``marked`` is how many rows at the top the document itself marks as header; 0 leaves it to the
    look of the rows.
    """
    width = max(map(len, grid), default=0)
    padded = [row + [""] * (width - len(row)) for row in grid]
    if not any(map(any, padded)):
        return
    titles = _title_rows(padded)
    for row in padded[:titles]:
        yield make_element(row[0], "Text", page=page)
    padded, marked = padded[titles:], marked - titles
    if 0 < marked < len(padded):
        header = merged_header(padded[:marked])
        rows, skipped = tuple(map(tuple, padded[marked:])), marked
    else:
        header, rows, skipped = split_header(padded)
    for start in range(0, len(rows), ROWS_PER_ELEMENT):
        part = rows[start : start + ROWS_PER_ELEMENT]
        yield make_table(header, part, first_row=1 + titles + skipped + start, page=page)


def _title_rows(rows: list[list[str]]) -> int:
    """Count the rows at the top that are one cell across the whole table: they name it."""
    count = 0
    while count < len(rows) - 1 and len(rows[0]) > 1 and rows[count][0]:
        if len(set(rows[count])) > 1 or len(set(rows[count + 1])) < 2:
            break
        count += 1
    return count
