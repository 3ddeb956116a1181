"""Where a source stands, as a person says it."""

from __future__ import annotations

from typing import Protocol

from app.strings import Language, text


class HasPlace(Protocol):
    """Anything that names a page, a sheet, a row: a `Place` or a hit of the API."""

    @property
    def page(self) -> int | None:
        """Page from 1."""

    @property
    def sheet(self) -> str | None:
        """Sheet of a workbook."""

    @property
    def row(self) -> int | None:
        """Row as the spreadsheet program shows it."""

    @property
    def column(self) -> str | None:
        """Column in letters."""

    @property
    def paragraph(self) -> int | None:
        """Paragraph from 1."""


def place_text(place: HasPlace, language: Language) -> str:
    """Name page, sheet, row and column, or else the paragraph; "" when none is known."""
    parts = []
    if place.sheet:
        parts.append(text("place.sheet", language, sheet=place.sheet))
    if place.page is not None:
        parts.append(text("place.page", language, page=place.page))
    if place.row is not None:
        cell = f"{place.column}{place.row}" if place.column else str(place.row)
        parts.append(text("place.cell" if place.column else "place.row", language, row=cell))
    if not parts and place.paragraph is not None:
        parts.append(text("place.paragraph", language, paragraph=place.paragraph))
    return " · ".join(parts)
