"""Rows of cells become table elements: blocks told apart, headers found, numbers of rows kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from loaders._unstructured import Element, make_element, make_table
from loaders.tables.header import header_rows, is_numeric, merged_header

__all__ = ["ROWS_PER_ELEMENT", "Row", "is_numeric", "split_header", "table_elements"]

ROWS_PER_ELEMENT = 200
_CHARACTERS_PER_ELEMENT = 1_000_000
_CELLS_PER_ELEMENT = 200_000
_LOOK_AHEAD = 20
_MOST_SIDE_BY_SIDE = 5000
"""Rows that are held to part what stands side by side; a longer block is one table."""

_MOST_PREAMBLE = 8
_MOST_SIGNING = 4

Row = tuple[int, list[str]]
"""The number that the spreadsheet program shows, and the cells from column A on."""

_NOTE = re.compile(
    r"(?:注|备注|附注|说明|填表说明|编制说明|数据来源|资料来源|来源|制表人?|审核人?|填报人|负责人|"
    r"notes?|sources?|remarks?)\s*\d*\s*[：:.、)）]|[*※●]\s*\S|[（(]?注\d*[)）:：]",
    re.IGNORECASE,
)
_NAMED_VALUE = re.compile(r"[^：:]{1,14}[：:]\s*\S?|[（(【].{1,30}[)）】]$")


def split_header(
    grid: list[list[str]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], int]:
    """Return a small table's header, its other rows, and how many rows the header takes."""
    count = header_rows(grid)
    if not 0 < count < len(grid):
        return (), tuple(map(tuple, grid)), 0
    return merged_header(grid[:count]), tuple(map(tuple, grid[count:])), count


def table_elements(rows: Iterable[Row], *, sheet: str | None = None) -> Iterator[Element]:
    """Yield a sheet as tables of at most `ROWS_PER_ELEMENT` rows, streaming.

    Blank rows part a sheet into blocks, blank columns a block into tables side by side. A block
    that starts with a header of its own is a new table; otherwise it goes on with the header before
    it. Lines of text above a table and notes in it or below it are text.
    """
    tables = _Tables(sheet)
    for block in _blocks(iter(rows)):
        start = list(islice(block, _LOOK_AHEAD))
        if _gaps(start):
            start.extend(islice(block, _MOST_SIDE_BY_SIDE - len(start)))
            following = next(block, None)
            if following is None and (groups := _side_by_side(start)):
                yield from tables.end()
                for low, high in groups:
                    yield from table_elements(_columns(start, low, high), sheet=sheet)
                continue
            if following is not None:
                start.append(following)
        yield from tables.take(start, block)
    yield from tables.end()


@dataclass(frozen=True, slots=True)
class _Header:
    texts: tuple[str, ...] = ()
    columns: frozenset[int] = frozenset()

    @classmethod
    def of(cls, rows: list[list[str]]) -> _Header:
        texts = merged_header(rows)
        return cls(texts, frozenset(column for column, text in enumerate(texts) if text))


class _Tables:
    """Makes elements of blocks; remembers the header and the rows that are not handed out yet."""

    def __init__(self, sheet: str | None) -> None:
        self._sheet = sheet
        self._header = _Header()
        self._chunk: list[Row] = []
        self._characters = self._cells = 0

    def take(self, start: list[Row], rest: Iterator[Row]) -> Iterator[Element]:
        """Yield the tables and texts of a block, of which the first rows are known."""
        if not self._header.columns or _starts_table(start[_preamble(start) :], self._header):
            yield from self._flush()
            above = _preamble(start)
            yield from _texts_above(start[:above], self._sheet)
            grid = [cells for _, cells in start[above:]]
            count = header_rows(grid[:_LOOK_AHEAD])
            self._header = _Header.of(grid[:count])
            start = start[above + count :]
        for row in _chained(start, rest):
            note = _note(row[1])
            full = (
                len(self._chunk) >= ROWS_PER_ELEMENT
                or self._characters > _CHARACTERS_PER_ELEMENT
                or self._cells > _CELLS_PER_ELEMENT
            )
            if self._chunk and (note or full or row[0] != self._chunk[-1][0] + 1):
                yield from self._flush()
            if note:
                yield make_element(note, sheet=self._sheet)
                continue
            self._chunk.append(row)
            self._characters += sum(map(len, row[1]))
            self._cells += len(row[1])

    def end(self) -> Iterator[Element]:
        """Yield what is left, and forget the header."""
        yield from self._flush()
        self._header = _Header()

    def _flush(self) -> Iterator[Element]:
        """Yield the rows gathered, without the empty columns beside them, and forget them."""
        if not self._chunk:
            return
        used = {column for _, cells in self._chunk for column, text in enumerate(cells) if text}
        used |= self._header.columns
        low, high = min(used), max(used) + 1

        def cut(cells: Iterable[str]) -> tuple[str, ...]:
            part = tuple(cells)[low:high]
            return part + ("",) * (high - low - len(part))

        yield make_table(
            cut(self._header.texts) if self._header.columns else (),
            tuple(cut(cells) for _, cells in self._chunk),
            first_row=self._chunk[0][0],
            first_column=low + 1,
            sheet=self._sheet,
            of_sheet=True,
        )
        self._chunk = []
        self._characters = self._cells = 0


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


