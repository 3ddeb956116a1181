"""Write small binary workbooks ([MS-XLSB]): just enough records for the reader."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record with its kind and size in front."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(content)
    while length >= 0x80:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + size + bytes([length]) + content


def wide(text: str) -> bytes:
    """Return a text with its length in front."""
    data = text.encode("utf-16-le")
    return struct.pack("<I", len(data) // 2) + data


def row(number: int) -> bytes:
    """Begin a row, counted from 1."""
    return record(0, struct.pack("<I", number - 1) + bytes(13))


def cell(kind: int, column: int, content: bytes, *, style: int = 0) -> bytes:
    """Return a cell of a column counted from 1."""
    return record(kind, struct.pack("<II", column - 1, style) + content)


def short_cell(kind: int, content: bytes, *, style: int = 0) -> bytes:
    """Return a cell of the column after the one before."""
    return record(kind, struct.pack("<I", style) + content)


def text_cell(column: int, text: str) -> bytes:
    """Return a cell with a text of its own."""
    return cell(6, column, wide(text))


def margins(header: str, footer: str) -> bytes:
    """Return header and footer of a printed sheet."""
    return record(479, bytes(2) + wide(header) + wide(footer) + b"\xff\xff\xff\xff" * 4)


def merged(first: int, last: int, left: int, right: int) -> bytes:
    """Return a merged area, all counted from 1 and included."""
    return record(176, struct.pack("<4I", first - 1, last - 1, left - 1, right - 1))


def comments(entries: Mapping[tuple[int, int], str]) -> bytes:
    """Return the part of comments, by row and column from 1."""
    return b"".join(
        record(635, struct.pack("<5I", 0, line - 1, line - 1, column - 1, column - 1) + bytes(16))
        + record(637, b"\0" + wide(text))
        for (line, column), text in entries.items()
    )


def xlsb_parts(
    sheets: Mapping[str, bytes],
    *,
    hidden: str = "",
    texts: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    others: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Return the parts of a workbook by name.

    Style n has the n-th of ``codes``, from 1. ``others`` are comments of the first sheet.
    """
    listed, entries = b"", ""
    parts: dict[str, bytes] = {}
    for number, (name, content) in enumerate(sheets.items(), 1):
        state = struct.pack("<II", int(name == hidden), number)
        listed += record(156, state + wide(f"rId{number}") + wide(name))
        entries += _relation(f"rId{number}", "worksheet", f"worksheets/sheet{number}.bin")
        parts[f"xl/worksheets/sheet{number}.bin"] = content
    styles = b"".join(
        record(44, struct.pack("<H", 164 + n) + wide(code)) for n, code in enumerate(codes)
    )
    styles += record(617, struct.pack("<I", 1 + len(codes))) + record(47, bytes(16))
    for number in range(len(codes)):
        styles += record(47, struct.pack("<HH", 0, 164 + number) + bytes(12))
    parts |= {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": _relations(_relation("rId1", "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": record(131) + record(153, bytes(12)) + listed + record(132),
        "xl/_rels/workbook.bin.rels": _relations(entries),
        "xl/styles.bin": styles + record(618),
        "xl/sharedStrings.bin": b"".join(record(19, b"\0" + wide(text)) for text in texts),
    }
    if others:
        links = "".join(
            _relation(f"rId{n}", "comments", f"../{name}") for n, name in enumerate(others, 1)
        )
        parts["xl/worksheets/_rels/sheet1.bin.rels"] = _relations(links)
        parts |= {f"xl/{name}": content for name, content in others.items()}
    return parts


def _relation(key: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(entries: str) -> bytes:
    return f'<Relationships xmlns="{_PACKAGE}">{entries}</Relationships>'.encode()
