"""How well the pages of a file were read, counted from the records while they pass."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from loaders.records import ElementRecord, PageHealth, TableRecord
from loaders.source import Source

_REPLACEMENT = "\ufffd"
# Control characters, unassigned ones, private use (fonts without a mapping), lone surrogates.
_UNREADABLE_CATEGORIES = frozenset({"Cc", "Cn", "Co", "Cs"})

_Key = tuple[int | None, str | None]


@dataclass(slots=True)
class _Counts:
    characters: int = 0
    unreadable: int = 0
    tables: int = 0
    last_table: TableRecord | None = None


class PageCounter:
    """Counts characters and tables by page, by sheet, or for the whole of an unpaged file.

    Beyond ``most`` pages or sheets the rest is counted together, under no name.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[_Key, _Counts] = {}

    def add(self, record: ElementRecord) -> None:
        """Count the next record of the file."""
        key = (record.page, record.sheet)
        counts = self._counts.get(key)
        if counts is None:
            if len(self._counts) >= self._most:
                key = (None, None)
            counts = self._counts.setdefault(key, _Counts())
        characters, unreadable = count_characters(record.text)
        counts.characters += characters
        counts.unreadable += unreadable
        if record.category == "Table":
            counts.tables += not _goes_on(counts.last_table, record.table)
            counts.last_table = record.table

    def pages(self, source: Source) -> tuple[PageHealth, ...]:
        """Return the health of every page in order; pages without any text are among them."""
        counted = dict(self._counts)
        paged = not counted or any(page is not None for page, _sheet in counted)
        if source.page_count and paged:
            seen = {page for page, _sheet in counted}
            for number in range(1, min(source.page_count, self._most) + 1):
                if number not in seen:
                    counted[number, None] = _Counts()
        # Sheets and the rest without a page stay in their order, behind the pages.
        order = sorted(counted, key=lambda key: (key[0] is None, key[0] or 0))
        return tuple(_page_health(key, counted[key], source) for key in order)


def count_characters(text: str) -> tuple[int, int]:
    """Count a text's characters without white space, and those of them that nobody can read."""
    solid = "".join(text.split())
    # What is printable holds none of the categories below; this look costs a fraction of counting.
    if solid.isprintable() and _REPLACEMENT not in solid:
        return len(solid), 0
    unreadable = solid.count(_REPLACEMENT) + sum(
        solid.count(character)
        for character in set(solid)
        if not character.isprintable() and unicodedata.category(character) in _UNREADABLE_CATEGORIES
    )
    return len(solid), unreadable


def _goes_on(before: TableRecord | None, table: TableRecord | None) -> bool:
    """Tell further rows of a sheet's table, which arrive as elements of their own, from a new one.

    Empty rows between them change nothing as long as the header is the same.
    """
    if before is None or table is None or not table.of_sheet or before.header != table.header:
        return False
    end = before.first_row + len(before.rows)
    return table.first_row >= end if table.header else table.first_row == end


def _page_health(key: _Key, counts: _Counts, source: Source) -> PageHealth:
    page, sheet = key
    confidence = source.ocr_pages.get(page or 0) if sheet is None else None
    readable = 1 - counts.unreadable / counts.characters if counts.characters else 0.0
    return PageHealth(
        page=page,
        sheet=sheet,
        characters=counts.characters,
        readable=round(readable, 4),
        source="ocr" if confidence is not None else "text" if counts.characters else "none",
        confidence=None if confidence is None else round(confidence, 4),
        tables=counts.tables,
    )
