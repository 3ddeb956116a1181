"""What xlrd passes over in a workbook of Excel 97 to 2003: text boxes, headers, footers.

The records are described in [MS-XLS]: BoundSheet8 (2.4.28), Header (2.4.136), Footer (2.4.124),
TxO (2.4.329), Continue (2.4.58).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile

_BOUND_SHEET = 0x85
_BOF = 0x809
_HEADER, _FOOTER = 0x14, 0x15
_TEXT_BOX = 0x1B6
_CONTINUE = 0x3C
_WIDE = 0x01
_FIRST_RECORD = bytes.fromhex("0908100000060500")
"""Begins the globals of a workbook: its type, its length, version 8, kind of stream."""

_ODD = (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error)
"""What olefile raises over a broken container."""

_LONGEST_TEXT = 32_767

Record = tuple[int, int, memoryview]
"""Place in the stream, kind, body."""


@dataclass(slots=True)
class Extras:
    """The texts of one sheet beside its cells."""

    headers: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)


def extras(data: bytes) -> dict[int, Extras]:
    """Return what stands beside the cells by the number of the sheet from 0.

    Nothing for older versions, which keep these otherwise; of a broken file what comes before the
    fault.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            if not container.exists("Workbook"):
                return {}
            stream = memoryview(container.openstream("Workbook").read())
    except _ODD:
        # The cells could be read: the container is odd, not worthless.
        return {}
    starts: dict[int, int] = {}
    found: dict[int, Extras] = {}
    sheet = -1
    wanted = 0
    pieces: list[str] = []
    for place, kind, body in _records(stream):
        if kind == _CONTINUE:
            if wanted > 0 and len(body) > 1:
                text = _characters(body[1:], wide=bool(body[0] & _WIDE))[:wanted]
                pieces.append(text)
                wanted -= len(text)
                if wanted <= 0 and sheet >= 0:
                    found.setdefault(sheet, Extras()).boxes.append("".join(pieces).strip())
            continue
        wanted = 0
        if kind == _BOUND_SHEET and len(body) >= 4:
            starts[struct.unpack_from("<I", body)[0]] = len(starts)
        elif kind == _BOF and place in starts:
            sheet = starts[place]
        elif kind == _TEXT_BOX and len(body) >= 12:
            wanted = min(struct.unpack_from("<H", body, 10)[0], _LONGEST_TEXT)
            pieces = []
        elif kind in (_HEADER, _FOOTER) and len(body) > 3 and sheet >= 0:
            text = _characters(body[3:], wide=bool(body[2] & _WIDE))
            entry = found.setdefault(sheet, Extras())
            (entry.headers if kind == _HEADER else entry.footers).append(text)
    for entry in found.values():
        entry.boxes = [text for text in dict.fromkeys(entry.boxes) if text]
    return found


def streams(data: bytes) -> Iterator[bytes]:
    """Yield what may be the records of a workbook whose container is broken."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            for name in ("Workbook", "Book"):
                if container.exists(name):
                    yield container.openstream(name).read()
    except _ODD:
        # The directory is lost too; small workbooks stand in one piece.
        pass
    start = data.find(_FIRST_RECORD)
    if start >= 0:
        yield data[start:]


def _records(stream: memoryview) -> Iterator[Record]:
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _characters(body: memoryview, *, wide: bool) -> str:
    return bytes(body).decode("utf-16-le" if wide else "latin-1", "replace").replace("\0", "")
