"""What a table on a page is, the text of its cells, and how it goes on over the next page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loaders._unstructured import Element, make_table
from loaders.pdf.pieces import Line, Segment, around_boxes, line_of, placed_box, rows_of
from loaders.records import Box, Span
from loaders.tables.grid import split_header
from loaders.text.plain import join_lines

_TOLERANCE = 0.03
_LONGEST_NOTE = 60
_NO_ROOM = 2.5
_CONTINUED = re.compile(r"[（(]?续|接上[页表]|\bcont(?:inued|['’]d|\.)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。！？；.!?;]$")
_MOST_EMPTY = 0.1
_FULL = 0.8
_FIRST_WIDE = 0x2E80
_WHOLE_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_NUMBER_GOES_ON = re.compile(r"[\d.,，%]")


@dataclass(slots=True)
class TableBlock:
    """A table as it stands on one page; texts of merged cells stand in each of their cells.

    ``boxes`` holds the place of each row and ``columns`` the left and right edge of each column.
    Coordinates are those of the pieces it was made from.
    """

    rows: list[list[str]]
    boxes: list[Box]
    columns: list[tuple[float, float]]
    box: Box
    size: float
    turn: int = 0
    ruled: bool = False


@dataclass(slots=True)
class _Open:
    """A table that may go on over the next page: its header and where its next row stands."""

    block: TableBlock
    page: tuple[float, float]
    header: tuple[str, ...]
    header_rows: list[list[str]]
    next_row: int


class TableWriter:
    """Makes elements of a document's tables in order; the parts of one table share its header.

    Each page's part is an element of its own, so that every row knows its page. Its first row's
    number goes on counting where the part before it ended.
    """

    def __init__(self) -> None:
        self._open: _Open | None = None
        self._number = 0
        self._page = (1.0, 1.0)
        self._is_top = True

    def start_page(self, number: int, page: tuple[float, float]) -> None:
        """Begin the next page, of this width and height."""
        if self._number + 1 != number:
            self._open = None
        self._number, self._page, self._is_top = number, page, True

    def note_text(self, text: str) -> None:
        """Note a paragraph: a table after it is a new one, unless the text says otherwise."""
        if not (self._is_top and len(text) < _LONGEST_NOTE and _CONTINUED.search(text)):
            self._is_top, self._open = False, None

    def element(
        self,
        block: TableBlock,
        following: TableBlock | None = None,
        page: tuple[float, float] = (1.0, 1.0),
    ) -> Element:
        """Return the element of the next table.

        ``following`` stands at the top of the next page, of this width and height: if it begins
        with the rest of this table's last row, it loses that row.
        """
        before = self._open if self._is_top else None
        self._is_top = False
        if before is not None and _goes_on(before, block, self._page):
            header, first_row = before.header, before.next_row
            count = _repeated(before.header_rows, block.rows)
            header_rows = before.header_rows
        else:
            header, _, count = split_header(block.rows)
            header_rows, first_row = block.rows[:count], count + 1
        rows = block.rows[count:]
        self._open = _Open(block, self._page, header, header_rows, first_row + len(rows))
        if rows and following is not None and _goes_on(self._open, following, page):
            rows[-1] = _with_rest(block, header_rows, following)
        return make_table(
            header,
            tuple(map(tuple, rows)),
            first_row=first_row,
            page=self._number,
            spans=self._spans(block, header, count),
        )

    def _spans(self, block: TableBlock, header: tuple[str, ...], count: int) -> tuple[Span, ...]:
        """Place the header and each row in the element's text."""
        spans = []
        end = len("\t".join(header)) if header else -1
        if header and count:
            box = around_boxes(block.boxes[:count])
            spans.append(Span(0, end, placed_box(box, block.turn, self._page)))
        for row, box in zip(block.rows[count:], block.boxes[count:], strict=True):
            start = end + 1
            end = start + len("\t".join(row))
            spans.append(Span(start, end, placed_box(box, block.turn, self._page)))
        return tuple(spans)


