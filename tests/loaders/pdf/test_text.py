"""Characters of a page become pieces of text whose places are those that PDFium tells."""

import ctypes
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest

from loaders.pdf.text import PageText, read_text
from tests.loaders.pdf_maker import Put, make_pdf


def text_of(path: Path, puts: list[Put]) -> PageText:
    with pdfium.PdfDocument(make_pdf(path, [puts])) as document:
        return read_text(document[0])


def lefts(path: Path) -> list[float]:
    """The left edges of all visible characters, asked one by one."""
    with pdfium.PdfDocument(path) as document:
        page = document[0]
        text = page.get_textpage()
        box = raw.FS_RECTF()
        found = []
        for index in range(raw.FPDFText_CountChars(text)):
            if raw.FPDFText_GetUnicode(text, index) > 32:
                raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box))
                found.append(box.left)
        text.close()
        page.close()
    return found


def test_each_character_begins_where_it_is_drawn(tmp_path: Path) -> None:
    found = text_of(tmp_path / "a.pdf", [Put(60, 700, "合同金额 100 元"), Put(60, 600, "ab")])

    assert [piece.text for piece in found.segments] == ["合同金额 100 元", "ab"]
    starts = [
        start
        for piece in found.segments
        for char, start in zip(piece.text, piece.starts or [], strict=True)
        if char != " "
    ]
    assert starts == lefts(tmp_path / "a.pdf")


def test_a_smaller_character_set_higher_stays_within_its_run(tmp_path: Path) -> None:
    puts = [Put(60, 700, "面积"), Put(84, 705, "2", size=6), Put(87, 700, "以内")]

    (piece,) = text_of(tmp_path / "a.pdf", puts).segments

    assert piece.text == "面积2以内"
    assert piece.starts == pytest.approx([60, 72, 84, 87, 99], abs=0.01)


def test_a_wide_gap_parts_two_pieces_of_a_line(tmp_path: Path) -> None:
    found = text_of(tmp_path / "a.pdf", [Put(60, 700, "左边"), Put(300, 700, "右边")])

    assert [(piece.text, round(piece.x0)) for piece in found.segments] == [
        ("左边", 60),
        ("右边", 300),
    ]


def test_text_that_runs_upwards_is_one_piece_turned_back(tmp_path: Path) -> None:
    (piece,) = text_of(
        tmp_path / "a.pdf", [Put(100, 300, "自下而上", matrix=(0, 1, -1, 0))]
    ).segments

    assert (piece.text, piece.turn) == ("自下而上", 270)
    assert piece.starts == pytest.approx([300, 312, 324, 336], abs=0.01)
