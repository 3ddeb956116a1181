"""What was filled into a PDF's forms or written onto its pages, as part of the page's text."""

from __future__ import annotations

import pypdfium2 as pdfium
import pypdfium2.raw as raw

_SHOWN = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP)
_MOST = 20_000


def open_forms(document: pdfium.PdfDocument) -> None:
    """Prepare a document's form fields, so that those without an appearance get one.

    PDFium comes without XFA; such forms are read as far as their plain pages show them.
    """
    if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
        document.init_forms()


def open_page(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """Return a page, fields and notes that a reader sees made part of its content.

    Only the document in memory changes.
    """
    page = document[index]
    if not _has_written_on(page):
        return page
    flattened = raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    if flattened != raw.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[index]


def _has_written_on(page: pdfium.PdfPage) -> bool:
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in _SHOWN:
            return True
    return False
