"""The one table of formats: names, suffixes, loaders, needs; and which of them a file is.

The content decides, the suffix only tells text formats apart.
"""

from __future__ import annotations

import mmap
import zipfile
from dataclasses import dataclass
from pathlib import Path

from loaders import encoding
from loaders.errors import DamagedFileError, EmptyFileError, UnsupportedFormatError

_HEAD_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. ``loader`` is "module:function", "" where the format is known but not read
    yet.

    ``needs`` are the packages its loader imports; ``is_text`` says that only its suffix tells it
    from other text.
    """

    name: str
    suffixes: tuple[str, ...]
    loader: str = ""
    needs: tuple[str, ...] = ()
    is_text: bool = False


FORMATS: tuple[Format, ...] = (
    Format(
        "txt", ("txt", "text", "log"), "loaders.text:load_text", ("unstructured",), is_text=True
    ),
    Format(
        "md",
        ("md", "markdown", "mdown"),
        "loaders.webpage:load_markdown",
        ("unstructured", "lxml", "markdown"),
        is_text=True,
    ),
    Format(
        "html",
        ("html", "htm", "xhtml"),
        "loaders.webpage:load_html",
        ("unstructured", "lxml"),
        is_text=True,
    ),
    Format("docx", ("docx", "docm", "dotx"), "loaders.office:load_docx", ("unstructured", "docx")),
    Format("pdf", ("pdf",), "loaders.pdf:load_pdf", ("pypdfium2",)),
    Format("xlsx", ("xlsx", "xltx"), "loaders.spreadsheet:load_xlsx", ("openpyxl",)),
    Format("csv", ("csv",), "loaders.spreadsheet:load_delimited", ("unstructured",), is_text=True),
    Format(
        "tsv", ("tsv", "tab"), "loaders.spreadsheet:load_delimited", ("unstructured",), is_text=True
    ),
    Format("xlsm", ("xlsm",)),
    Format("xlsb", ("xlsb",)),
    Format("xls", ("xls", "xlt", "et")),
    Format("ods", ("ods",)),
    Format("doc", ("doc", "dot", "wps")),
    Format("rtf", ("rtf",)),
    Format("odt", ("odt",)),
    Format("ppt", ("ppt", "pps", "dps")),
    Format("pptx", ("pptx", "ppsx", "pptm")),
    Format("odp", ("odp",)),
    Format("json", ("json",), is_text=True),
    Format("jsonl", ("jsonl", "ndjson"), is_text=True),
    Format("xml", ("xml",), is_text=True),
    Format("mhtml", ("mhtml", "mht"), is_text=True),
    Format("eml", ("eml",), is_text=True),
    Format("msg", ("msg",)),
    Format("epub", ("epub",)),
    Format("ofd", ("ofd",)),
    Format(
        "image",
        ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "heic", "jp2", "svg"),
    ),
    Format("archive", ("zip", "rar", "7z", "gz", "tar", "bz2", "xz", "tgz")),
)

_BY_NAME = {entry.name: entry for entry in FORMATS}
_BY_SUFFIX = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x00\x00\x00\x0cjP  ", "image"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b\x08", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", ""),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("PowerPoint Document", "ppt"),
    ("__properties_version1.0", "msg"),
    ("Book", "xls"),
)


def formats_read() -> tuple[Format, ...]:
    """Return the formats that have a loader."""
    return tuple(entry for entry in FORMATS if entry.loader)


def format_named(name: str) -> Format:
    """Return the format of this name; KeyError where there is none."""
    return _BY_NAME[name]


def suffix_of(name: str) -> str:
    """Return the last suffix of a file name, lower case, without its dot."""
    return Path(name).suffix.lower().lstrip(".")


def detect(path: Path, name: str | None = None) -> Format:
    """Tell a file's format by its content, and by the suffix of ``name`` among text formats.

    Raises EmptyFileError for no bytes, DamagedFileError where the content is not what the suffix
    promises and no other known format, UnsupportedFormatError for what nothing here knows.
    """
    if path.stat().st_size == 0:
        raise EmptyFileError(f"{path.name}: no bytes")
    suffix = suffix_of(name or path.name)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return _BY_NAME["pdf"]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _detect_zip(path, suffix)
    if head.startswith(_OLE):
        return _detect_ole(path, suffix)
    if head[8:12] == b"WEBP" or head[4:12] in (b"ftypheic", b"ftypmif1"):
        return _BY_NAME["image"]
    for signature, found in _SIGNATURES:
        # A bitmap's two letters also begin words; zero bytes follow only in the picture.
        if head.startswith(signature) and (signature != b"BM" or b"\0" in head[:32]):
            return _BY_NAME[found]
    return _detect_text(path, head, suffix)


def is_encrypted_package(path: Path) -> bool:
    """Tell whether this is an office document inside an OLE container with a password."""
    with path.open("rb") as stream:
        if stream.read(8) != _OLE:
            return False
    return _contains_name(path, "EncryptedPackage")


def _detect_zip(path: Path, suffix: str) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            kind = types = b""
            if "[Content_Types].xml" in names:
                types = archive.read("[Content_Types].xml")
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as exc:
        known = _BY_SUFFIX.get(suffix)
        guessed = known.name if known is not None and not known.is_text else "zip"
        raise DamagedFileError(f"{path.name}: broken zip container: {exc}", format=guessed) from exc
    if "[Content_Types].xml" in names:
        if any(entry.startswith("word/") for entry in names):
            return _BY_NAME["docx"]
        if "xl/workbook.bin" in names:
            return _BY_NAME["xlsb"]
        if any(entry.startswith("xl/") for entry in names):
            return _BY_NAME["xlsm" if b"sheet.macroEnabled" in types else "xlsx"]
        if any(entry.startswith("ppt/") for entry in names):
            return _BY_NAME["pptx"]
    for mark, found in (
        (b"opendocument.text", "odt"),
        (b"opendocument.spreadsheet", "ods"),
        (b"opendocument.presentation", "odp"),
        (b"epub", "epub"),
    ):
        if mark in kind:
            return _BY_NAME[found]
    if "OFD.xml" in names:
        return _BY_NAME["ofd"]
    return _BY_NAME["archive"]


def _detect_ole(path: Path, suffix: str) -> Format:
    for stream, found in _OLE_STREAMS:
        if _contains_name(path, stream):
            if found:
                return _BY_NAME[found]
            # Encrypted: the suffix is all there is to tell which office format is inside.
            guessed = _BY_SUFFIX.get(suffix)
            return guessed if guessed is not None and not guessed.is_text else _BY_NAME["docx"]
    raise UnsupportedFormatError(f"{path.name}: unknown OLE container", format=suffix or "ole")


def _contains_name(path: Path, name: str) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(name.encode("utf-16-le")) >= 0


def _detect_text(path: Path, head: bytes, suffix: str) -> Format:
    known = _BY_SUFFIX.get(suffix)
    name = encoding.detect_encoding(head)
    # A few odd bytes at the start may hide a text file: look at all of it before refusing.
    if name is None and (known is None or not known.is_text or not _is_text(path)):
        if known is None or known.is_text:
            raise UnsupportedFormatError(f"{path.name}: binary content", format="binary")
        raise DamagedFileError(f"{path.name}: not a {known.name} file", format=known.name)
    start = encoding.decode(head)[0].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html")) or (
        start.startswith(("<?xml", "<!--", "<head", "<meta")) and "<html" in start[:2048]
    ):
        return _BY_NAME["html"]
    if start.startswith("<?xml") and (known is None or known.name != "html"):
        return _BY_NAME["xml"]
    if start.startswith("mime-version:") and "multipart/related" in start[:2048]:
        return _BY_NAME["mhtml"]
    if known is None and suffix:
        raise UnsupportedFormatError(f"{path.name}: unknown kind of file", format=suffix)
    if known is None:
        return _BY_NAME["txt"]
    if known.is_text:
        return known
    if known.name == "xls":
        if "<table" in start:
            return _BY_NAME["html"]
        lines = start.splitlines()[:20]
        if sum("\t" in line for line in lines) * 2 > len(lines):
            return _BY_NAME["tsv"]
    raise DamagedFileError(f"{path.name}: text, not a {known.name} file", format=known.name)


def _is_text(path: Path) -> bool:
    return encoding.detect_file_encoding(path) is not None
