"""What the readers of all kinds of spreadsheets share: texts of cells, merged cells, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import heappop, heappush

from loaders._unstructured import Element, make_element
from loaders.text.labels import labelled

WIDEST = 16_384
"""Columns of the widest sheet that any program writes."""

LONGEST_CELL = 32_767
"""As long as the programs allow; what is longer comes from an attack."""

LAST_ROW = 1_048_576

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""The error values of cells by the numbers that binary workbooks store."""

_MOST_MERGED_CELLS = 200_000
# A header or footer of a sheet: its parts, then codes for fonts, sizes, colours, page numbers.
_PART = re.compile(r"&[LCR]")
_CODE = re.compile(
    r'&"[^"]*"|&K(?:[0-9A-F]{6}|\d{2}[+-]\d{3})|&\d{1,3}|&[A-Z]|&(?=&)', re.IGNORECASE
)


def cleaned(text: str) -> str:
    """Return a cell on one line: tabs and newlines part cells and rows in a table's text."""
    return text if text.isalnum() else " ".join(text[:LONGEST_CELL].split())


class MergedCells:
    """Gives every cell of a merged area the text of its first cell, while rows stream by.

    Areas are added before their first row is filled. Beyond a great number of cells nothing more
    is filled: areas of millions of cells are no tables.
    """

    def __init__(self) -> None:
        self._areas: dict[int, list[tuple[int, int, int]]] = {}
        self._fills: dict[int, dict[int, str]] = {}
        self._rows: list[int] = []
        """A heap of those that are to be filled."""
        self._cells = 0

    def add(self, first: int, last: int, left: int, right: int) -> None:
        """Note an area by its rows and columns, all counted from 1 and included."""
        right = min(right, WIDEST)
        if last < first or right < left:
            return
        self._cells += (last - first + 1) * (right - left + 1)
        area = (last, left, right)
        if self._cells <= _MOST_MERGED_CELLS and area not in self._areas.get(first, ()):
            self._areas.setdefault(first, []).append(area)

    def fill(self, number: int, texts: list[str]) -> None:
        """Fill a row, the cells from column A on, in place; rows come in their order."""
        for last, left, right in self._areas.pop(number, ()):
            text = texts[left - 1] if left <= len(texts) else ""
            if text:
                for row in range(number, last + 1):
                    if row not in self._fills:
                        self._fills[row] = {}
                        heappush(self._rows, row)
                    self._fills[row].update(dict.fromkeys(range(left, right + 1), text))
        for column, text in self._fills.pop(number, {}).items():
            texts.extend([""] * (column - len(texts)))
            texts[column - 1] = texts[column - 1] or text

    def is_filled(self, number: int, column: int) -> bool:
        """Tell whether an area from above reaches into a cell of the row to be filled next."""
        return column in self._fills.get(number, ())

    def rows_to_fill(self, before: int) -> list[int]:
        """Return the rows before the given one that are to be filled now, each told once."""
        found = []
        while self._rows and self._rows[0] < before:
            row = heappop(self._rows)
            if row in self._fills:
                found.append(row)
        return found

    def filled_rows(self, before: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows before the given one that hold nothing but merged cells, filled."""
        for number in self.rows_to_fill(before):
            texts: list[str] = []
            self.fill(number, texts)
            yield number, texts


def note_element(reference: str, text: str, sheet: str) -> Element | None:
    """Make the element of a cell's comment; None where there is no text."""
    text = text.strip()
    if not text:
        return None
    return make_element(f"{reference} {labelled('comment', text)}".lstrip(), sheet=sheet)


def margin_elements(category: str, texts: list[str], sheet: str) -> Iterator[Element]:
    """Yield the headers or footers of a printed sheet, each text once, without its codes."""
    seen: set[str] = set()
    for text in texts:
        for part in _PART.split(text):
            shown = " ".join(_CODE.sub("", part).split())
            if shown and shown not in seen:
                seen.add(shown)
                yield make_element(shown, category, sheet=sheet)
