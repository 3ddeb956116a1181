"""Workbooks of Office Open XML (xlsx, xlsm, xltx), streamed row by row from their XML.

The usual libraries either leave out the number formats, which make a percentage or a date of a
number, or stop at the first broken part; and none tells merged cells while it streams.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loaders._unstructured import Element
from loaders.data.xml_stream import pull_events
from loaders.errors import DamagedFileError
from loaders.office.opc import Parts, local_name, opened_parts
from loaders.sheets.beside_cells import beside_cells
from loaders.sheets.cells import (
    LAST_ROW,
    LONGEST_CELL,
    WIDEST,
    MergedCells,
    cleaned,
    margin_elements,
)
from loaders.sheets.columns import column_number
from loaders.sheets.number_format import BUILT_IN_CODES, SerialDates, shown
from loaders.source import Source
from loaders.tables.grid import Row, table_elements

_OVERLAP = 1024
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_NO_VALUE = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_DIGITS = "0123456789"
_MOST_LETTERS = 3
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PLAIN_NAME = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    hidden: bool = False


@dataclass(slots=True)
class _Book:
    """What the cells of all sheets refer to: shared texts, formats by style, the first day."""

    texts: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    dates: SerialDates = field(default_factory=SerialDates)


@dataclass(slots=True)
class _Layout:
    """What stands behind the cells of a sheet, or beside them."""

    merged: MergedCells = field(default_factory=MergedCells)
    headers: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)


def load_xlsx(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, hidden ones too, with cells as a person sees them.

    After the tables of a sheet come its comments, the texts of its shapes, charts and pictures.
    """
    with opened_parts(source) as parts:
        main = parts.main("xl/workbook.xml")
        sheets, dates = _sheets(parts, main)
        if not sheets:
            raise DamagedFileError(f"{source.name}: no sheets", format=source.format.name)
        book = _Book(_shared_texts(parts, main), _formats(parts, main), dates)
        found = False
        for sheet in sheets:
            if sheet.hidden:
                source.warn("hidden_sheets")
            for element in _sheet_elements(parts, sheet, book, source):
                found = True
                yield element
        if not found and (parts.damaged or source.missing):
            raise DamagedFileError(f"{source.name}: nothing left", format=source.format.name)


def _sheet_elements(parts: Parts, sheet: _Sheet, book: _Book, source: Source) -> Iterator[Element]:
    layout = _look_through(parts, sheet, source)
    yield from margin_elements("Header", layout.headers, sheet.name)
    yield from table_elements(_rows(parts, sheet, book, layout.merged), sheet=sheet.name)
    yield from beside_cells(parts, sheet.part, sheet.name, source)
    yield from margin_elements("Footer", layout.footers, sheet.name)


def _sheets(parts: Parts, main: str) -> tuple[list[_Sheet], SerialDates]:
    """Return the sheets in the order of their tabs; without a list of them, all there are."""
    root = parts.xml(main)
    relations = parts.relations(main)
    found: list[_Sheet] = []
    since_1904 = False
    for element in () if root is None else root.iter():
        name = local_name(element)
        if name == "workbookPr":
            since_1904 = element.get("date1904") in ("1", "true")
        elif name == "sheet":
            relation = relations.get(_attribute(element, "id"))
            if relation is None or relation.kind in ("dialogsheet", "macrosheet", "xlMacrosheet"):
                continue
            if relation.target in parts:
                state = element.get("state", "visible")
                found.append(_Sheet(element.get("name", ""), relation.target, state != "visible"))
            else:
                parts.note_damage(relation.target)
    if not found:
        found = [
            _Sheet(name.rpartition("/")[2].rpartition(".")[0], name)
            for name in parts.names()
            if _PLAIN_NAME.fullmatch(name)
        ]
    return found, SerialDates(since_1904=since_1904)


def _attribute(element: Any, name: str) -> str:
    """Return an attribute whatever its namespace is."""
    return next(
        (str(value) for key, value in element.attrib.items() if key.endswith("}" + name)), ""
    )


def _shared_texts(parts: Parts, main: str) -> list[str]:
    part = next(iter(parts.related(main, "sharedStrings")), "xl/sharedStrings.xml")
    return [_rich_text(item) for item in _elements(parts, part, "si")]


def _rich_text(item: Any) -> str:
    """Return the text of a shared or inline string, without the reading aids above it."""
    pieces = []
    for child in item:
        name = local_name(child)
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces.extend(t.text or "" for t in child if local_name(t) == "t")
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), text) if "_x" in text else text


def _formats(parts: Parts, main: str) -> list[str]:
    """Return the number format of every cell style."""
    part = next(iter(parts.related(main, "styles")), "xl/styles.xml")
    root = parts.xml(part) if part in parts else None
    if root is None:
        return []
    codes = dict(BUILT_IN_CODES)
    formats: list[str] = []
    for element in root.iter():
        name = local_name(element)
        if name == "numFmt" and (element.get("numFmtId") or "").isdecimal():
            number = int(element.get("numFmtId"))
            # Programs write out built-in formats too, in the locale of whoever saved the file.
            codes.setdefault(number, element.get("formatCode") or "General")
        elif name == "cellXfs":
            formats = [
                codes.get(_number(style.get("numFmtId")), "General")
                for style in element
                if local_name(style) == "xf"
            ]
    return formats


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0


