"""Make a broken zip container whole again, with as much of each part as can be unpacked.

A zip file tells of each part twice: in the directory at its end, and in a header before the part
(PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.4). Where the directory is cut off or wrong, the
headers are read instead.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import unquote

from lxml import etree

from loaders.errors import DamagedFileError, LimitExceededError
from loaders.limits import MEGABYTE, Limits

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_LOCAL = b"PK\x03\x04"
_NEXT = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x05\x06|\x07\x08)")
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_READ = 1024
"""Bytes unpacked at a time: what comes before a fault is kept to this much."""

_IN_MEMORY = 32 * MEGABYTE
_LARGEST_MENDED = 64 * MEGABYTE
_LONGEST_NAME = 1024
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TYPES = "[Content_Types].xml"
_STRINGS = "xl/sharedStrings.xml"
_STRING_CELL = re.compile(rb'\st="s"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>(\d{1,7})</v>')
_SPREADSHEETS = (
    "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}",
    "{http://purl.oclc.org/ooxml/spreadsheetml/main}",
)
_MOST_STRINGS = 2_000_000
_XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_PICTURES = ("media/", "pictures/", "thumbnails/", "thumbnail.", "images/", "embeddings/")

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
"""What `zipfile` raises over a broken container, read or opened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A part by its own header; ``start`` is where its bytes begin."""

    name: str
    start: int
    method: int
    crc: int
    packed: int
    flags: int


def entries(data: Any) -> Iterator[Entry]:
    """Yield the parts that have a header of their own, whatever the directory says."""
    position = data.find(_LOCAL)
    while position >= 0:
        entry = _entry(data, position)
        following = position + len(_LOCAL)
        if entry is not None:
            yield entry
            if entry.packed and entry.start + entry.packed <= len(data):
                following = entry.start + entry.packed
        position = data.find(_LOCAL, following)


def is_sound(package: BinaryIO, limits: Limits) -> bool:
    """Tell whether the directory is there and every part unpacks to what it promises.

    Pictures are not looked at: a broken one costs nothing but itself.

    Raises:
        LimitExceededError: it unpacks to too much.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            check_sizes(archive.infolist(), limits)
            for entry in archive.infolist():
                if _is_picture(entry.filename) or entry.flag_bits & _ENCRYPTED:
                    continue
                with archive.open(entry) as part:
                    while part.read(MEGABYTE):
                        pass
    except UNREADABLE:
        return False
    return True


