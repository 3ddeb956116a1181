"""Words of a page: what PDFium is asked of them, and where their characters are taken to stand."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from loaders.pdf import words
from loaders.pdf.calls import number_of
from loaders.pdf.words import Words, words_of
from tests.loaders.pdf.test_text import WIDER, lefts
from tests.loaders.pdf_maker import Put, make_pdf


def read(path: Path, puts: list[Put]) -> Words:
    with pdfium.PdfDocument(make_pdf(path, [puts])) as document:
        text = document[0].get_textpage()
        found = words_of(number_of(text.raw))
        text.close()
    return found


def texts(found: Words) -> list[str]:
    chars = "".join(map(chr, found.codes.tolist()))
    places = zip(found.starts.tolist(), found.lengths.tolist(), strict=True)
    return [chars[start : start + length] for start, length in places]


def test_spaces_line_ends_and_operators_part_words(tmp_path: Path) -> None:
    puts = [Put(60, 700, "合同金额 100 元"), Put(60, 680, "甲方"), Put(84, 680, "乙方")]

    found = read(tmp_path / "a.pdf", puts)

    assert texts(found) == ["合同金额", "100", "元", "甲方", "乙方"]
    assert found.spaced.tolist() == [False, True, True, False, False]
    assert found.ended.tolist() == [False, False, False, True, False]


def test_characters_between_the_ends_of_a_word_begin_where_they_are_drawn(tmp_path: Path) -> None:
    found = read(tmp_path / "a.pdf", [Put(60, 700, "本合同自签订之日起生效 1234567890")])

    assert texts(found) == ["本合同自签订之日起生效", "1234567890"]
    assert found.lefts.tolist() == pytest.approx(lefts(tmp_path / "a.pdf"), abs=WIDER)


def test_of_a_long_line_few_characters_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = words._Boxes.ask
    monkeypatch.setattr(
        words._Boxes, "ask", lambda boxes, places: (asked.extend(places), ask(boxes, places))
    )

    read(tmp_path / "a.pdf", [Put(30, 700, "一二三四五六七八九十" * 4)])

    assert asked == [0, 39]


def test_turned_text_is_words_of_one_character(tmp_path: Path) -> None:
    puts = [Put(300, 300, "自下而上", matrix=(0, 1, -1, 0)), Put(60, 700, "平放")]

    found = read(tmp_path / "a.pdf", puts)

    assert sorted(texts(found)) == sorted(["自", "下", "而", "上", "平放"])


def test_a_page_of_single_characters_is_asked_no_longer_for_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts = [
        Put(60 + 12 * column, 780 - 20 * row, "字") for row in range(20) for column in range(20)
    ]
    asked = []
    ask = words._object_of
    monkeypatch.setattr(
        words, "_object_of", lambda text, index: (asked.append(index), ask(text, index))[1]
    )

    found = read(tmp_path / "a.pdf", puts)

    assert texts(found) == ["字"] * 400
    assert len(asked) < 120


def test_an_empty_page_has_no_words(tmp_path: Path) -> None:
    found = read(tmp_path / "a.pdf", [])

    assert texts(found) == []
    assert found.lost == 0
