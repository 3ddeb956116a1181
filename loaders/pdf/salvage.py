"""Give a PDF whose table of pages is lost a new one, made of the pages that are still there.

PDFium itself rebuilds a lost cross-reference table; it gives up where the catalog or the page tree
(ISO 32000-1, 7.7.2 and 7.7.3) is cut off or broken.
"""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2 as pdfium

from loaders.errors import DamagedFileError, EncryptedFileError

_WRONG_PASSWORD = 4
_UNKNOWN_PROTECTION = 5
_OBJECT = re.compile(rb"(?<!\d)(\d{1,9})[ \t\r\n]+(\d{1,5})[ \t\r\n]+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_END = re.compile(rb"endobj|stream\b|\bobj\b")
_ENCRYPT = re.compile(rb"/Encrypt\s+\d+\s+\d+\s+R")
_ID = re.compile(rb"/ID\s*\[[^\]]{0,400}\]")
_LONGEST_PAGE = 64 * 1024
_MOST_PAGES = 100_000


def opened_pdf(path: Path, password: str | None, *, name: str) -> tuple[pdfium.PdfDocument, bool]:
    """Open a PDF, and tell whether it is what is left of a broken one.

    Raises:
        DamagedFileError: no page is left.
        EncryptedFileError: the password is missing or wrong.
    """
    try:
        return pdfium.PdfDocument(path, password=password or None), False
    except pdfium.PdfiumError as exc:
        if exc.err_code == _WRONG_PASSWORD:
            raise EncryptedFileError(f"{name}: wrong or no password", format="pdf") from exc
        if exc.err_code == _UNKNOWN_PROTECTION:
            # For the holders of certain certificates, who can save it without protection.
            raise EncryptedFileError(f"{name}: cannot be decrypted", format="pdf") from exc
        data = salvaged_pdf(path.read_bytes())
        if data is None:
            raise DamagedFileError(f"{name}: {exc}", format="pdf") from exc
    try:
        return pdfium.PdfDocument(data, password=password or None), True
    except pdfium.PdfiumError as exc:
        raise DamagedFileError(f"{name}: {exc}", format="pdf") from exc


def salvaged_pdf(data: bytes) -> bytes | None:
    """Return the file with a new catalog at its start; None where there is no page in it."""
    pages: dict[int, int] = {}
    highest = 0
    for found in _OBJECT.finditer(data):
        number = int(found.group(1))
        highest = max(highest, number)
        end = _END.search(data, found.end(), found.end() + _LONGEST_PAGE)
        if end is not None and _PAGE.search(data, found.end(), end.start()):
            pages[number] = int(found.group(2))
    if not pages or len(pages) > _MOST_PAGES or highest > 8_000_000:
        return None
    # Without these two an encrypted file would read as noise.
    kept = b" ".join(
        match.group() for match in (_ENCRYPT.search(data), _ID.search(data)) if match is not None
    )
    kids = b" ".join(b"%d %d R" % page for page in pages.items())
    tree, catalog = highest + 1, highest + 2
    made = (
        b"%%PDF-1.7\n%d 0 obj\n<</Type/Pages/Kids[%s]/Count %d>>\nendobj\n"
        b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n"
        b"trailer\n<</Root %d 0 R/Size %d %s>>\n"
    ) % (tree, kids, len(pages), catalog, tree, catalog, catalog + 1, kept)
    # At the start, where nothing broken stands before it; with the old tables out of reach PDFium
    # looks for the objects itself.
    return made + data.replace(b"startxref", b"%%       ").replace(b"trailer", b"%%     ")
