"""What is counted of a file's pages while its records pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.formats import format_named
from loaders.health import PageCounter, count_characters
from loaders.limits import Limits
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary, PageHealth, TableRecord
from loaders.source import Source

DATA = Path(__file__).parent.parent / "data" / "loaders"


def source(**found: object) -> Source:
    made = Source(Path("a.pdf"), "a.pdf", format_named("pdf"))
    for name, value in found.items():
        setattr(made, name, value)
    return made


def counted(*records: ElementRecord, most: int = 5000, **found: object) -> tuple[PageHealth, ...]:
    counter = PageCounter(most)
    for record in records:
        counter.add(record)
    return counter.pages(source(**found))


@pytest.mark.parametrize(
    ("text", "characters", "unreadable"),
    [
        ("差旅费 管理办法\n第一条\u3000总则", 12, 0),
        ("plain text", 9, 0),
        ("坏\ufffd字\ue012\ue013", 5, 3),
        ("a\x07b\udc80", 4, 2),
        ("\U000e0fff", 1, 1),
        # A soft hyphen, a zero-width space and a byte order mark are nothing one misses.
        ("hy\u00adphen\u200b\ufeff", 9, 0),
        ("💡表情也读得出来", 8, 0),
        (" \n\t", 0, 0),
    ],
)
def test_characters_without_white_space_are_counted_and_the_unreadable_told_apart(
    text: str, characters: int, unreadable: int
) -> None:
    assert count_characters(text) == (characters, unreadable)


def test_pages_without_text_stand_between_the_others() -> None:
    pages = counted(
        ElementRecord("第一页", "Title", 1, page=1),
        ElementRecord("页眉", "Header", 2, page=3),
        ElementRecord("正文\ue000", "NarrativeText", 3, page=3),
        page_count=4,
    )

    assert pages == (
        PageHealth(1, None, 3, 1.0, "text"),
        PageHealth(2, None, 0, 0.0, "none"),
        PageHealth(3, None, 5, 0.8, "text"),
        PageHealth(4, None, 0, 0.0, "none"),
    )


def test_pages_read_from_their_picture_carry_the_confidence() -> None:
    pages = counted(
        ElementRecord("扫描", "NarrativeText", 1, page=1),
        page_count=2,
        ocr_pages={1: 0.91236, 2: 0.0},
    )

    assert [(page.source, page.confidence, page.characters) for page in pages] == [
        ("ocr", 0.9124, 2),
        ("ocr", 0.0, 0),
    ]


def test_file_without_pages_has_one_entry_and_its_tables_are_counted() -> None:
    pages = counted(
        ElementRecord("说明", "NarrativeText", 1),
        ElementRecord("甲\t乙\n1\t2", "Table", 2),
        ElementRecord("图中文字", "NarrativeText", 3),
        ocr_pages={0: 0.7},
    )

    assert pages == (PageHealth(None, None, 10, 1.0, "ocr", 0.7, 1),)


def test_every_sheet_has_an_entry_in_the_order_of_the_workbook() -> None:
    pages = counted(
        ElementRecord("甲\t乙", "Table", 1, sheet="二月"),
        ElementRecord("丙\t丁", "Table", 2, sheet="一月"),
        ElementRecord("戊\t己", "Table", 3, sheet="二月"),
    )

    assert [(page.sheet, page.characters, page.tables) for page in pages] == [
        ("二月", 4, 2),
        ("一月", 2, 1),
    ]


def sheet_rows(header: tuple[str, ...], first_row: int, *, of_sheet: bool = True) -> ElementRecord:
    rows = (("1", "2"), ("3", "4"))
    return ElementRecord(
        "1\t2\n3\t4", "Table", 1, table=TableRecord(header, rows, first_row, 1, of_sheet)
    )


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ((sheet_rows(("甲", "乙"), 2), sheet_rows(("甲", "乙"), 4)), 1),
        ((sheet_rows(("甲", "乙"), 2), sheet_rows(("甲", "乙"), 6)), 1),
        ((sheet_rows(("甲", "乙"), 2), sheet_rows(("丙", "丁"), 6)), 2),
        ((sheet_rows((), 1), sheet_rows((), 3)), 1),
        ((sheet_rows((), 1), sheet_rows((), 5)), 2),
        ((sheet_rows(("甲", "乙"), 2, of_sheet=False),) * 2, 2),
    ],
)
def test_rows_of_one_table_that_arrive_in_parts_are_one_table(
    tables: tuple[ElementRecord, ...], expected: int
) -> None:
    assert counted(*tables)[0].tables == expected


def test_page_count_of_a_file_whose_text_has_no_pages_adds_none() -> None:
    assert len(counted(ElementRecord("正文", "NarrativeText", 1), page_count=9)) == 1


def test_number_of_entries_is_bounded() -> None:
    records = [ElementRecord("甲", "Table", number, sheet=f"表{number}") for number in range(10)]
    assert [page.sheet for page in counted(*records, most=4)] == ["表0", "表1", "表2", "表3", None]
    assert counted(*records, most=4)[-1].characters == 6
    assert len(counted(page_count=9_000)) == Limits().max_pages


def test_loaded_pdf_tells_the_health_of_its_pages() -> None:
    summary = list(records_of(DATA / "handbook.pdf"))[-1]

    assert isinstance(summary, LoadSummary)
    assert [page.page for page in summary.pages] == list(range(1, (summary.page_count or 0) + 1))
    assert {page.source for page in summary.pages} == {"text"}
    assert all(page.readable == 1 for page in summary.pages)
