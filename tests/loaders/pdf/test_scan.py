"""Pages that are pictures: read by the OCR, righted, with places and confidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from loaders.load import records_of
from loaders.pdf.pieces import Segment
from loaders.pdf.scan import pictures_to_read
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


def test_only_large_pictures_without_text_on_them_are_worth_reading() -> None:
    large, small, written = (0, 0, 600, 300), (0, 400, 100, 500), (0, 500, 600, 800)
    label = Segment("图中已有可选的文字", 50, 600, 250, 612, 12)

    assert pictures_to_read([large, small, written], [label], PAGE) == [large]


def test_picture_inside_another_is_read_once() -> None:
    assert pictures_to_read([(0, 0, 600, 800), (10, 10, 400, 400)], [], PAGE) == [(0, 0, 600, 800)]
