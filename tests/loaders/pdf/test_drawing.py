"""Rules seen in a page's drawing: what leaves a mark, and what does not."""

from __future__ import annotations

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.drawing import read_drawing
from loaders.pdf.ruled import Rules, joined


def _rules(*rects: tuple[float, float, float, float, int]) -> Rules:
    """Read the rules of a page with these filled: left, bottom, width, height, grey."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(400, 400)
    for left, bottom, width, height, grey in rects:
        rect = raw.FPDFPageObj_CreateNewRect(left, bottom, width, height)
        raw.FPDFPageObj_SetFillColor(rect, grey, grey, grey, 255)
        raw.FPDFPath_SetDrawMode(rect, raw.FPDF_FILLMODE_ALTERNATE, 0)
        raw.FPDFPage_InsertObject(page.raw, rect)
    try:
        return read_drawing(page).rules
    finally:
        page.close()
        document.close()


def test_white_cells_on_a_dark_ground_are_ruled() -> None:
    cells = [(x, y, 98.0, 28.0, 255) for x in (51.0, 151.0, 251.0) for y in (101.0, 131.0)]

    rules = _rules((50, 100, 302, 62, 0), *cells)

    assert [round(x) for x, _, _ in joined(rules.vertical)] == [50, 150, 250, 350]
    assert len(joined(rules.horizontal)) == 3


def test_white_on_white_paper_leaves_no_mark() -> None:
    rules = _rules((50, 100, 300, 60, 255), (60, 110, 100, 20, 255))

    assert rules.horizontal == []
    assert rules.vertical == []


def test_a_box_gives_its_sides_and_a_narrow_one_a_line() -> None:
    rules = _rules((50, 100, 300, 60, 0), (50, 200, 300, 1, 0), (20, 100, 1, 60, 0))

    assert rules.horizontal == [(240, 50, 350), (300, 50, 350), (199.5, 50, 350)]
    assert rules.vertical == [(50, 240, 300), (350, 240, 300), (20.5, 240, 300)]