def _preamble(rows: list[Row]) -> int:
    """Count the rows above a table that are lines of text: a title, a unit, a date, a department.

    They hold one text, or named values ("unit: yuan") in fewer cells than the table is wide.
    """
    looked = rows[:_LOOK_AHEAD]
    width = max((len(set(_texts(cells))) for _, cells in looked), default=0)
    if width < 2:
        return 0
    count = 0
    for _, cells in looked[:_MOST_PREAMBLE]:
        distinct = set(_texts(cells))
        single = len(distinct) == 1 and not is_numeric(next(iter(distinct)))
        named = len(distinct) < width and all(map(_NAMED_VALUE.match, distinct))
        if not single and not (named and count):
            break
        count += 1
    return count if count < len(looked) else 0


def _texts_above(rows: list[Row], sheet: str | None) -> Iterator[Element]:
    """Yield the lines above a table; the first is its title, unless it names a value or is long."""
    for position, (_, cells) in enumerate(rows):
        text = "  ".join(dict.fromkeys(_texts(cells)))
        if position or _NAMED_VALUE.match(text) or "。" in text:
            yield make_element(text, sheet=sheet)
        else:
            yield make_element(text, "Title", level=1, sheet=sheet)


def _note(cells: list[str]) -> str:
    """Return the text of a row that is one note, or names who made and checked it, else ""."""
    texts = dict.fromkeys(_texts(cells))
    several = 1 < len(texts) <= _MOST_SIGNING
    if len(texts) != 1 and not (several and all(map(_NAMED_VALUE.match, texts))):
        return ""
    return "  ".join(texts) if all(map(_NOTE.match, texts)) else ""


def _starts_table(rows: list[Row], header: _Header) -> bool:
    """Tell whether a block after a blank row has a header of its own."""
    grid = [cells for _, cells in rows[:_LOOK_AHEAD]]
    count = header_rows(grid)
    if not count:
        # Other columns than those of the table above: something else, though without a header.
        used = {column for cells in grid for column, text in enumerate(cells) if text}
        return bool(used) and not used & header.columns
    columns = {column for column, text in enumerate(grid[0]) if text}
    below = [text for cells in grid[count:] for text in cells if text]
    return columns != set(header.columns) or any(map(is_numeric, below))


def _gaps(rows: list[Row]) -> list[int]:
    """Return the empty columns between used ones."""
    used = {column for _, cells in rows for column, text in enumerate(cells) if text}
    return [column for column in range(min(used), max(used)) if column not in used]


def _side_by_side(rows: list[Row]) -> list[tuple[int, int]]:
    """Return the columns of the tables that stand side by side, () where there is only one.

    Each has two columns at least and words in its first: columns of numbers behind a gap belong to
    the labels before it.
    """
    gaps = set(_gaps(rows))
    if not gaps:
        return []
    used = {column for _, cells in rows for column, text in enumerate(cells) if text}
    starts = [column for column in sorted(used) if column == min(used) or column - 1 in gaps]
    groups = list(zip(starts, [*starts[1:], max(used) + 1], strict=True))
    return groups if all(_stands_alone(rows, low, high) for low, high in groups) else []


def _stands_alone(rows: list[Row], low: int, high: int) -> bool:
    grid = [part for _, cells in rows if any(part := cells[low:high])]
    first = [row[0] for row in grid if row[0]]
    columns = {column for row in grid for column, text in enumerate(row) if text}
    words = sum(not is_numeric(text) for text in first)
    return len(grid) > 1 and len(columns) > 1 and len(first) > 1 and words * 2 > len(first)


def _columns(rows: list[Row], low: int, high: int) -> Iterator[Row]:
    for number, cells in rows:
        part = cells[low:high]
        yield number, [""] * low + part if any(part) else []
