"""Running headers and footers: what repeats in the margins, and what must stay text."""

from __future__ import annotations

import pytest

from loaders.pdf.margins import MarginLine, margin_lines, running_lines
from loaders.pdf.pieces import Segment

HEIGHT = 800.0


def _text(text: str, y: float, x: float = 60, size: float = 10) -> Segment:
    return Segment(text, x, y, x + size * len(text), y + size, size)


def _page(*pieces: Segment) -> list[MarginLine]:
    body = [_text("正文从这里开始，一直写到页末为止。", y) for y in (200, 220, 240)]
    return margin_lines([*pieces, *body], HEIGHT)


def _running(pages: list[list[MarginLine]], number: int = 0, count: int = 9) -> list[str]:
    others = [page for index, page in enumerate(pages) if index != number]
    found = running_lines(pages[number], others, page_count=count, body_size=10)
    return [line.line.text for line in found]


@pytest.mark.parametrize(
    "text",
    ["12", "- 12 -", "第 12 页", "第十二页", "12 / 40", "第3页 共40页", "Page 3 of 40", "xiv"],
)
def test_page_numbers_need_no_repetition(text: str) -> None:
    assert _running([_page(_text(text, 770))]) == [text]


def test_numbers_in_a_header_may_differ_from_page_to_page() -> None:
    pages = [_page(_text(f"采购手册 第{n}版 {n}", 30)) for n in range(1, 4)]

    assert _running(pages) == ["采购手册 第1版 1"]


def test_one_likeness_among_many_pages_is_chance() -> None:
    pages = [_page(_text("附件说明", 30)), _page(_text("附件说明", 30)), _page()]

    assert _running(pages) == []
    assert _running(pages, count=3) == ["附件说明"]


def test_first_line_of_a_short_form_is_no_header() -> None:
    pages = [_page(_text("申请表", 60, size=20)) for _ in range(2)]

    assert _running(pages, count=2) == []


def test_header_row_of_a_long_table_stays_with_its_rows() -> None:
    def page() -> list[MarginLine]:
        rows = [
            _text(text, y, x)
            for y, row in ((50, ("名称", "数量", "说明")), (68, ("水泵", "12", "备用")))
            for x, text in zip((60, 200, 400), row, strict=True)
        ]
        return _page(*rows)

    assert _running([page() for _ in range(4)]) == []


def test_text_in_the_middle_of_the_page_is_never_a_margin() -> None:
    assert margin_lines([_text("12", 400)], HEIGHT) == []
