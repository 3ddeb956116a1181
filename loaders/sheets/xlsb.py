"""Binary workbooks of Excel 2007 and later (xlsb), streamed record by record.

Numbers and layout of the records are those of [MS-XLSB]. The readers of other projects pass over
the short records of cells, in which some programs write most of a sheet, and over number formats.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from loaders._unstructured import Element
from loaders.errors import DamagedFileError
from loaders.office.opc import Parts, opened_parts
from loaders.sheets.beside_cells import beside_cells
from loaders.sheets.cells import (
    ERRORS,
    LAST_ROW,
    LONGEST_CELL,
    WIDEST,
    MergedCells,
    cleaned,
    margin_elements,
    note_element,
)
from loaders.sheets.columns import column_letters
from loaders.sheets.number_format import BUILT_IN_CODES, SerialDates, shown
from loaders.source import Source
from loaders.tables.grid import Row, table_elements

_ROW, _SHARED_TEXT, _FORMAT, _STYLE, _RICH_TEXT = 0, 19, 44, 47, 62
_BOOK, _SHEET, _MERGED, _MARGINS = 153, 156, 176, 479
_STYLES_BEGIN, _STYLES_END = 617, 618
_COMMENT, _COMMENT_TEXT = 635, 637
_FIRST_SHORT, _LAST_SHORT, _SHORT_AFTER = 12, 18, 11
"""Short cells stand in the column after the one before, and say no column."""

_LARGEST_RECORD = 16 << 20
_ABSENT = 0xFFFFFFFF
_NOT_CELLS = ("dialogsheet", "macrosheet", "xlMacrosheet", "xlIntlMacrosheet")
_THREADED = "[Threaded comment]"

_T = TypeVar("_T")
Record = tuple[int, bytes]
Value = bool | float | str


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    hidden: bool


@dataclass(slots=True)
class _Book:
    """What the cells of all sheets refer to, and the sheets in the order of their tabs."""

    sheets: list[_Sheet] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    dates: SerialDates = field(default_factory=SerialDates)


def load_xlsb(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, hidden ones too, with cells as a person sees them."""
    with opened_parts(source) as parts:
        book = _book(parts, parts.main("xl/workbook.bin"))
        if not book.sheets:
            raise DamagedFileError(f"{source.name}: no sheets", format=source.format.name)
        for sheet in book.sheets:
            if sheet.hidden:
                source.warn("hidden_sheets")
            merged, headers, footers = _layout(parts, sheet)
            yield from margin_elements("Header", headers, sheet.name)
            yield from table_elements(_rows(parts, sheet, book, merged), sheet=sheet.name)
            yield from _comments(parts, sheet)
            yield from beside_cells(parts, sheet.part, sheet.name, source)
            yield from margin_elements("Footer", footers, sheet.name)


def _records(parts: Parts, name: str) -> Iterator[Record]:
    """Yield kind and content of a part's records; a part that ends inside one is damaged."""
    rest = b""
    for chunk in parts.chunks(name):
        data, place = rest + chunk, 0
        while (found := _head(data, place)) is not None:
            kind, start, end = found
            if end - start > _LARGEST_RECORD:
                parts.note_damage(name)
                return
            if end > len(data):
                break
            yield kind, data[start:end]
            place = end
        rest = data[place:]
    if rest:
        parts.note_damage(name)


