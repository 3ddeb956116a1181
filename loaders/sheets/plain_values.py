"""Values of workbooks by calamine, for what no other reader here can open."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.sheets.cells import MergedCells, cleaned
from loaders.sheets.number_format import shown
from loaders.source import Source
from loaders.tables.grid import Row

Value = bool | float | str | date | datetime | time | timedelta | None


def plain_sheets(
    data: bytes, source: Source, cause: Exception | None = None
) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield each sheet's name and rows, values in the General format.

    Raises DamagedFileError where nothing can be read, from ``cause`` where another reader has
    failed before.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
    except PasswordError as exc:
        raise EncryptedFileError(
            f"{source.name}: a password is needed", format=source.format.name
        ) from exc
    except BaseException as exc:
        raise _damaged(exc, source, cause) from exc
    read = False
    for name in names:
        try:
            sheet = book.get_sheet_by_name(name)
            rows = list(_rows(sheet))
        except BaseException as exc:
            if not _is_of_file(exc):
                raise
            source.missing = "damaged_parts"
            source.missing_params = {"parts": name}
            continue
        read = True
        yield name, iter(rows)
    if not read:
        raise _damaged(cause or CalamineError("no sheet can be read"), source, cause)


def _damaged(error: BaseException, source: Source, cause: Exception | None) -> BaseException:
    if not _is_of_file(error):
        return error
    return DamagedFileError(
        f"{source.name}: {type(cause or error).__name__}: {cause or error}",
        format=source.format.name,
    )


def _is_of_file(error: BaseException) -> bool:
    """Tell a defect of the file from one of ours; a panic in Rust is not even an Exception."""
    return isinstance(error, (CalamineError, OSError, ValueError)) or (
        type(error).__name__ == "PanicException"
    )


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    merged = MergedCells()
    for (first, left), (last, right) in sheet.merged_cell_ranges or ():
        merged.add(first + 1, last + 1, left + 1, right + 1)
    top = sheet.start[0] if sheet.start else 0
    left = sheet.start[1] if sheet.start else 0
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), top + 1):
        texts = [""] * left + [_text(value) for value in row]
        merged.fill(number, texts)
        yield number, texts


def _text(value: Value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return cleaned(shown(value, "General"))
