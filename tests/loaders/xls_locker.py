"""Put a password on an old workbook, as Excel 97 to 2003 do by default ([MS-OFFCRYPTO] 2.3.6)."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import olefile

from tests.loaders.msg_maker import write_ole

_BOF, _SHEET, _PASS = 0x0809, 0x0085, 0x002F
_PLAIN = (_BOF, 0x00E1)
_BLOCK = 1024
_SALT = bytes(range(16))


def write_locked(path: Path, workbook: bytes, password: str) -> Path:
    """Write the workbook again, its records encrypted."""
    with olefile.OleFileIO(io.BytesIO(workbook)) as container:
        stream = container.openstream("Workbook").read()
    records = _with_password(_records(stream), password)
    plain = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)
    keys = b"".join(
        _rc4(_key(password, block), bytes(_BLOCK)) for block in range(len(plain) // _BLOCK + 1)
    )
    locked, place = bytearray(plain), 0
    for kind, data in records:
        # Heads of records, some records, and the places of sheets are never encrypted.
        start, end = place + 4 + 4 * (kind == _SHEET), place + 4 + len(data)
        if kind not in (*_PLAIN, _PASS):
            locked[start:end] = _mixed(plain[start:end], keys[start:end])
        place = end
    return write_ole(path, {"Workbook": bytes(locked)})


def _records(stream: bytes) -> list[tuple[int, bytes]]:
    records, place = [], 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        records.append((kind, stream[place + 4 : place + 4 + size]))
        place += 4 + size
    return records


def _with_password(records: list[tuple[int, bytes]], password: str) -> list[tuple[int, bytes]]:
    """Add the record by which the password is checked, and move the places of the sheets."""
    verifier = bytes(reversed(range(16)))
    check = _rc4(_key(password, 0), verifier + hashlib.md5(verifier).digest())  # noqa: S324
    protection = struct.pack("<HHH", 1, 1, 1) + _SALT + check
    moved = [
        (
            kind,
            struct.pack("<I", struct.unpack_from("<I", data)[0] + 4 + len(protection)) + data[4:],
        )
        if kind == _SHEET
        else (kind, data)
        for kind, data in records
    ]
    return [moved[0], (_PASS, protection), *moved[1:]]


def _key(password: str, block: int) -> bytes:
    first = hashlib.md5(password.encode("utf-16-le")).digest()[:5]  # noqa: S324
    salted = hashlib.md5((first + _SALT) * 16).digest()[:5]  # noqa: S324
    return hashlib.md5(salted + struct.pack("<I", block)).digest()  # noqa: S324


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    stream = bytearray()
    for _ in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        stream.append(box[(box[i] + box[j]) % 256])
    return _mixed(data, bytes(stream))


def _mixed(data: bytes, key: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(data, key, strict=True))
