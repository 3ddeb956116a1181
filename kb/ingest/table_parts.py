"""From table elements to parts of tables: which elements are one table, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence

from kb.types import TablePart
from loaders.records import ElementRecord, TableRecord

# A text above a table that is longer than this is no caption.
_LONGEST_CAPTION = 100
_MOST_CAPTIONS = 3


class TableParts:
    """Numbers the tables of a document and gathers their rows until they are taken."""

    def __init__(self) -> None:
        self._parts: list[TablePart] = []
        self._captions: list[str] = []
        self._caption_place: tuple[int | None, str | None] = (None, None)
        self._before: ElementRecord | None = None
        self._texts_between = 0
        self._titled = False
        self._number = -1

    def text(self, element: ElementRecord) -> None:
        """Note a text: it may be the caption of the table below it."""
        place = (element.page, element.sheet)
        if len(element.text) > _LONGEST_CAPTION or place != self._caption_place:
            self._captions = []
        self._caption_place = place
        if len(element.text) <= _LONGEST_CAPTION:
            self._captions = [*self._captions, " ".join(element.text.split())][-_MOST_CAPTIONS:]
        self._texts_between += 1
        self._titled = self._titled or element.category == "Title"

    def table(
        self, element: ElementRecord, heading: str, first_line: int, row_lines: Sequence[int]
    ) -> None:
        """Take a table or further rows of one, whose lines begin at ``first_line``."""
        table = element.table
        if table is None or not table.rows:
            return
        if not self._goes_on(element, table):
            self._number += 1
        in_place = self._caption_place == (element.page, element.sheet)
        self._parts.append(
            TablePart(
                number=self._number,
                title="\n".join(self._captions) if in_place else "",
                heading=heading,
                sheet=element.sheet,
                page=element.page,
                header=table.header,
                rows=table.rows,
                first_row=table.first_row,
                first_column=table.first_column,
                of_sheet=table.of_sheet,
                first_line=first_line,
                row_lines=tuple(row_lines),
            )
        )
        self._before = element
        self._captions, self._texts_between, self._titled = [], 0, False

    def take(self) -> tuple[TablePart, ...]:
        """The parts gathered since the last call."""
        parts, self._parts = tuple(self._parts), []
        return parts

    def _goes_on(self, element: ElementRecord, table: TableRecord) -> bool:
        """Tell further rows of the table before from a new table.

        A long table comes in many elements, that of a text also on many pages. Its rows are
        numbered on; those of a sheet may be parted by empty rows and by notes.
        """
        before = self._before.table if self._before is not None else None
        if before is None or self._before is None or table.of_sheet != before.of_sheet:
            return False
        if self._before.sheet != element.sheet or not _same_header(before, table):
            return False
        end = before.first_row + len(before.rows)
        if not table.of_sheet:
            return table.first_row == end
        if self._titled:
            return False
        if self._texts_between or not table.header:
            return table.first_row == end + self._texts_between
        return table.first_row >= end


def _same_header(before: TableRecord, table: TableRecord) -> bool:
    """Tell whether the columns named before have the same names; records may bring new ones."""
    named = dict(enumerate(table.header, table.first_column))
    if not before.header:
        return not table.header
    return all(
        named.get(column) == text
        for column, text in enumerate(before.header, before.first_column)
        if text
    )