def _head(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Return a record's kind and where its content starts and ends; None where data is short."""
    try:
        kind = data[place]
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | (data[place] & 0x7F) << 7
            place += 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
    except IndexError:
        return None
    return kind, place, place + size


def _read(
    parts: Parts, name: str, wanted: dict[int, Callable[[bytes], _T]]
) -> Iterator[tuple[int, _T]]:
    """Yield what the wanted records of a part say; those too short for it are damage."""
    for kind, content in _records(parts, name):
        reader = wanted.get(kind)
        if reader is None:
            continue
        try:
            found = reader(content)
        except (struct.error, IndexError):
            parts.note_damage(name)
            continue
        yield kind, found


def _wide(content: bytes, place: int) -> tuple[str, int]:
    """Return the text at a place and where it ends."""
    (count,) = struct.unpack_from("<I", content, place)
    if count == _ABSENT:
        return "", place + 4
    start, end = place + 4, place + 4 + 2 * count
    if end > len(content):
        raise struct.error
    return content[start:end].decode("utf-16-le", "replace"), end


def _rich(content: bytes) -> str:
    """Return a text whose runs may differ in their looks; a byte of flags comes first."""
    return _wide(content, 1)[0]


def _book(parts: Parts, main: str) -> _Book:
    relations = parts.relations(main)
    book = _Book()
    for _, flags in _read(parts, main, {_BOOK: _flags}):
        book.dates = SerialDates(since_1904=bool(flags & 1))
    for _, (hidden, key, name) in _read(parts, main, {_SHEET: _bundled}):
        relation = relations.get(key)
        if relation is None or relation.kind in _NOT_CELLS:
            continue
        if relation.target in parts:
            book.sheets.append(_Sheet(name, relation.target, hidden))
        else:
            parts.note_damage(relation.target)
    texts = next(iter(parts.related(main, "sharedStrings")), "xl/sharedStrings.bin")
    book.texts = [text for _, text in _read(parts, texts, {_SHARED_TEXT: _rich})]
    styles = next(iter(parts.related(main, "styles")), "xl/styles.bin")
    book.formats = _formats(parts, styles)
    return book


def _flags(content: bytes) -> int:
    return content[0]


def _bundled(content: bytes) -> tuple[bool, str, str]:
    """Return of an entry in the list of sheets: is it hidden, its relation, its name."""
    key, place = _wide(content, 8)
    return content[0] != 0, key, _wide(content, place)[0]


def _formats(parts: Parts, name: str) -> list[str]:
    """Return the number format of every cell style."""
    codes = dict(BUILT_IN_CODES)
    formats: list[str] = []
    of_cells = False
    for kind, content in _records(parts, name):
        if kind in (_STYLES_BEGIN, _STYLES_END):
            of_cells = kind == _STYLES_BEGIN
        elif kind == _STYLE and of_cells and len(content) >= 4:
            formats.append(codes.get(int.from_bytes(content[2:4], "little"), "General"))
        elif kind == _FORMAT and len(content) >= 6:
            try:
                code = _wide(content, 2)[0]
            except struct.error:
                parts.note_damage(name)
                continue
            codes.setdefault(int.from_bytes(content[:2], "little"), code)
    return formats


def _layout(parts: Parts, sheet: _Sheet) -> tuple[MergedCells, list[str], list[str]]:
    """Find what a sheet tells only after its cells: merged areas, headers and footers."""
    merged = MergedCells()
    headers: list[str] = []
    footers: list[str] = []
    for _, (area, texts) in _read(parts, sheet.part, {_MERGED: _area, _MARGINS: _margins}):
        if area:
            first, last, left, right = area
            merged.add(first + 1, last + 1, left + 1, right + 1)
        headers.extend(texts[::2])
        footers.extend(texts[1::2])
    return merged, headers, footers


def _area(content: bytes) -> tuple[tuple[int, ...], list[str]]:
    return struct.unpack_from("<4I", content), []


def _margins(content: bytes) -> tuple[tuple[int, ...], list[str]]:
    """Return header and footer of odd, even and first pages in turn."""
    texts, place = [], 2
    for _ in range(6):
        text, place = _wide(content, place)
        texts.append(text)
    return (), texts


def _rows(parts: Parts, sheet: _Sheet, book: _Book, merged: MergedCells) -> Iterator[Row]:
    """Yield a sheet's rows with merged cells filled."""
    last = 0
    for number, texts in _filled_cells(parts, sheet, book):
        if not last < number <= LAST_ROW:
            # Rows are in order wherever a program wrote them; others come from broken files.
            number = last + 1
        yield from merged.filled_rows(number)
        merged.fill(number, texts)
        last = number
        yield number, texts
    yield from merged.filled_rows(LAST_ROW + 1)


def _filled_cells(parts: Parts, sheet: _Sheet, book: _Book) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers of rows and what their cells show, up to the last that shows anything."""
    number, column = 0, -1
    texts: list[str] = []
    for kind, content in _records(parts, sheet.part):
        if kind == _ROW:
            if texts:
                yield number, texts
            if len(content) < 4:
                parts.note_damage(sheet.part)
            number, column, texts = int.from_bytes(content[:4], "little") + 1, -1, []
            continue
        is_short = _FIRST_SHORT <= kind <= _LAST_SHORT
        if not number or not (1 <= kind <= _LAST_SHORT or kind == _RICH_TEXT):
            continue
        if is_short:
            column, content = column + 1, bytes(4) + content
        elif len(content) >= 4:
            column = int.from_bytes(content[:4], "little")
        try:
            text = _shown(kind - _SHORT_AFTER if is_short else kind, content, book)
        except (struct.error, IndexError):
            parts.note_damage(sheet.part)
            continue
        if text and column < WIDEST:
            texts.extend([""] * (column + 1 - len(texts)))
            texts[column] = text
    if texts:
        yield number, texts


def _shown(kind: int, content: bytes, book: _Book) -> str:
    """Return what a cell shows; a formula's value stands where another cell's own does."""
    value: Value = ""
    if kind == 2:
        value = _packed(content)
    elif kind in (3, 11):
        value = ERRORS.get(content[8], "#N/A")
    elif kind in (4, 10):
        value = "TRUE" if content[8] else "FALSE"
    elif kind in (5, 9):
        (value,) = struct.unpack_from("<d", content, 8)
    elif kind in (6, 8):
        value = _wide(content, 8)[0]
    elif kind == 7:
        (position,) = struct.unpack_from("<I", content, 8)
        value = book.texts[position]
    elif kind == _RICH_TEXT:
        value = _wide(content, 9)[0]
    if isinstance(value, str):
        return cleaned(value[:LONGEST_CELL])
    style = int.from_bytes(content[4:7], "little")
    code = book.formats[style] if style < len(book.formats) else "General"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return cleaned(shown(value, code, book.dates))


def _packed(content: bytes) -> float:
    """Return a number kept in 30 bits, as an integer or as the upper part of a real number."""
    (raw,) = struct.unpack_from("<i", content, 8)
    if raw & 2:
        number: float = raw >> 2
    else:
        (number,) = struct.unpack("<d", bytes(4) + struct.pack("<i", raw & ~3))
    return number / 100 if raw & 1 else number


def _comments(parts: Parts, sheet: _Sheet) -> Iterator[Element]:
    reference = ""
    for name in parts.related(sheet.part, "comments"):
        for kind, found in _read(parts, name, {_COMMENT: _place, _COMMENT_TEXT: _rich}):
            if kind == _COMMENT:
                reference = found
            # The copies of threaded comments, which are kept for old programs, are left out.
            elif _THREADED not in found and (e := note_element(reference, found, sheet.name)):
                yield e


def _place(content: bytes) -> str:
    row, _, column = struct.unpack_from("<3I", content, 4)
    return f"{column_letters(column + 1)}{row + 1}"
