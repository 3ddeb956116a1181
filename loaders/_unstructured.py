"""The only door to Unstructured: makes it quiet, offline and quick before it is first imported.

Unstructured pings its makers on import and on each file unless told not to, prints an
advertisement, takes most of its import for libraries that only this needs, and downloads a language
model at the first document. All of this must be settled before the import, hence the statements
above the imports.
"""

from __future__ import annotations

import os
import sys

from loaders import _tokens
from loaders._late import imported_late, without_telemetry
from loaders.records import Box, Span

os.environ["DO_NOT_TRACK"] = "1"
os.environ["SCARF_NO_ANALYTICS"] = "1"
os.environ["UNSTRUCTURED_DISABLE_NOTICE"] = "1"
# Others take its functions by name, so it must be there before them.
sys.modules["unstructured.nlp.tokenize"] = _tokens
if (_classifier := sys.modules.get("unstructured.partition.text_type")) is not None:
    # A program that imported Unstructured before us already took the functions that download.
    vars(_classifier).update(
        pos_tag=_tokens.pos_tag,
        sent_tokenize=_tokens.sent_tokenize,
        word_tokenize=_tokens.word_tokenize,
    )
without_telemetry()
with imported_late("requests", "asyncio"):
    from unstructured.documents.coordinates import RelativeCoordinateSystem
    from unstructured.documents.elements import (
        CoordinatesMetadata,
        Element,
        ElementMetadata,
        Footer,
        Header,
        ListItem,
        NarrativeText,
        Table,
        Text,
        Title,
    )
    from unstructured.nlp.patterns import (
        EMAIL_ADDRESS_PATTERN_RE,
        NUMBERED_LIST_RE,
        UNICODE_BULLETS_RE,
        US_CITY_STATE_ZIP_RE,
    )

__all__ = [
    "EMAIL_ADDRESS_PATTERN_RE",
    "NUMBERED_LIST_RE",
    "UNICODE_BULLETS_RE",
    "US_CITY_STATE_ZIP_RE",
    "Element",
    "ElementMetadata",
    "Footer",
    "Header",
    "ListItem",
    "NarrativeText",
    "Table",
    "Text",
    "Title",
    "make_element",
    "make_table",
]

_CLASSES: dict[str, type[Text]] = {
    "Title": Title,
    "NarrativeText": NarrativeText,
    "ListItem": ListItem,
    "Header": Header,
    "Footer": Footer,
    "Text": Text,
}
_NOTHING_KNOWN = vars(ElementMetadata())
_WHOLE_PAGE = RelativeCoordinateSystem()  # type: ignore[no-untyped-call]


def make_element(
    text: str,
    category: str = "NarrativeText",
    *,
    level: int | None = None,
    page: int | None = None,
    spans: tuple[Span, ...] = (),
    sheet: str | None = None,
) -> Element:
    """Make an element; ``spans`` also give it Unstructured's coordinates, the box around them."""
    # What it costs to make one is setting dozens of fields to nothing.
    metadata = ElementMetadata.__new__(ElementMetadata)
    vars(metadata).update(_NOTHING_KNOWN)
    metadata.page_number = page
    metadata.page_name = sheet
    if level is not None:
        metadata.category_depth = level - 1
    _place(metadata, spans)
    return _CLASSES[category](text=text, metadata=metadata)


def make_table(
    header: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    *,
    first_row: int = 1,
    first_column: int = 1,
    sheet: str | None = None,
    page: int | None = None,
    of_sheet: bool = False,
    spans: tuple[Span, ...] = (),
) -> Element:
    """Make a table element whose cells all stand in ``metadata``, as HTML and as a plain grid.

    ``spans`` place the rows within the text, which is the grid as `loaders.records` has it.
    """
    grid = (header, *rows) if header else rows
    metadata = ElementMetadata(
        text_as_html=_table_html(header, rows), page_name=sheet, page_number=page
    )
    metadata.header = list(header)
    metadata.rows = [list(row) for row in rows]
    metadata.first_row = first_row
    metadata.first_column = first_column
    metadata.of_sheet = of_sheet
    _place(metadata, spans)
    return Table(text="\n".join(map("\t".join, grid)), metadata=metadata)


def _place(metadata: ElementMetadata, spans: tuple[Span, ...]) -> None:
    if spans:
        metadata.coordinates = _coordinates([span.box for span in spans])
        # Fields that Unstructured does not know are kept and written out with the rest.
        metadata.spans = [[span.start, span.end, *span.box] for span in spans]


def _coordinates(boxes: list[Box]) -> CoordinatesMetadata:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    x0, y0, x1, y1 = min(lefts), min(tops), max(rights), max(bottoms)
    return CoordinatesMetadata(
        points=((x0, y0), (x0, y1), (x1, y1), (x1, y0)),
        system=_WHOLE_PAGE,
    )


def _table_html(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    parts = ["<table>"]
    if header:
        parts.append(_row_html(header, "th"))
    parts.extend(_row_html(row, "td") for row in rows)
    parts.append("</table>")
    return "".join(parts)


def _row_html(row: tuple[str, ...], tag: str) -> str:
    joined = "\0".join(row).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<tr><{tag}>" + joined.replace("\0", f"</{tag}><{tag}>") + f"</{tag}></tr>"