def _with_rest(block: TableBlock, header_rows: list[list[str]], following: TableBlock) -> list[str]:
    """Return the last row, with what the page break cut off, which the next page's table loses."""
    last = block.rows[-1]
    count = _repeated(header_rows, following.rows)
    rest = following.rows[count]
    if not _is_rest(block, rest):
        return last
    # Without more rows, the header that the page repeats stands there for nothing.
    end = count + 1 if count + 1 < len(following.rows) else None
    del following.rows[0 if end is None else count : end]
    del following.boxes[0 if end is None else count : end]
    return [join_lines(text, more) if more else text for text, more in zip(last, rest, strict=True)]


def _is_rest(block: TableBlock, rest: list[str]) -> bool:
    """Tell the rest of a row: its first cell is empty unlike others, and only full cells go on."""
    last = block.rows[-1]
    if rest[0] or not last[0] or not any(rest):
        return False
    if len(block.rows) > 1 and last[0] == block.rows[-2][0]:
        # A merged cell, whose next rows stand on the next page.
        return False
    if sum(not row[0] for row in block.rows) > _MOST_EMPTY * len(block.rows):
        return False
    going_on = [column for column, text in enumerate(rest) if text]
    return all(
        _line_width(last[column]) * block.size >= _FULL * (high - low)
        for column, (low, high) in enumerate(block.columns)
        if rest[column]
    ) and any(not _SENTENCE_END.search(last[column]) for column in going_on)


def _line_width(text: str) -> float:
    """Estimate how wide a text is on one line, in sizes of it."""
    return sum(1.0 if ord(char) > _FIRST_WIDE else 0.5 for char in text)


def _repeated(header_rows: list[list[str]], rows: list[list[str]]) -> int:
    """Count the rows of a header that a page repeats: not all that count as header need return."""
    count = 0
    for known, row in zip(header_rows, rows[:-1], strict=False):
        if known != row:
            break
        count += 1
    return count


def _goes_on(before: _Open, block: TableBlock, page: tuple[float, float]) -> bool:
    """Tell whether a table at the top of a page has the columns of the one that ended the last."""
    old, new = before.block, block
    if (old.ruled, old.turn, len(old.columns)) != (new.ruled, new.turn, len(new.columns)):
        return False
    side = bool(old.turn % 180)
    old_width, new_width = before.page[side], page[side]
    pairs = [
        (low / old_width, high / old_width, other_low / new_width, other_high / new_width)
        for (low, high), (other_low, other_high) in zip(old.columns, new.columns, strict=True)
    ]
    if old.ruled:
        return all(
            abs(low - other_low) <= _TOLERANCE and abs(high - other_high) <= _TOLERANCE
            for low, high, other_low, other_high in pairs
        )
    return all(
        min(high, other_high) > max(low, other_low) for low, high, other_low, other_high in pairs
    )


def cell_text(pieces: Sequence[Segment], room: tuple[float, float] | None = None) -> str:
    """Join the lines in a cell; ``room`` is its left and right edge where rules show them."""
    if not pieces:
        return ""
    lines = [line_of(row) for row in rows_of(pieces)]
    text = lines[0].text
    for before, after in pairwise(lines):
        if room is not None and _is_split_number(before, after, room):
            text += after.text
        elif after.text:
            text = join_lines(text, after.text)
    return text.replace("\u00ad", "-")


def _is_split_number(before: Line, after: Line, room: tuple[float, float]) -> bool:
    """Tell whether a number was broken for want of room, unlike two numbers in two lines."""
    free = room[1] - room[0] - (before.x1 - before.x0)
    return (
        bool(before.text and after.text)
        and free < _NO_ROOM * before.size
        and _NUMBER_GOES_ON.match(before.text[-1]) is not None
        and _NUMBER_GOES_ON.match(after.text[0]) is not None
        and not (_WHOLE_NUMBER.fullmatch(before.text) and _WHOLE_NUMBER.fullmatch(after.text))
    )
