"""The one table of formats: names, suffixes, loaders, needs; and which of them a file is.

The content decides, the suffix only tells text formats apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from loaders import content_kind, salvage
from loaders.errors import DamagedFileError, EmptyFileError, UnsupportedFormatError
from loaders.text import encoding

_HEAD_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. ``loader`` is "module:function", "" where the format is known but not read
    yet.

    ``needs`` are the packages its loader imports, ``programs`` what it starts, by the names they
    have on the command line; ``is_text`` says that only its suffix tells it from other text.
    """

    name: str
    suffixes: tuple[str, ...]
    loader: str = ""
    needs: tuple[str, ...] = ()
    is_text: bool = False
    programs: tuple[str, ...] = ()


FORMATS: tuple[Format, ...] = (
    Format(
        "txt",
        ("txt", "text", "log"),
        "loaders.text.plain:load_text",
        ("unstructured",),
        is_text=True,
    ),
    Format(
        "md",
        ("md", "markdown", "mdown"),
        "loaders.text.markdown:load_markdown",
        ("unstructured", "lxml", "markdown"),
        is_text=True,
    ),
    Format(
        "html",
        ("html", "htm", "xhtml"),
        "loaders.web.page:load_html",
        ("unstructured", "lxml"),
        is_text=True,
    ),
    Format(
        "docx",
        ("docx", "docm", "dotx", "dotm"),
        "loaders.office.word:load_docx",
        ("unstructured", "lxml"),
    ),
    Format("pdf", ("pdf",), "loaders.pdf.document:load_pdf", ("pypdfium2",)),
    Format("xlsx", ("xlsx", "xltx"), "loaders.sheets.xlsx:load_xlsx", ("unstructured", "lxml")),
    Format(
        "csv", ("csv",), "loaders.sheets.delimited:load_delimited", ("unstructured",), is_text=True
    ),
    Format(
        "tsv",
        ("tsv", "tab"),
        "loaders.sheets.delimited:load_delimited",
        ("unstructured",),
        is_text=True,
    ),
    Format("xlsm", ("xlsm", "xltm"), "loaders.sheets.xlsx:load_xlsx", ("unstructured", "lxml")),
    Format(
        "xlsb",
        ("xlsb",),
        "loaders.sheets.xlsb:load_xlsb",
        ("unstructured", "lxml"),
    ),
    Format("xls", ("xls", "xlt", "et"), "loaders.sheets.xls:load_xls", ("unstructured", "xlrd")),
    Format("ods", ("ods",), "loaders.sheets.ods:load_ods", ("unstructured", "lxml")),
    Format(
        "doc",
        ("doc", "dot", "wps", "wpt"),
        "loaders.office.legacy:load_document",
        ("unstructured", "lxml", "olefile"),
        programs=("libreoffice-writer",),
    ),
    Format(
        "rtf",
        ("rtf",),
        "loaders.office.legacy:load_document",
        ("unstructured", "lxml"),
        programs=("libreoffice-writer",),
    ),
    Format(
        "odt",
        ("odt", "ott"),
        "loaders.office.legacy:load_document",
        ("unstructured", "lxml"),
        programs=("libreoffice-writer",),
    ),
    Format(
        "ppt",
        ("ppt", "pps", "pot", "dps", "dpt"),
        "loaders.office.legacy:load_presentation",
        ("unstructured", "lxml", "olefile"),
        programs=("libreoffice-writer", "libreoffice-impress"),
    ),
    Format(
        "pptx",
        ("pptx", "ppsx", "pptm", "potx", "ppsm", "potm"),
        "loaders.office.slides:load_pptx",
        ("unstructured", "lxml"),
    ),
    Format(
        "odp",
        ("odp", "otp"),
        "loaders.office.legacy:load_presentation",
        ("unstructured", "lxml"),
        programs=("libreoffice-writer", "libreoffice-impress"),
    ),
    Format(
        "json",
        ("json",),
        "loaders.data.json_records:load_json",
        ("unstructured", "ijson"),
        is_text=True,
    ),
    Format(
        "jsonl",
        ("jsonl", "ndjson"),
        "loaders.data.json_records:load_json_lines",
        ("unstructured", "ijson"),
        is_text=True,
    ),
    Format(
        "xml", ("xml",), "loaders.data.xml_text:load_xml", ("unstructured", "lxml"), is_text=True
    ),
    Format(
        "mhtml",
        ("mhtml", "mht"),
        "loaders.mail.message:load_mhtml",
        ("unstructured", "lxml"),
        is_text=True,
    ),
    Format(
        "eml", ("eml",), "loaders.mail.message:load_eml", ("unstructured", "lxml"), is_text=True
    ),
    Format(
        "msg", ("msg", "oft"), "loaders.mail.outlook:load_msg", ("unstructured", "lxml", "olefile")
    ),
    Format("epub", ("epub",), "loaders.web.epub:load_epub", ("unstructured", "lxml")),
    Format("ofd", ("ofd",)),
    # One file of XML, as the office programs of 2003 wrote it, or the flat form of OpenDocument.
    Format(
        "spreadsheetml",
        (),
        "loaders.sheets.spreadsheetml:load_spreadsheetml",
        ("unstructured", "lxml"),
    ),
    Format(
        "wordml",
        (),
        "loaders.office.legacy:load_document",
        ("unstructured", "lxml"),
        programs=("libreoffice-writer",),
    ),
    Format(
        "flat_odf",
        ("fodt", "fods", "fodp"),
        "loaders.sheets.ods:load_flat",
        ("unstructured", "lxml"),
    ),
    Format(
        "image",
        ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "jp2"),
        "loaders.pictures.image:load_image",
        ("unstructured", "rapidocr", "onnxruntime", "cv2", "PIL"),
    ),
    # Photographs of telephones, which Pillow does not decode, and drawings.
    Format("heic", ("heic", "heif")),
    Format("svg", ("svg",)),
    Format("archive", ("zip", "rar", "7z", "gz", "tar", "bz2", "xz", "tgz")),
)

