"""What a file's content shows of its kind: the names of `loaders.formats`, or None."""

from __future__ import annotations

import json
import mmap
import re
import zipfile
from collections.abc import Collection
from pathlib import Path

from loaders import salvage

_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("PowerPoint Document", "ppt"),
    ("__properties_version1.0", "msg"),
    ("Book", "xls"),
)
_OPEN_DOCUMENT = (
    (b"opendocument.text", "odt"),
    (b"opendocument.spreadsheet", "ods"),
    (b"opendocument.presentation", "odp"),
    (b"epub", "epub"),
)
_MOST_READ = 64 * 1024
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]")
_XHTML = re.compile(r"<html[\s>]")
_HTML_INSIDE = re.compile(r"<(?:html|body|table)[\s>]")
_BEFORE_HTML = ("<!--", "<head", "<meta", "<title")
_FRAGMENT = re.compile(r"<(?:table|body|div|p|style|center|font)[\s>]")
_MAIL_HEADER = re.compile(
    r"(?:return-path|received|delivered-to|dkim-signature|arc-\w[\w-]*|authentication-results|from|to|cc|subject|date|"
    r"message-id|mime-version|content-type|content-transfer-encoding|x-[\w-]+|reply-to|sender|thread-\w+|"
    r"snapshot-content-location)\s?:[ \t]"
)
_JSON = re.compile(r'[\[{]\s*(?:"(?:[^"\\\n]|\\.)*"\s*[:,\]]|[\[{]|-?\d|true|false|null|[\]}])')
_CONTINUED = re.compile(r"\n[ \t]+")
_XML_KINDS = (
    ("urn:schemas-microsoft-com:office:spreadsheet", "spreadsheetml"),
    ('progid="excel.sheet"', "spreadsheetml"),
    ("schemas.microsoft.com/office/word/2003/wordml", "wordml"),
    ("http://schemas.microsoft.com/office/2006/xmlpackage", "wordml"),
    ('progid="word.document"', "wordml"),
    ("urn:oasis:names:tc:opendocument:xmlns:office", "flat_odf"),
)


def ole_kind(path: Path) -> str | None:
    """Name what an OLE container holds; "encrypted" for an office package with a password.

    Only its first level counts: documents embedded in it have streams of the same names.
    """
    import olefile

    try:
        with olefile.OleFileIO(path) as container:
            names = {entry[0].lower() for entry in container.listdir(streams=True, storages=True)}
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        # A broken directory: the names still stand somewhere in it.
        return _named_anywhere(path)
    if not names:
        return _named_anywhere(path)
    for stream, kind in _OLE_STREAMS:
        if stream.lower() in names:
            return kind
    return None


def zip_kind(path: Path) -> str | None:
    """Name what a zip container holds, also where its directory is cut off; None for any other.

    Raises what `zipfile` raises where nothing can be found in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            types = _beginning(archive, "[Content_Types].xml", names)
            kind = _beginning(archive, "mimetype", names)
            kind = kind or _beginning(archive, "META-INF/manifest.xml", names)
    except salvage.UNREADABLE:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            names = {entry.name for entry in salvage.entries(data)}
            types, kind = b"", data[:_MOST_READ] if "mimetype" in names else b""
        if not names:
            raise
    return _zip_kind_by_names(names, types, kind)


def _zip_kind_by_names(names: Collection[str], types: bytes, kind: bytes) -> str | None:
    if any(name.startswith("word/") for name in names):
        return "docx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsm" if b"sheet.macroEnabled" in types else "xlsx"
    if any(name.startswith("ppt/") for name in names):
        return "pptx"
    for mark, found in _OPEN_DOCUMENT:
        if mark in kind:
            return found
    if "META-INF/container.xml" in names and any(name.endswith(".opf") for name in names):
        return "epub"
    return "ofd" if "OFD.xml" in names else None


def text_kind(start: str, *, guess: bool) -> str | None:
    """Name the kind of text by its start; ``guess`` looks for kinds without a sure mark too."""
    start = start.lstrip("\ufeff \t\r\n").replace("\r\n", "\n").replace("\r", "\n")
    lowered = start.lower()
    if _HTML.match(lowered) or (
        lowered.startswith(_BEFORE_HTML) and _HTML_INSIDE.search(lowered, 0, 4096) is not None
    ):
        return "html"
    if lowered.startswith("{\\rtf"):
        return "rtf"
    if lowered.startswith("<?xml"):
        return "html" if _XHTML.search(lowered, 0, 2048) else _xml_kind(lowered)
    mail = _mail_kind(lowered)
    if mail == "mhtml" or (mail and guess):
        return mail
    return _guessed_kind(start, lowered) if guess else None


def _guessed_kind(start: str, lowered: str) -> str | None:
    if _FRAGMENT.match(lowered) and "</" in lowered:
        return "html"
    if re.match(r"<[a-z][\w:.-]*[\s>/]", lowered) and "</" in lowered:
        return _xml_kind(lowered)
    if start.startswith(("{", "[")):
        return _json_kind(start)
    return _delimited_kind(start)


def _xml_kind(lowered: str) -> str:
    return next((kind for mark, kind in _XML_KINDS if mark in lowered[:8192]), "xml")


def _mail_kind(lowered: str) -> str | None:
    """Tell a mail, or a web page saved as one, by three lines of its head (RFC 5322, RFC 2557)."""
    head = _CONTINUED.sub(" ", lowered.split("\n\n", 1)[0])
    lines = head.split("\n")[:60]
    if len(lines) < 2 or not all(_MAIL_HEADER.match(line) or line == "" for line in lines[:2]):
        return None
    named = {line.split(":", 1)[0].strip() for line in lines if _MAIL_HEADER.match(line)}
    if "multipart/related" in head and (
        "snapshot-content-location" in named or not named & {"to", "received", "message-id"}
    ):
        return "mhtml"
    return "eml" if len(named) >= 3 and named & {"from", "subject", "received", "date"} else None


def _json_kind(start: str) -> str | None:
    """Tell JSON, or JSON lines, by what the standard library makes of the start."""
    first = start.split("\n", 1)[0].strip()
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        pass
    else:
        return "jsonl" if "\n" in start.strip() else "json"
    return "json" if _JSON.match(start) else None


def _delimited_kind(start: str) -> str | None:
    """Tell a table by the same number of delimiters on every line."""
    lines = [line for line in start.split("\n")[:50] if line.strip()]
    for mark, kind, fewest_lines, fewest_marks in (("\t", "tsv", 2, 1), (",", "csv", 3, 2)):
        counts = {line.count(mark) for line in lines}
        if len(lines) >= fewest_lines and len(counts) == 1 and counts.pop() >= fewest_marks:
            return kind
    return None


def _beginning(archive: zipfile.ZipFile, name: str, names: Collection[str]) -> bytes:
    if name not in names:
        return b""
    try:
        with archive.open(name) as part:
            return part.read(_MOST_READ)
    except salvage.UNREADABLE:
        return b""


def _named_anywhere(path: Path) -> str | None:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for name, kind in _OLE_STREAMS:
            # A name in the directory of the container is followed by zero bytes.
            if data.find(name.encode("utf-16-le") + b"\0\0") >= 0:
                return kind
    return None