def _look_through(parts: Parts, sheet: _Sheet, source: Source) -> _Layout:
    """Find what the XML tells only after the cells: merged areas, headers and footers.

    Also notes formulas that no program has computed yet.
    """
    layout = _Layout()
    before = b""
    unknown = False
    tail = b""
    for chunk in parts.chunks(sheet.part):
        data = before + chunk
        unknown = unknown or _NO_VALUE.search(data) is not None
        if b"mergeCell" in data:
            for left, first, right, last in _MERGE.findall(data):
                columns = column_number(left.decode()), column_number(right.decode())
                layout.merged.add(int(first), int(last), *columns)
        before = data[-_OVERLAP:]
        tail = (tail + chunk)[-64 * _OVERLAP :]
    if unknown:
        source.warn("formulas_without_values")
    if (start := tail.find(b"headerFooter")) >= 0:
        for kind, text in re.findall(
            rb"<(?:\w+:)?(?:odd|even|first)(Header|Footer)[^>]*>([^<]*)<", tail[start:]
        ):
            texts = layout.headers if kind == b"Header" else layout.footers
            texts.append(_unquoted(text))
    return layout


def _unquoted(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").replace("&quot;", '"').replace("&lt;", "<")
    text = text.replace("&gt;", ">").replace("&apos;", "'")
    text = re.sub(r"&#x([0-9A-Fa-f]{1,5});", lambda code: chr(int(code.group(1), 16)), text)
    text = re.sub(r"&#(\d{1,6});", lambda code: chr(int(code.group(1))), text)
    return text.replace("&amp;", "&")


def _elements(parts: Parts, part: str, name: str) -> Iterator[Any]:
    """Yield the elements of this name while a part streams by, each gone when the next comes."""
    faults: list[str] = []
    for _, element in pull_events(parts.chunks(part), (name,), faults, ends_only=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    if faults and part in parts:
        parts.note_damage(part)


def _rows(parts: Parts, sheet: _Sheet, book: _Book, merged: MergedCells) -> Iterator[Row]:
    """Yield a sheet's rows with merged cells filled."""
    last = 0
    for row in _elements(parts, sheet.part, "row"):
        number = _number(row.get("r")) or last + 1
        if number > LAST_ROW or number <= last:
            # Rows are in order wherever a program wrote them; others come from broken files.
            number = last + 1
        yield from merged.filled_rows(number)
        texts = _cells(row, book)
        merged.fill(number, texts)
        last = number
        yield number, texts
    yield from merged.filled_rows(LAST_ROW + 1)


def _cells(row: Any, book: _Book) -> list[str]:
    texts: list[str] = []
    for cell in row:
        place = _column((cell.get("r") or "").rstrip(_DIGITS))
        column = place or len(texts) + 1
        if column > WIDEST:
            continue
        text = _text(cell, book)
        if not text and column > len(texts):
            # Empty cells at the right, of which formatted rows have thousands, are left out.
            if not place:
                texts.append("")
            continue
        if column > len(texts):
            texts.extend([""] * (column - len(texts)))
        texts[column - 1] = text
    return texts


@functools.lru_cache(WIDEST)
def _column(letters: str) -> int:
    """Return the number of a column by the letters of a cell's place, 0 where there are none."""
    valid = letters.isascii() and letters.isalpha() and len(letters) <= _MOST_LETTERS
    return column_number(letters.upper()) if valid else 0


def _text(cell: Any, book: _Book) -> str:
    """Return what a cell shows."""
    kind = cell.get("t", "n")
    value: str | None = None
    for child in cell:
        # The children are v, f, is and extLst, with a namespace or without.
        tag = str(child.tag)
        if tag.endswith("v"):
            value = child.text
        elif tag.endswith("is"):
            return cleaned(_rich_text(child)[:LONGEST_CELL])
    if not value:
        return ""
    if kind == "s":
        position = _number(value.strip())
        return cleaned(book.texts[position]) if position < len(book.texts) else ""
    if kind in ("str", "inlineStr"):
        return cleaned(_unescaped(value[:LONGEST_CELL]))
    if kind == "e":
        return cleaned(value)
    if kind == "b":
        return "TRUE" if value.strip() in ("1", "true") else "FALSE"
    style = _number(cell.get("s"))
    code = book.formats[style] if style < len(book.formats) else "General"
    return cleaned(_shown(value.strip(), kind, code, book.dates))


def _shown(value: str, kind: str, code: str, dates: SerialDates) -> str:
    try:
        if kind == "d":
            return shown(datetime.fromisoformat(value.rstrip("Z")), code)
        number = float(value)
    except ValueError:
        return value
    if number.is_integer() and abs(number) < 1e15:
        return shown(int(number), code, dates)
    return shown(number, code, dates)