_BY_NAME = {entry.name: entry for entry in FORMATS}
_BY_SUFFIX = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    # Word 2 for Windows, which had no container.
    (b"\xdb\xa5\x2d\x00", "doc"),
    # Workbooks without a container: of Excel 2, 3 and 4, which had none, and later ones.
    (b"\x09\x00\x04\x00", "xls"),
    (b"\x09\x02\x06\x00", "xls"),
    (b"\x09\x04\x06\x00", "xls"),
    (b"\x09\x08\x10\x00\x00\x06", "xls"),
    (b"\x09\x08\x08\x00\x00\x05", "xls"),
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
    (b"BZh9", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = re.compile(rb"%PDF-\d")
_PDF_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_TAR = slice(257, 262)
_PICTURE_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")
_SUFFIX = re.compile(r"[a-z][a-z0-9_-]{0,11}|7z")
_IN_OLE = ("doc", "xls", "ppt", "msg")
_INSIDE_ENCRYPTED = {"doc": "docx", "xls": "xlsx", "xlsm": "xlsm", "xlsb": "xlsb", "ppt": "pptx"}
_IN_PARTS = ("eml", "mhtml")
_PICTURES = ("image", "heic", "svg")
_OPENED_AS_TEXT = ("doc", "rtf", "xls")
"""What the programs of these suffixes open without a word although it is plain text."""


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
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-") or (
        # Readers bear with some bytes before the mark; a text may speak of it.
        _PDF.search(head, 0, 1024) and _PDF_OBJECT.search(head)
    ):
        return _BY_NAME["pdf"]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _detect_zip(path, suffix)
    if head.startswith(_OLE):
        return _detect_ole(path, suffix)
    if head[8:12] == b"WEBP" or (head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS):
        return _BY_NAME["image"]
    if head[_TAR] == b"ustar":
        return _BY_NAME["archive"]
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
    return content_kind.ole_kind(path) == "encrypted"


def _detect_zip(path: Path, suffix: str) -> Format:
    known = _BY_SUFFIX.get(suffix)
    try:
        kind = content_kind.zip_kind(path)
    except salvage.UNREADABLE as exc:
        guessed = known.name if known is not None and not known.is_text else "zip"
        raise DamagedFileError(f"{path.name}: broken zip container: {exc}", format=guessed) from exc
    if kind is not None:
        return _BY_NAME[kind]
    if known is None and _SUFFIX.fullmatch(suffix):
        # Many programs keep their files in zip containers.
        raise UnsupportedFormatError(f"{path.name}: unknown zip container", format=suffix)
    return _BY_NAME["archive"]


def _detect_ole(path: Path, suffix: str) -> Format:
    kind = content_kind.ole_kind(path)
    if kind is None:
        promised = _BY_SUFFIX.get(suffix)
        if promised is not None and promised.name in _IN_OLE:
            raise DamagedFileError(f"{path.name}: broken OLE container", format=promised.name)
        raise UnsupportedFormatError(f"{path.name}: unknown OLE container", format=suffix or "ole")
    if kind != "encrypted":
        return _BY_NAME[kind]
    # The suffix is all there is to tell which office format is inside.
    known = _BY_SUFFIX.get(suffix)
    inside = _INSIDE_ENCRYPTED.get(known.name, known.name) if known is not None else ""
    return _BY_NAME[inside if inside in ("xlsx", "xlsm", "xlsb", "pptx") else "docx"]


def _detect_text(path: Path, head: bytes, suffix: str) -> Format:
    known = _BY_SUFFIX.get(suffix)
    # A number or half a sentence after the last dot of a name is no suffix.
    unknown_suffix = known is None and _SUFFIX.fullmatch(suffix) is not None
    if known is not None and known.name in _IN_PARTS:
        # Each part of a mail has an encoding of its own: the whole need not read as text.
        mail = content_kind.text_kind(head.decode("latin-1"), guess=True)
        if mail in _IN_PARTS:
            return _BY_NAME[mail]
    # A few odd bytes at the start may hide a text file: look at all of it before refusing.
    if encoding.detect_encoding(head) is None and (
        (known is not None and not known.is_text)
        or unknown_suffix
        or encoding.detect_file_encoding(path) is None
    ):
        if known is None or known.is_text:
            raise UnsupportedFormatError(f"{path.name}: binary content", format="binary")
        raise DamagedFileError(f"{path.name}: not a {known.name} file", format=known.name)
    text = encoding.decode(head)[0]
    if len(head) == _HEAD_BYTES:
        # The last line is torn, and so may be its last character.
        text = text.rpartition("\n")[0] or text
    guess = not unknown_suffix and not (known is not None and known.is_text)
    kind = content_kind.text_kind(text, guess=guess)
    if kind == "xml" and known is not None and known.name in ("html", *_PICTURES):
        kind = None
    if kind is not None:
        return _BY_NAME[kind]
    if known is not None and known.is_text:
        return known
    if unknown_suffix or (known is not None and known.name in _PICTURES):
        raise UnsupportedFormatError(f"{path.name}: unknown kind of file", format=suffix)
    if known is not None and known.name == "xls" and "\t" in text:
        return _BY_NAME["tsv"]
    if known is None or known.name in _OPENED_AS_TEXT:
        return _BY_NAME["txt"]
    raise DamagedFileError(f"{path.name}: text, not a {known.name} file", format=known.name)
