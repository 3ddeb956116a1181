"""OpenDocument spreadsheets (ods, and fods in one flat file): the texts that the program showed.

OpenDocument keeps the shown text of every cell beside its value, so nothing has to be formatted
again; it is streamed, as repeated rows and columns make a small file large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.data.xml_stream import XmlFile, pull_events
from loaders.errors import DamagedFileError, UnsupportedFormatError
from loaders.office.opc import local_name, opened_parts
from loaders.sheets.cells import (
    LAST_ROW,
    LONGEST_CELL,
    WIDEST,
    MergedCells,
    cleaned,
    note_element,
)
from loaders.sheets.columns import column_letters
from loaders.sheets.number_format import general
from loaders.source import Source
from loaders.tables.grid import Row, table_elements

_CONTENT = "content.xml"
_FIELDS = frozenset({"sheet-name", "page-number", "page-count", "date", "time", "file-name"})
_NOT_OF_CELL = frozenset({"annotation", "frame", "custom-shape", "g", "rect", "line", "caption"})
_LEAST_MARGIN = 10
"""Characters that a header with a page number needs beside it to say more than "Page 1"."""


def load_ods(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, hidden ones too, then its comments and shapes."""
    with opened_parts(source) as parts:
        if _CONTENT not in parts:
            raise DamagedFileError(f"{source.name}: no content", format=source.format.name)
        found = False
        faults: list[str] = []
        for element in sheet_elements(parts.chunks(_CONTENT), source, faults):
            found = True
            yield element
        if faults:
            parts.note_damage(_CONTENT)
        if not found and (parts.damaged or source.missing):
            raise DamagedFileError(f"{source.name}: broken content", format=source.format.name)
        if "styles.xml" in parts and (styles := parts.xml("styles.xml")) is not None:
            yield from _margins(styles)


def load_flat(source: Source) -> Iterator[Element]:
    """Yield the sheets of an OpenDocument spreadsheet in one file of XML (fods)."""
    file = XmlFile(source)
    root = file.root()
    if root is None or root.find("{*}body/{*}spreadsheet") is None:
        raise UnsupportedFormatError(f"{source.name}: no sheets", format=source.format.name)
    found = False
    faults: list[str] = []
    for element in sheet_elements(file.chunks(), source, faults):
        found = True
        yield element
    if faults and not found:
        raise DamagedFileError(f"{source.name}: {faults[0]}", format=source.format.name)
    if faults:
        source.missing = "rest_unreadable"


@dataclass(slots=True)
class _Table:
    """One sheet while its rows stream by."""

    name: str
    beside: list[Element] = field(default_factory=list)
    merged: MergedCells = field(default_factory=MergedCells)
    last: int = 0


def sheet_elements(chunks: Iterable[bytes], source: Source, faults: list[str]) -> Iterator[Element]:
    """Yield the sheets of a content part that comes in pieces.

    Faults of the XML are put into ``faults``.
    """
    events = _events(chunks, faults)
    hidden: set[str] = set()
    for event, element in events:
        name = local_name(element)
        if event == "end" and name == "table-properties":
            if _attribute(element, "display") == "false":
                hidden.add(_attribute(element.getparent(), "name"))
        elif event == "start" and name == "table":
            if _attribute(element, "style-name") in hidden:
                source.warn("hidden_sheets")
            table = _Table(_attribute(element, "name"))
            yield from table_elements(_rows(events, table), sheet=table.name)
            yield from table.beside


