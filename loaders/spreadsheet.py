"""Spreadsheets: xlsx by openpyxl, csv and tsv by the csv module, row by row."""

from __future__ import annotations

import csv
import io
import re
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, BinaryIO

from lxml import etree

from loaders import encoding
from loaders._unstructured import Element
from loaders.container import check_container
from loaders.errors import DamagedFileError
from loaders.grid import Row, table_elements
from loaders.number_format import built_in_format, shown
from loaders.package import opened_package
from loaders.source import Source

_SNIFFED_LINES = 50
_DELIMITERS = (",", "\t", ";", "|")
_CHUNK = 1024 * 1024
_OVERLAP = 512
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_NO_VALUE = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_MOST_MERGED_CELLS = 200_000
_WIDEST = 2_000
_LONGEST_CELL = 32_767
"""As long as the program allows; what is longer comes from an attack."""


def load_delimited(source: Source) -> Iterator[Element]:
    """Yield the rows of a csv or tsv file as tables; the file is never held as a whole."""
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format=source.format.name)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (
        line.replace("\0", "")
        for line in encoding.open_lines(source.path, source.encoding, newline="")
    )
    start = list(islice(lines, _SNIFFED_LINES))
    if start:
        start[0] = start[0].removeprefix("\ufeff")
    delimiter = _delimiter(start, "\t" if source.format.name == "tsv" else ",")
    if start and (told := re.fullmatch(r"sep=(.)\s*", start[0])):
        # Excel's own way to name the delimiter; it takes a row that people do not see.
        delimiter = told.group(1)
        start[0] = "\n"
    reader = csv.reader(chain(start, lines), delimiter=delimiter, strict=False)
    try:
        yield from table_elements(_numbered(reader))
    except csv.Error as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc


def _numbered(reader: Iterator[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(reader, 1):
        yield number, [_cleaned(cell) for cell in cells]


def _cleaned(text: str) -> str:
    """Return a cell on one line: tabs and newlines part cells and rows in a table's text."""
    return " ".join(text.split()) if not text.isalnum() else text


def _delimiter(lines: list[str], usual: str) -> str:
    """Find the delimiter that gives most rows the same number of cells, and more than one."""
    best = (0.0, usual)
    for candidate in sorted(_DELIMITERS, key=lambda mark: mark != usual):
        rows = [row for row in csv.reader(lines, delimiter=candidate) if row]
        widths = Counter(map(len, rows))
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1 and count / len(rows) > best[0]:
            best = count / len(rows), candidate
    return best[1]


def load_xlsx(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, hidden ones too, with cells as a person sees them."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (
        InvalidFileException,
        etree.LxmlError,
        zipfile.BadZipFile,
        SyntaxError,
        KeyError,
        ValueError,
        IndexError,
        TypeError,
        AttributeError,
        EOFError,
        OSError,
    )
    # It warns of headers, styles and dates that it does not understand; none of these is text.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
    with opened_package(source) as package:
        check_container(package, source.limits, name=source.name, format_name="xlsx")
        package.seek(0)
        try:
            book = openpyxl.load_workbook(package, read_only=True, data_only=True)
        except broken as exc:
            # What openpyxl raises on a broken workbook is whatever its code stumbles over.
            raise DamagedFileError(
                f"{source.name}: {type(exc).__name__}: {exc}", format="xlsx"
            ) from exc
        try:
            for sheet in book.worksheets:
                try:
                    yield from table_elements(_rows(sheet, package, source), sheet=sheet.title)
                except broken as exc:
                    raise DamagedFileError(
                        f"{source.name}: sheet {sheet.title}: {type(exc).__name__}: {exc}",
                        format="xlsx",
                    ) from exc
        finally:
            book.close()


def _rows(sheet: Any, package: BinaryIO, source: Source) -> Iterator[Row]:
    """Yield a sheet's rows with merged cells filled."""
    merged, unknown = _look_through(package, sheet)
    if unknown:
        source.warn("formulas_without_values")
    # Some programs write a wrong size, and rows beyond it would be lost.
    sheet.reset_dimensions()
    formats: dict[int, str] = {}
    fills: dict[int, dict[int, str]] = {}
    for number, cells in enumerate(sheet.rows, 1):
        texts = [
            ""
            if cell.value is None
            else _cleaned(shown(cell.value, _code(cell, formats))[:_LONGEST_CELL])
            for cell in cells[:_WIDEST]
        ]
        for first, last, left, right in merged.get(number, ()):
            text = texts[left - 1] if left <= len(texts) else ""
            if text:
                for row in range(first, last + 1):
                    fills.setdefault(row, {}).update(dict.fromkeys(range(left, right + 1), text))
        for column, text in fills.pop(number, {}).items():
            texts.extend([""] * (column - len(texts)))
            texts[column - 1] = texts[column - 1] or text
        yield number, texts


def _code(cell: Any, formats: dict[int, str]) -> str:
    """Return a cell's number format, remembered by its style."""
    style = getattr(cell, "_style_id", None)
    if style is None:
        return "General"
    if style not in formats:
        number = cell.style_array.numFmtId
        formats[style] = built_in_format(number) or cell.number_format or "General"
    return formats[style]


Merge = tuple[int, int, int, int]


def _look_through(package: BinaryIO, sheet: Any) -> tuple[dict[int, list[Merge]], bool]:
    """Find what openpyxl does not tell while it streams: merged cells by their first row.

    Also tells whether there are formulas that no program has computed yet.
    """
    from openpyxl.utils import column_index_from_string

    merged: dict[int, list[Merge]] = {}
    cells = 0
    unknown = False
    # A second reader on the same file: openpyxl keeps the position of the first.
    with zipfile.ZipFile(_Window(package)) as archive:
        name = sheet._worksheet_path.lstrip("/")
        with archive.open(name) as stream:
            before = b""
            while chunk := stream.read(_CHUNK):
                data = before + chunk
                unknown = unknown or _NO_VALUE.search(data) is not None
                for match in _MERGE.finditer(data, max(0, len(before) - _OVERLAP)):
                    left = column_index_from_string(match.group(1).decode())
                    right = min(column_index_from_string(match.group(3).decode()), _WIDEST)
                    first, last = int(match.group(2)), int(match.group(4))
                    cells += max(0, last - first + 1) * max(0, right - left + 1)
                    entry = (first, last, left, right)
                    if cells > _MOST_MERGED_CELLS or entry in merged.get(first, ()):
                        continue
                    merged.setdefault(first, []).append(entry)
                before = data[-_OVERLAP:]
    return merged, unknown


class _Window(io.RawIOBase):
    """The same file read at a position of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0
        self._end = _size(file)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        there = self._file.tell()
        self._file.seek(self._position)
        data = self._file.read(len(buffer))
        self._file.seek(there)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _size(file: BinaryIO) -> int:
    there = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(there)
    return end
