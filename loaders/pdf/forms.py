"""What was filled into a PDF's forms, written onto its pages or pinned to them."""

from __future__ import annotations

import ctypes
from collections import Counter
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.attached import attached_file

_SHOWN = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP)
_NOTES = (
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY,
    raw.FPDF_ANNOT_STRIKEOUT,
    raw.FPDF_ANNOT_CARET,
)
"""What readers show beside the page: notes, and marks with a word on them."""

_NOT_SEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_MOST = 20_000
_LONGEST_NOTE = 100_000
_DEEPEST = 15


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader of a page noted about it."""

    text: str
    author: str


@dataclass(slots=True)
class Pinned:
    """What is pinned to a page: notes, and files with their contents (None: out of reach)."""

    notes: list[Note] = field(default_factory=list)
    files: list[tuple[str, bytes | None]] = field(default_factory=list)


def open_forms(document: pdfium.PdfDocument) -> None:
    """Prepare a document's form fields, so that those without an appearance get one.

    PDFium comes without XFA; such forms are read as far as their plain pages show them.
    """
    if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
        document.init_forms()


def open_page(document: pdfium.PdfDocument, index: int) -> tuple[pdfium.PdfPage, Pinned]:
    """Return a page, with what was written onto it made part of its content, and what is pinned.

    Only the document in memory changes.
    """
    page = _with_area(document, index)
    written, pinned = _annotations(page)
    if not written:
        return page, pinned
    spare = pdfium.PdfDocument.new()
    try:
        return _flattened(document, index, page, spare), pinned
    finally:
        spare.close()


def _with_area(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """Open a page; one whose crop box lies outside the sheet shows all of the sheet."""
    page = document[index]
    if min(page.get_size()) > 0:
        return page
    page.set_cropbox(*page.get_mediabox())
    page.close()
    page = document[index]
    if min(page.get_size()) <= 0:
        raise pdfium.PdfiumError("a page without an area")
    return page


def _flattened(
    document: pdfium.PdfDocument,
    index: int,
    page: pdfium.PdfPage,
    spare: pdfium.PdfDocument,
) -> pdfium.PdfPage:
    # PDFium flattens a page that has its fonts and pictures from the page tree without them; a copy
    # has them of its own.
    try:
        spare.import_pages(document, [index])
    except pdfium.PdfiumError:
        has_spare = False
    else:
        has_spare = True
    before = _content(page)
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return page
    page.close()
    page = document[index]
    if not (has_spare and before - _content(page)):
        return page
    page.close()
    document.import_pages(spare, [0])
    last = len(document) - 1
    page = document[last]
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[last]


def _content(page: pdfium.PdfPage) -> Counter[str]:
    """Count the characters and the pictures of a page."""
    textpage = page.get_textpage()
    try:
        found = Counter("".join(textpage.get_text_range().split()))
    finally:
        textpage.close()
    pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST)
    found["picture"] = sum(1 for _ in pictures)
    return found


def _annotations(page: pdfium.PdfPage) -> tuple[bool, Pinned]:
    """Tell whether something is written onto a page, and return what is pinned to it."""
    written = False
    pinned = Pinned()
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        written = written or kind in _SHOWN
        if kind in _NOTES and not raw.FPDFAnnot_GetFlags(annotation) & _NOT_SEEN:
            text = " ".join(_string(annotation, b"Contents").split())
            if text:
                author = " ".join(_string(annotation, b"T").split())
                pinned.notes.append(Note(text, author))
        elif kind == raw.FPDF_ANNOT_FILEATTACHMENT:
            handle = raw.FPDFAnnot_GetFileAttachment(annotation)
            if handle:
                pinned.files.append(attached_file(handle))
        raw.FPDFPage_CloseAnnot(annotation)
    return written, pinned


def _string(annotation: object, key: bytes) -> str:
    size = min(raw.FPDFAnnot_GetStringValue(annotation, key, None, 0), 2 * _LONGEST_NOTE)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    return bytes(buffer)[:size].decode("utf-16-le", "replace").replace("\0", "")