def _events(chunks: Iterable[bytes], faults: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield starts and ends of the elements that matter; rows are gone when the next one comes."""
    wanted = ("table", "table-row", "shapes", "table-properties")
    for event, element in pull_events(chunks, wanted, faults):
        yield event, element
        if event == "end" and local_name(element) == "table-row":
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _attribute(element: Any, name: str) -> str:
    """Return an attribute whatever its namespace is."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def _repeated(element: Any, name: str, most: int) -> int:
    text = _attribute(element, name)
    return min(max(1, int(text)), most) if text.isdecimal() and len(text) < 10 else 1


def _rows(events: Iterator[tuple[str, Any]], table: _Table) -> Iterator[Row]:
    """Yield a table's rows up to its end."""
    depth = 0
    for event, element in events:
        name = local_name(element)
        if name == "table":
            # A table inside a cell belongs to the row around it.
            depth += 1 if event == "start" else -1
            if depth < 0:
                break
        elif event == "start" or depth:
            continue
        elif name == "shapes":
            table.beside.extend(_shape_elements(element, table.name))
        elif name == "table-row":
            yield from _repeated_rows(element, table)
    yield from table.merged.filled_rows(LAST_ROW + 1)


def _repeated_rows(element: Any, table: _Table) -> Iterator[Row]:
    number = table.last + 1
    times = _repeated(element, "number-rows-repeated", LAST_ROW)
    table.last = min(table.last + times, LAST_ROW)
    texts = _cells(element, number, table)
    for row in range(number, table.last + 1):
        shown = list(texts)
        table.merged.fill(row, shown)
        if not shown and row > number:
            # Empty rows down to the end of the sheet.
            return
        yield row, shown


def _cells(row: Any, number: int, table: _Table) -> list[str]:
    texts: list[str] = []
    column = 1
    for cell in row:
        if local_name(cell) not in ("table-cell", "covered-table-cell"):
            continue
        times = _repeated(cell, "number-columns-repeated", WIDEST)
        if column > WIDEST:
            break
        text = _cell_text(cell)
        if text:
            texts.extend([""] * (column - 1 - len(texts)))
            texts.extend([text] * min(times, WIDEST + 1 - column))
        across = _repeated(cell, "number-columns-spanned", WIDEST)
        down = _repeated(cell, "number-rows-spanned", LAST_ROW)
        if across > 1 or down > 1:
            table.merged.add(number, number + down - 1, column, column + across - 1)
        if len(cell):
            table.beside.extend(_beside(cell, f"{column_letters(column)}{number}", table.name))
        column += times
    return texts


def _cell_text(cell: Any) -> str:
    paragraphs = [child for child in cell if local_name(child) == "p"]
    if paragraphs:
        return cleaned(" ".join(map(_inline, paragraphs))[:LONGEST_CELL])
    # Written by a program that leaves the text to whoever opens the file.
    for name in ("string-value", "date-value", "time-value", "boolean-value"):
        if value := _attribute(cell, name):
            return cleaned(value.upper() if name == "boolean-value" else value)
    value = _attribute(cell, "value")
    if not value:
        return ""
    try:
        number = float(value)
    except ValueError:
        return value
    if _attribute(cell, "value-type") == "percentage":
        return f"{general(number * 100)}%"
    return general(number)


def _inline(node: Any, *, fields: bool = True) -> str:
    """Return the text of a paragraph, without shapes and comments that hang on it."""
    pieces = [node.text or ""]
    for child in node:
        name = local_name(child)
        if name == "s":
            pieces.append(" " * _repeated(child, "c", 1000))
        elif name in ("tab", "line-break"):
            pieces.append(" ")
        elif name and name not in _NOT_OF_CELL and (fields or name not in _FIELDS):
            pieces.append(_inline(child, fields=fields))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _paragraphs(node: Any) -> str:
    lines = [" ".join(_inline(paragraph).split()) for paragraph in node.iter("{*}p")]
    return "\n".join(filter(None, lines))


def _beside(cell: Any, reference: str, sheet: str) -> Iterator[Element]:
    for child in cell:
        name = local_name(child)
        if name == "annotation":
            if element := note_element(reference, _paragraphs(child), sheet):
                yield element
        elif name in _NOT_OF_CELL and (text := _paragraphs(child)):
            yield make_element(text, sheet=sheet)


def _shape_elements(shapes: Any, sheet: str) -> Iterator[Element]:
    for shape in shapes:
        if text := _paragraphs(shape):
            yield make_element(text, sheet=sheet)


def _margins(styles: Any) -> Iterator[Element]:
    """Yield headers and footers; those that only number pages say nothing."""
    seen: set[str] = set()
    for node in styles.iter("{*}header", "{*}footer", "{*}header-first", "{*}footer-first"):
        if _attribute(node, "display") == "false":
            continue
        for paragraph in node.iter("{*}p"):
            text = " ".join(_inline(paragraph, fields=False).split())
            bare = paragraph.find(".//{*}page-number") is not None and len(text) < _LEAST_MARGIN
            if text and not bare and text not in seen and any(map(str.isalnum, text)):
                seen.add(text)
                category = "Header" if "header" in local_name(node) else "Footer"
                yield make_element(text, category)
