"""Turn columns of a row into the records that leave the store, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from kb.names import sort_key
from kb.text.statute_names import document_name, short_name
from kb.types import Place, Reason


def reason_of(code: str | None, params: Mapping[str, Any] | None) -> Reason | None:
    """Return the reason that two columns hold; None where there is none."""
    return Reason(code, params or {}) if code else None


def reason_values(reason: Reason | None) -> dict[str, Any]:
    """Return a reason as the two columns that hold it."""
    return {
        "reason_code": reason.code if reason else None,
        "reason_params": dict(reason.params) if reason else None,
    }


def path_values(path: str) -> dict[str, str]:
    """Return a document's path as the columns that hold it and what follows from it."""
    return {
        "path": path,
        "sort_key": sort_key(path),
        "statute_name": short_name(document_name(path)),
    }


def place_values(place: Place) -> dict[str, Any]:
    """Return a place as the columns that hold it."""
    return {
        "page": place.page,
        "boxes": [list(box) for box in place.boxes] or None,
        "sheet": place.sheet,
        "row_number": place.row,
        "column_letter": place.column,
        "paragraph": place.paragraph,
    }


def place_of(row: Row[Any]) -> Place:
    """Return the place that columns of a line or passage hold."""
    return place_from(
        row.page, row.boxes, row.sheet, row.row_number, row.column_letter, row.paragraph
    )


def place_from(
    page: int | None,
    boxes: Sequence[Sequence[float]] | None,
    sheet: str | None,
    row: int | None,
    column: str | None,
    paragraph: int | None,
) -> Place:
    """Return the place that these values of columns are; most have no boxes."""
    if boxes:
        shown = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in boxes)
        return Place(page, shown, sheet, row, column, paragraph)
    return Place(page, (), sheet, row, column, paragraph)
