"""Tells what is what inside a table: headers of its parts, titles of sections, labels of values."""

from __future__ import annotations

from collections.abc import Sequence

from loaders.tables.header import is_numeric

_LONG_LABEL = 14
_MOST_FIGURES, _MOST_REPEATED = 0.3, 0.5
_HEADER_LABELS = 3
_LONGEST_NAME = 30
# The title of a section stands alone, or behind its number.
_NUMBERED = 2


def headings(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return what names the columns of each row: the header, or a row that repeats part of it."""
    found: list[Sequence[str]] = []
    current = head
    for row in rows:
        pairs = [(own, above) for own, above in zip(row, head, strict=False) if own]
        if (
            len({own for own, _ in pairs}) > 1
            and any(own == above for own, above in pairs)
            and not any(is_numeric(own) or len(own) > _LONGEST_NAME for own, _ in pairs)
            and any(own != above for own, above in pairs)
        ):
            current = row
        found.append(current)
    return found


def sections(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the title above each row: a cell over the whole width, or alone in its row."""
    titles: list[str] = []
    title = ""
    for row in rows:
        texts = {cell for cell in row if cell and not is_numeric(cell)}
        if len(texts) == 1 and len(row) > 1 and len({cell for cell in row if cell}) <= _NUMBERED:
            titles.append("")
            title = texts.pop()
        else:
            titles.append(title)
    return titles


def names_columns(row: Sequence[str]) -> bool:
    """Tell a row inside a table that looks like a header: several short words, no numbers."""
    texts = {cell for cell in row if cell}
    return len(texts) >= _HEADER_LABELS and all(
        len(cell) <= _LONG_LABEL and not is_numeric(cell) for cell in texts
    )


def label_columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """Return the columns that hold labels of the column at their right, counted from 0.

    One header over two columns names the second; without a header, labels and values alternate.
    """
    width = max(map(len, rows), default=0)
    found: set[int] = set()
    for column in range(width - 1):
        texts = [row[column] for row in rows if column < len(row) and row[column]]
        figures = sum(map(is_numeric, texts))
        if not texts or figures >= _MOST_FIGURES * len(texts):
            continue
        if column + 1 < len(head) and head[column] and head[column] == head[column + 1]:
            same = sum(
                column + 1 < len(row) and bool(row[column]) and row[column] == row[column + 1]
                for row in rows
            )
            first = not (column - 1 in found and head[column - 1] == head[column])
            if first and same < _MOST_REPEATED * len(rows):
                found.add(column)
        elif not head and width % 2 == 0 and column % 2 == 0:
            long = sum(is_numeric(text) or len(text) > _LONG_LABEL for text in texts)
            if long < _MOST_FIGURES * len(texts):
                found.add(column)
    return frozenset(found)