def check_sizes(parts: Iterable[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse a container that unpacks to too much, or one part far more than honest ones.

    The sizes of the directory can be trusted: `zipfile` never hands out more than they say.
    """
    unpacked = 0
    for entry in parts:
        unpacked += entry.file_size
        _check_size(entry.filename, unpacked, entry.file_size, entry.compress_size, limits)


def _check_size(name: str, total: int, size: int, packed: int, limits: Limits) -> None:
    if total > limits.unpacked_mb * MEGABYTE:
        raise LimitExceededError(f"unpacks to {total} bytes", limit="unpacked", value=total)
    if size > limits.ratio_from_mb * MEGABYTE and size > limits.ratio * max(1, packed):
        raise LimitExceededError(f"{name} unpacks to {size} bytes", limit="unpacked", value=size)


def salvaged(package: BinaryIO, limits: Limits) -> tuple[BinaryIO, list[str]]:
    """Return a whole container of what can be unpacked, and the names of the parts that lost.

    XML that breaks off is closed, references to parts that are gone are taken out. The container is
    a file that the caller closes.

    Raises:
        DamagedFileError: there is nothing in it.
        LimitExceededError: it unpacks to too much.
    """
    package.seek(0)
    data = package.read()
    parts: dict[str, bytes] = {}
    lost: list[str] = []
    total = 0
    for entry in (*entries(data), *_listed(data)):
        if entry.name.endswith("/") or entry.name in parts or entry.name in lost:
            continue
        content, whole = _unpacked(data, entry, limits.unpacked_mb * MEGABYTE - total)
        total += len(content)
        _check_size(entry.name, total, len(content), len(data) - entry.start, limits)
        if not whole:
            lost.append(entry.name)
            if entry.name.lower().endswith(_XML):
                content = _closed(content)
        if content or whole:
            parts[entry.name] = content
    if not parts:
        raise DamagedFileError("no part of the container can be unpacked")
    lost.extend(_mend(parts))
    return _packed(parts), lost


def _entry(data: Any, position: int) -> Entry | None:
    header = data[position : position + _HEADER.size]
    if len(header) < _HEADER.size:
        return None
    _, _, flags, method, _, _, crc, packed, _, length, extra = _HEADER.unpack(header)
    raw = data[position + _HEADER.size : position + _HEADER.size + length]
    if not 0 < length <= _LONGEST_NAME or method > 99 or b"\0" in raw:
        return None
    name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace").replace("\\", "/")
    if flags & _SIZES_FOLLOW:
        crc = packed = 0
    return Entry(name, position + _HEADER.size + length + extra, method, crc, packed, flags)


def _listed(data: bytes) -> Iterator[Entry]:
    """Yield the parts of the directory, for those whose own header is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
    except UNREADABLE:
        return
    for each in listed:
        length = len(each.orig_filename.encode("utf-8" if each.flag_bits & _UTF8 else "cp437"))
        start = each.header_offset + _HEADER.size + length
        packed, flags = each.compress_size, each.flag_bits & ~_SIZES_FOLLOW
        yield Entry(each.filename, start, each.compress_type, each.CRC, packed, flags)


def _unpacked(data: bytes, entry: Entry, room: int) -> tuple[bytes, bool]:
    """Unpack a part as far as it goes, and tell whether that is all of it."""
    if entry.flags & _ENCRYPTED:
        return b"", False
    if entry.method == zipfile.ZIP_STORED:
        return _stored(data, entry)
    if entry.method != zipfile.ZIP_DEFLATED:
        return b"", False
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    found = bytearray()
    position = entry.start
    try:
        while not unpacker.eof and position < len(data) and len(found) <= room:
            found += unpacker.decompress(data[position : position + _READ])
            position += _READ
    except zlib.error:
        # Here is the fault: what came before it is all there is.
        return bytes(found), False
    whole = unpacker.eof and (not entry.crc or zlib.crc32(found) == entry.crc)
    return bytes(found), whole


def _stored(data: bytes, entry: Entry) -> tuple[bytes, bool]:
    end = entry.start + entry.packed
    if entry.flags & _SIZES_FOLLOW:
        following = _NEXT.search(data, entry.start)
        end = following.start() if following else len(data)
    content = data[entry.start : end]
    sound = end <= len(data) and (not entry.crc or zlib.crc32(content) == entry.crc)
    return content, sound


def _closed(content: bytes) -> bytes:
    """Return XML that breaks off or holds faults as whole XML; b"" where nothing of it is XML."""
    if len(content) > _LARGEST_MENDED:
        return content
    root = _parsed(content)
    return b"" if root is None else _written(root)


def _mend(parts: dict[str, bytes]) -> list[str]:
    """Take out what refers to parts that are not there; returns their names."""
    gone: list[str] = []
    for name in [name for name in parts if name.endswith(".rels")]:
        folder, _, file = name.rpartition("/")
        owner = posixpath.join(posixpath.dirname(folder), file.removesuffix(".rels"))
        ids = _drop_relations(parts, name, posixpath.dirname(owner), gone)
        if ids and owner in parts:
            _drop_references(parts, owner, ids)
    types = _parsed(parts.get(_TYPES, b""))
    if types is not None:
        absent = [
            entry
            for entry in types
            if entry.get("PartName") and entry.get("PartName").lstrip("/") not in parts
        ]
        for entry in absent:
            types.remove(entry)
        parts[_TYPES] = _written(types)
    _fill_strings(parts)
    return gone


def _drop_relations(
    parts: dict[str, bytes], name: str, folder: str, gone: list[str]
) -> frozenset[str]:
    root = _parsed(parts[name])
    if root is None:
        return frozenset()
    dropped = set()
    for entry in list(root):
        target = entry.get("Target")
        if target is None or entry.get("TargetMode") == "External":
            continue
        path = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
        if path not in parts:
            root.remove(entry)
            dropped.add(entry.get("Id") or "")
            if path not in gone:
                gone.append(path)
    if dropped:
        parts[name] = _written(root)
    return frozenset(dropped)


def _drop_references(parts: dict[str, bytes], owner: str, ids: frozenset[str]) -> None:
    if len(parts[owner]) > _LARGEST_MENDED or not owner.endswith(".xml"):
        return
    root = _parsed(parts[owner])
    if root is None:
        return
    for element in [each for each in root.iter() if each.get(_RELATION_ID) in ids]:
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    parts[owner] = _written(root)


def _fill_strings(parts: dict[str, bytes]) -> None:
    """Put empty strings where a workbook's table of strings lost its end.

    Cells refer to them by number; without them a sheet that is whole could not be read.
    """
    sheets = [name for name in parts if name.startswith("xl/worksheets/") and name.endswith(".xml")]
    numbers = (
        int(match.group(1)) for name in sheets for match in _STRING_CELL.finditer(parts[name])
    )
    wanted = min(max(numbers, default=-1) + 1, _MOST_STRINGS)
    root = _parsed(parts.get(_STRINGS, b""))
    if not wanted or root is None:
        return
    # A namespace whose name is broken cannot be written again; readers go by the rest of the names.
    space = next((known for known in _SPREADSHEETS if root.tag.startswith(known)), "")
    for _ in range(wanted - len(root)):
        etree.SubElement(etree.SubElement(root, f"{space}si"), f"{space}t").text = ""
    parts[_STRINGS] = _written(root)


def _packed(parts: dict[str, bytes]) -> BinaryIO:
    # The caller closes it.
    file: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    file.seek(0)
    return file  # type: ignore[no-any-return]


def _parsed(content: bytes) -> Any | None:
    if not content.strip():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        return etree.parse(io.BytesIO(content), parser).getroot()
    except etree.XMLSyntaxError:
        return None


def _written(root: Any) -> bytes:
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def _is_picture(name: str) -> bool:
    return any(mark in name.lower() for mark in _PICTURES)
