"""Rows of cells become table elements: header found, empty rows skipped, numbers of rows kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from loaders._unstructured import Element, make_element, make_table

ROWS_PER_ELEMENT = 200
_CHARACTERS_PER_ELEMENT = 1_000_000
_LOOK_AHEAD = 20
_LONGEST_HEADER = 60
_MOST_HEADER_ROWS = 3

Row = tuple[int, list[str]]
"""The number that the spreadsheet program shows, and the cells from column A on."""

_NUMERIC = re.compile(
    r"[-+(]?\s*[¥￥$€£]?\s*[-+]?\d[\d,，]*(?:\.\d+)?(?:[eE][-+]?\d+)?\s*[%‰)]?"
    r"|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}:\d{2}(?::\d{2})?"
)
_YEAR = re.compile(r"(?:19|20)\d{2}(?:年|年度)?")


def is_numeric(text: str) -> bool:
    """Tell whether a cell shows a number, a date or a time."""
    return _NUMERIC.fullmatch(text.strip()) is not None


def split_header(
    grid: list[list[str]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], int]:
    """Return a small table's header, its other rows, and how many rows the header takes."""
    rows: list[Row] = list(enumerate(grid, 1))
    count = _header_rows(rows)
    return (
        (
            _merge_header([cells for _, cells in rows[:count]]),
            tuple(tuple(cells) for cells in grid[count:]),
            count,
        )
        if count < len(grid)
        else ((), tuple(map(tuple, grid)), 0)
    )


def table_elements(rows: Iterable[Row], *, sheet: str | None = None) -> Iterator[Element]:
    """Yield a sheet as tables of at most `ROWS_PER_ELEMENT` rows, streaming.

    Blank rows part a sheet into blocks. A block that starts with a header of its own is a new
    table; otherwise it goes on with the header before it. A line of one single text above a header
    is a title.
    """
    header = _Header()
    chunk: list[Row] = []
    characters = 0
    for block in _blocks(iter(rows)):
        start = list(islice(block, _LOOK_AHEAD))
        titles = _title_rows(start)
        if header.columns and not _starts_table(start[titles:], header):
            titles = 0
        else:
            yield from _flush(chunk, header, sheet)
            count = _header_rows(start[titles:])
            if count == len(start) - titles and not header.columns and count:
                # Nothing but a header: show it as rows, or it would be lost.
                count = 0
            if titles == len(start):
                titles = 0
            for _, cells in start[:titles]:
                text = next(filter(None, cells))
                yield make_element(text, "Title", level=1, sheet=sheet)
            header = _Header.of([cells for _, cells in start[titles : titles + count]])
            start = start[titles + count :]
            if not start:
                continue
        for row in _chained(start, block):
            full = len(chunk) >= ROWS_PER_ELEMENT or characters > _CHARACTERS_PER_ELEMENT
            if chunk and (full or row[0] != chunk[-1][0] + 1):
                yield from _flush(chunk, header, sheet)
                characters = 0
            chunk.append(row)
            characters += sum(map(len, row[1]))
    yield from _flush(chunk, header, sheet)


@dataclass(frozen=True, slots=True)
class _Header:
    texts: tuple[str, ...] = ()
    columns: frozenset[int] = frozenset()

    @classmethod
    def of(cls, rows: list[list[str]]) -> _Header:
        texts = _merge_header(rows)
        return cls(texts, frozenset(column for column, text in enumerate(texts) if text))


def _flush(chunk: list[Row], header: _Header, sheet: str | None) -> Iterator[Element]:
    """Yield the rows gathered, without the empty columns beside them, and forget them."""
    if not chunk:
        return
    used = {column for _, cells in chunk for column, text in enumerate(cells) if text}
    used |= header.columns
    low, high = min(used), max(used) + 1

    def cut(cells: Iterable[str]) -> tuple[str, ...]:
        part = tuple(cells)[low:high]
        return part + ("",) * (high - low - len(part))

    yield make_table(
        cut(header.texts) if header.columns else (),
        tuple(cut(cells) for _, cells in chunk),
        first_row=chunk[0][0],
        first_column=low + 1,
        sheet=sheet,
        of_sheet=True,
    )
    chunk.clear()


def _blocks(rows: Iterator[Row]) -> Iterator[Iterator[Row]]:
    """Yield runs of rows that are not empty; each must be used up before the next is taken."""
    pending: Row | None = None

    def run(first: Row) -> Iterator[Row]:
        yield first
        last = first[0]
        nonlocal pending
        for row in rows:
            if not any(row[1]):
                return
            if row[0] != last + 1:
                pending = row
                return
            yield row
            last = row[0]

    while True:
        first = pending
        pending = None
        while first is None or not any(first[1]):
            first = next(rows, None)
            if first is None:
                return
        block = run(first)
        yield block
        for _ in block:
            pass


def _chained(start: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from start
    yield from rest


def _texts(cells: list[str]) -> list[str]:
    return [text for text in cells if text]


def _title_rows(rows: list[Row]) -> int:
    """Count the rows at the top that hold one single text above a wider table."""
    width = max((len(set(_texts(cells))) for _, cells in rows), default=0)
    if width < 2:
        return 0
    count = 0
    for _, cells in rows:
        distinct = set(_texts(cells))
        if len(distinct) != 1 or is_numeric(next(iter(distinct))):
            break
        count += 1
    return count if count < len(rows) else 0


def _is_header_row(cells: list[str], width: int) -> bool:
    texts = _texts(cells)
    numeric = sum(is_numeric(text) and not _YEAR.fullmatch(text) for text in texts)
    return (
        len(texts) >= max(1, (width + 1) // 2)
        and numeric == 0
        and all(len(text) <= _LONGEST_HEADER for text in texts)
    )


def _header_rows(rows: list[Row]) -> int:
    """Count the header rows at the start of a block; several where merged cells group columns."""
    if not rows:
        return 0
    width = max(len(_texts(cells)) for _, cells in rows)
    if len(rows) < 2 or not _is_header_row(rows[0][1], width):
        return 0
    count = 1
    while (
        count < min(_MOST_HEADER_ROWS, len(rows) - 1)
        and _groups_columns(rows[count - 1][1], rows[count][1])
        and _is_header_row(rows[count][1], width)
    ):
        count += 1
    return count


def _groups_columns(upper: list[str], lower: list[str]) -> bool:
    """Tell whether one text of the upper row spans columns that the lower row tells apart."""
    pairs = zip(upper, upper[1:], lower, lower[1:], strict=False)
    return any(left and left == right and below != beside for left, right, below, beside in pairs)


def _merge_header(rows: list[list[str]]) -> tuple[str, ...]:
    width = max(map(len, rows), default=0)
    merged = []
    for column in range(width):
        parts = dict.fromkeys(
            " ".join(row[column].split()) for row in rows if column < len(row) and row[column]
        )
        merged.append("/".join(parts))
    return tuple(merged)


def _starts_table(rows: list[Row], header: _Header) -> bool:
    """Tell whether a block after a blank row has a header of its own."""
    if not rows:
        return False
    count = _header_rows(rows)
    if not count:
        return False
    columns = {column for column, text in enumerate(rows[0][1]) if text}
    below = [text for _, cells in rows[count:] for text in cells if text]
    return columns != set(header.columns) or any(map(is_numeric, below))
