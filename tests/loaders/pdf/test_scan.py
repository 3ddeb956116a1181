"""Pages that are pictures: read by the OCR, righted, with places and confidence."""

from __future__ import annotations

import random
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw, ImageFont

from loaders.errors import NoTextLayerError
from loaders.load import records_of
from loaders.pdf.pieces import Segment, placed_box
from loaders.pdf.scan import pictures_to_read, scan_picture
from loaders.pictures import ocr
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.pdf_maker import Put, make_pdf

needs_ocr = pytest.mark.skipif(not ocr.available(), reason="the OCR is not installed")
PAGE = (0.0, 0.0, 600.0, 800.0)


def _picture_pdf(path: Path, turn: int) -> Path:
    picture = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=30)
    for number, text in enumerate(("Inspection report", "Pump number 4711", "Bearing replaced")):
        draw.text((54, 66 + 80 * number), text, "black", font)
    picture.rotate(turn, expand=True, fillcolor="white").save(path, resolution=72)
    return path


@needs_ocr
def test_scan_set_sideways_is_read_upright_with_places(tmp_path: Path) -> None:
    path = _picture_pdf(tmp_path / "scan.pdf", 90)

    *records, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    lines = [record for record in records if isinstance(record, ElementRecord)]
    assert "Inspection report" in lines[0].text
    assert "4711" in " ".join(line.text for line in lines)
    assert summary.missing is None
    assert summary.pages[0].source == "ocr"
    assert summary.pages[0].confidence is not None
    assert summary.pages[0].confidence > 0.8
    x0, y0, x1, y1 = lines[0].spans[0].box
    # Turned to the left, the first line runs up the left part of the page.
    x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    assert x0 == pytest.approx(54 / 600, abs=0.03)
    assert y0 == pytest.approx(70 / 400, abs=0.04)
    assert x1 - x0 == pytest.approx(0.4, abs=0.1)
    assert y1 - y0 < 0.15


@needs_ocr
def test_pages_with_text_are_read_from_their_picture_when_asked(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "text.pdf", [[Put(72, 700, "Inspection of pump 4711", 20)]])

    *_, plain = records_of(path)
    *records, forced = records_of(path, force_ocr=True)

    assert isinstance(plain, LoadSummary)
    assert isinstance(forced, LoadSummary)
    assert plain.pages[0].source == "text"
    assert forced.pages[0].source == "ocr"
    assert isinstance(records[0], ElementRecord)
    assert "4711" in records[0].text


@needs_ocr
def test_garbled_page_is_read_from_its_picture(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "garbled.pdf",
        [
            [Put(72, 700, "Inspection of pump 4711", 20)],
            [Put(72, 700, "Bearing replaced in May", 20)],
        ],
        garbled=True,
    )

    *records, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    text = "".join(record.text for record in records if isinstance(record, ElementRecord))
    assert "4711" in text
    assert "Bearing replaced" in text
    assert not any("\ue000" <= character <= "\uf8ff" for character in text)
    assert [page.source for page in summary.pages] == ["ocr", "ocr"]
    assert summary.warnings == ()


def _pdf_of(path: Path, *pictures: Image.Image) -> Path:
    first, *rest = pictures
    first.save(path, resolution=72, save_all=True, append_images=rest)
    return path


def _written() -> Image.Image:
    picture = Image.new("RGB", (600, 800), "white")
    font = ImageFont.load_default(size=30)
    ImageDraw.Draw(picture).text((54, 66), "Pump number 4711", "black", font)
    return picture


def _scribbled() -> Image.Image:
    """Draw lines of what looks like writing and is none."""
    picture = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(picture)
    dice = random.Random(7)  # noqa: S311 - to be repeated, not to be secret
    for row in range(6):
        for column in range(24):
            x, y = 50 + 20 * column, 40 + 50 * row
            for _ in range(14):
                ends = [(x + dice.randint(0, 18), y + dice.randint(0, 24)) for _ in range(2)]
                draw.line(ends, "black")
    return picture


@needs_ocr
def test_page_of_writing_that_cannot_be_read_is_missing(tmp_path: Path) -> None:
    path = _pdf_of(tmp_path / "scan.pdf", _written(), _scribbled(), _written())

    *records, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    assert [r.page for r in records if isinstance(r, ElementRecord)] == [1, 3]
    assert summary.missing == "pages_without_text"
    assert summary.missing_params == (("pages", "2"),)
    assert [page.source for page in summary.pages] == ["ocr", "none", "ocr"]


@needs_ocr
def test_page_of_a_picture_without_writing_is_told(tmp_path: Path) -> None:
    drawn = Image.new("RGB", (600, 800), "white")
    ImageDraw.Draw(drawn).ellipse((100, 100, 500, 500), "navy")
    path = _pdf_of(tmp_path / "scan.pdf", _written(), drawn)

    *_, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    assert summary.missing is None
    assert summary.warnings == ("pictures_without_text",)
    assert summary.pages[1].source == "none"


@needs_ocr
def test_scanned_empty_sheet_misses_nothing(tmp_path: Path) -> None:
    sheet = Image.new("RGB", (600, 800), (238, 236, 230))
    draw = ImageDraw.Draw(sheet)
    for place in ((40, 70), (300, 500), (555, 20)):
        draw.point(place, "black")
    path = _pdf_of(tmp_path / "scan.pdf", _written(), sheet)

    *_, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    assert summary.missing is None
    assert summary.warnings == ()


@needs_ocr
def test_document_in_which_nothing_is_found_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoTextLayerError):
        list(records_of(_pdf_of(tmp_path / "scan.pdf", _scribbled())))


@needs_ocr
@pytest.mark.parametrize("turn", [0, 90])
def test_picture_on_a_page_is_read_where_it_stands(tmp_path: Path, turn: int) -> None:
    inset = Image.new("RGB", (300, 200), "white")
    draw, font = ImageDraw.Draw(inset), ImageFont.load_default(size=24)
    for row, text in enumerate(("Inspection report", "Pump number 4711", "Bearing replaced")):
        draw.text((20, 20 + 60 * row), text, "black", font)
    sheet = Image.new("RGB", (600, 800), "white")
    turned = inset.rotate(turn, expand=True)
    sheet.paste(turned, (200, 400))
    path = _pdf_of(tmp_path / "page.pdf", sheet)

    with pdfium.PdfDocument(path) as document:
        segments = scan_picture(document[0], (200, 400, 200 + turned.width, 400 + turned.height))

    (found,) = (segment for segment in segments if "4711" in segment.text)
    assert found.turn == -turn % 360
    box = placed_box((found.x0, found.y0, found.x1, found.y1), found.turn, (600, 800))
    # Lies 20 from the left and 80 from the top of the inset, and is some 210 by 24.
    corners = (220, 480, 430, 504) if turn == 0 else (280, 470, 304, 680)
    expected = [corner / side for corner, side in zip(corners, (600, 800) * 2, strict=True)]
    assert box == pytest.approx(expected, abs=0.03)


def test_only_large_pictures_without_text_on_them_are_worth_reading() -> None:
    large, small, written = (0, 0, 600, 300), (0, 400, 100, 500), (0, 500, 600, 800)
    label = Segment("图中已有可选的文字", 50, 600, 250, 612, 12)

    assert pictures_to_read([large, small, written], [label], PAGE) == [large]


def test_picture_inside_another_is_read_once() -> None:
    assert pictures_to_read([(0, 0, 600, 800), (10, 10, 400, 400)], [], PAGE) == [(0, 0, 600, 800)]
