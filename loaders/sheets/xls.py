"""Workbooks of Excel 2.0 to 2003 (xls, xlt, and et of WPS Office): by xlrd, which tells formats.

What xlrd stumbles over is read by calamine, which tells values but neither number formats nor
merged cells.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError
from xlrd.formula import FormulaError

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.office.password import ProtectionError, decrypted
from loaders.sheets import biff
from loaders.sheets.cells import (
    ERRORS,
    MergedCells,
    cleaned,
    margin_elements,
    note_element,
)
from loaders.sheets.columns import column_letters
from loaders.sheets.number_format import BUILT_IN_CODES, SerialDates, shown
from loaders.sheets.plain_values import plain_sheets
from loaders.source import Source
from loaders.tables.grid import Row, table_elements

_BROKEN = (
    xlrd.XLRDError,
    CompDocError,
    FormulaError,
    struct.error,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
    EOFError,
    OSError,
)
"""What xlrd raises on a broken workbook is whatever its code stumbles over."""

_USUAL_PASSWORD = "VelvetSweatshop"  # noqa: S105 - Excel tries it by itself, nobody is asked
_LATE_FORMATS = 50
"""Up to version 4 formats were numbered by their place in the file, none was built in."""


def load_xls(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, hidden ones too, with cells as a person sees them.

    Before and after the tables of a sheet come its header and footer, its comments, text boxes.
    """
    data = source.path.read_bytes()
    try:
        book, data = _opened(data, source)
    except _BROKEN as exc:
        yield from _salvaged(data, source, exc)
        return
    extras = biff.extras(data)
    codes = _codes(book)
    dates = SerialDates(since_1904=bool(book.datemode))
    failed: list[str] = []
    read = False
    with book:
        for number, name in enumerate(book.sheet_names()):
            try:
                sheet = book.sheet_by_index(number)
                found = list(_sheet_elements(sheet, codes, dates, source, extras.get(number)))
            except _BROKEN:
                failed.append(name)
                continue
            book.unload_sheet(number)
            for element in found:
                read = True
                yield element
    if failed and not read:
        yield from _salvaged(data, source, DamagedFileError("no sheet can be read"))
    elif failed:
        source.missing = "damaged_parts"
        source.missing_params = {"parts": ", ".join(failed[:5])}


def _opened(data: bytes, source: Source) -> tuple[Any, bytes]:
    """Open a workbook, decrypted where it has a password; returns its bytes as they were read."""
    try:
        return _book(data), data
    except xlrd.XLRDError as exc:
        if "encrypted" in str(exc):
            data = _decrypted(data, source)
            return _book(data), data
        fault: Exception = exc
    except _BROKEN as exc:
        fault = exc
    for stream in biff.streams(data):
        try:
            book = _book(stream)
        except _BROKEN:
            continue
        source.missing = "damaged_parts"
        source.missing_params = {"parts": "Workbook"}
        return book, data
    raise fault


def _book(data: bytes) -> Any:
    return xlrd.open_workbook(
        file_contents=data,
        # It tells every oddity that it meets.
        logfile=io.StringIO(),
        formatting_info=True,
        on_demand=True,
        # A cell in the last corner of a sheet would have millions of empty ones made.
        ragged_rows=True,
        ignore_workbook_corruption=True,
    )


def _decrypted(data: bytes, source: Source) -> bytes:
    for password in filter(None, (source.password, _USUAL_PASSWORD)):
        try:
            plain = decrypted(io.BytesIO(data), password)
        except ProtectionError as exc:
            # Of a kind that only the office programs undo: both need a file without protection.
            raise EncryptedFileError(
                f"{source.name}: cannot be decrypted: {exc}", format=source.format.name
            ) from exc
        if plain is not None:
            return plain.getvalue()
    raise EncryptedFileError(
        f"{source.name}: {'wrong password' if source.password else 'a password is needed'}",
        format=source.format.name,
    )


def _salvaged(data: bytes, source: Source, cause: Exception) -> Iterator[Element]:
    source.warn("number_formats_lost")
    for name, rows in plain_sheets(data, source, cause):
        yield from table_elements(rows, sheet=name)


def _codes(book: Any) -> list[str]:
    """Return the number format of every cell style."""
    codes = []
    for style in book.xf_list:
        entry = book.format_map.get(style.format_key)
        code = entry.format_str if entry is not None else "General"
        if book.biff_version >= _LATE_FORMATS:
            code = BUILT_IN_CODES.get(style.format_key, code)
        codes.append(code)
    return codes


def _sheet_elements(
    sheet: Any, codes: list[str], dates: SerialDates, source: Source, extras: biff.Extras | None
) -> Iterator[Element]:
    if sheet.visibility:
        source.warn("hidden_sheets")
    if extras:
        yield from margin_elements("Header", extras.headers, sheet.name)
    yield from table_elements(_rows(sheet, codes, dates), sheet=sheet.name)
    notes = {}
    for (row, column), note in sorted(sheet.cell_note_map.items()):
        notes[note.text.strip()] = f"{column_letters(column + 1)}{row + 1}"
        if element := note_element(f"{column_letters(column + 1)}{row + 1}", note.text, sheet.name):
            yield element
    if extras:
        for text in extras.boxes:
            # The boxes of comments are among them.
            if text not in notes:
                yield make_element(text, sheet=sheet.name)
        yield from margin_elements("Footer", extras.footers, sheet.name)


def _rows(sheet: Any, codes: list[str], dates: SerialDates) -> Iterator[Row]:
    merged = MergedCells()
    for first, end, left, beyond in sheet.merged_cells:
        merged.add(first + 1, end, left + 1, beyond)
    for number in range(sheet.nrows):
        texts = [
            _text(sheet, number, column, codes, dates) for column in range(sheet.row_len(number))
        ]
        merged.fill(number + 1, texts)
        yield number + 1, texts
    yield from merged.filled_rows(65_537)


def _text(sheet: Any, row: int, column: int, codes: list[str], dates: SerialDates) -> str:
    kind = sheet.cell_type(row, column)
    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    value = sheet.cell_value(row, column)
    if kind == xlrd.XL_CELL_TEXT:
        return cleaned(value)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind == xlrd.XL_CELL_ERROR:
        return ERRORS.get(value, "#N/A")
    style = sheet.cell_xf_index(row, column)
    code = codes[style] if style is not None and 0 <= style < len(codes) else "General"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return cleaned(shown(value, code, dates))
