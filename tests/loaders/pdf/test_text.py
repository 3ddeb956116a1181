"""Characters of a page become pieces of text whose places are those that PDFium tells."""

import ctypes
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest

from loaders.pdf.text import PageText, read_text
from tests.loaders.pdf_maker import Put, make_pdf, write_objects


def text_of(path: Path, puts: list[Put]) -> PageText:
    with pdfium.PdfDocument(make_pdf(path, [puts])) as document:
        return read_text(document[0])


# A font that is not in the file is replaced by one of the machine, whose figures may be wider than
# the file says: here by a twentieth of their width.
WIDER = 0.4


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
    assert starts == pytest.approx(lefts(tmp_path / "a.pdf"), abs=WIDER)


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


def in_nameless_font(path: Path, text: bytes) -> PageText:
    """Read a text in a font whose glyphs have numbers for names, and no meaning."""
    content = b"BT /F 12 Tf 72 700 Td <%b> Tj ET" % text.hex().encode()
    glyph = b"<< /Length 27 >>\nstream\n600 0 0 0 500 700 d1 0 0 m f\nendstream"
    names = b" ".join(b"/g%d" % code for code in range(1, 127))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
        b" /Resources << /Font << /F 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 600 700] /FontMatrix [.001 0 0 .001 0 0]"
        b" /FirstChar 1 /LastChar 126 /Widths [%b] /Encoding << /Differences [1 %b] >>"
        b" /CharProcs << %b >> /Resources << >> >>"
        % (b"600 " * 126, names, b" ".join(name + b" 6 0 R" for name in names.split())),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        glyph,
    ]
    with pdfium.PdfDocument(write_objects(path, objects)) as document:
        return read_text(document[0])


def test_numbers_of_glyphs_are_no_text(tmp_path: Path) -> None:
    # What stands there is "The year 2024", each character 29 lower than its code.
    shifted = bytes(ord(char) - 29 for char in "The year 2024")

    found = in_nameless_font(tmp_path / "a.pdf", shifted)

    assert found.lost == len(shifted)


def test_letters_of_a_nameless_font_may_be_what_they_say(tmp_path: Path) -> None:
    found = in_nameless_font(tmp_path / "a.pdf", b"The year 2024")

    assert [piece.text for piece in found.segments] == ["The year 2024"]
    assert found.lost == 0


def test_type_of_a_size_below_zero_is_read_backwards(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [[Put(500, 100, "合同金额", size=-12)]], rotate=180)

    with pdfium.PdfDocument(path) as document:
        (piece,) = read_text(document[0]).segments

    assert (piece.text, piece.turn) == ("合同金额", 0)
    assert (round(piece.x0), round(piece.x1)) == (95, 143)


def test_characters_stacked_in_a_narrow_cell_stay_upright(tmp_path: Path) -> None:
    puts = [Put(72, 700 - 14 * row, char) for row, char in enumerate("产品名称")]
    puts += [Put(100, 700 - 14 * row, "数控机床的参数和说明") for row in range(4)]

    found = text_of(tmp_path / "a.pdf", puts)

    assert {piece.turn for piece in found.segments} == {0}
    assert {piece.text for piece in found.segments} >= set("产品名称")
