"""PDF: reading order, upright boxes, headers, passwords, scans, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.errors import (
    DamagedFileError,
    EncryptedFileError,
    LoadError,
    NoTextLayerError,
    OcrUnavailableError,
)
from loaders.limits import Limits
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.pdf_maker import PAGE, Put, make_pdf

DATA = Path(__file__).parents[2] / "data" / "loaders"
LINE = "这一行文字正好写满左边一栏的宽度，用来排版"


def _read(path: Path, **options: object) -> tuple[list[ElementRecord], LoadSummary]:
    *records, summary = records_of(path, **options)  # type: ignore[arg-type]
    assert isinstance(summary, LoadSummary)
    return [record for record in records if isinstance(record, ElementRecord)], summary


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [Put(60, 700 - 18 * row, f"左{row}{LINE[:16]}") for row in range(8)]
    right = [Put(320, 700 - 18 * row, f"右{row}{LINE[:16]}") for row in range(8)]
    # Written row by row, as some programs do.
    rows = [put for pair in zip(left, right, strict=True) for put in pair]
    path = make_pdf(tmp_path / "栏.pdf", [[Put(150, 760, "横跨两栏的标题", 20), *rows]])

    records, _ = _read(path)

    text = "".join(record.text for record in records)
    assert records[0].text == "横跨两栏的标题"
    assert [text.index(f"左{row}") for row in range(8)] == sorted(
        text.index(f"左{row}") for row in range(8)
    )
    assert text.index("左7") < text.index("右0") < text.index("右7")


def _table_rows(low: int, high: int, top: float = 700) -> list[Put]:
    return [
        Put(x, top - 24 * place, f"{name}{row}")
        for place, row in enumerate(range(low, high))
        for x, name in ((60, "项目"), (260, "金额"), (440, "备注"))
    ]


def test_aligned_columns_are_a_table_between_the_text_around_it(tmp_path: Path) -> None:
    above = Put(60, 780, "各部门上半年的支出如下，请核对以后再签字。")
    below = Put(60, 400, "以上数字均已经过审计，如有出入请告知财务部。")
    path = make_pdf(tmp_path / "表.pdf", [[above, *_table_rows(0, 8), below]])

    records, _ = _read(path)

    assert [record.category for record in records] == ["NarrativeText", "Table", "NarrativeText"]
    table = records[1].table
    assert table is not None
    assert table.header == ("项目0", "金额0", "备注0")
    assert table.rows[6] == ("项目7", "金额7", "备注7")
    span = records[1].spans[7]
    assert records[1].text[span.start : span.end] == "项目7\t金额7\t备注7"
    assert span.box[1] * PAGE[1] == pytest.approx(PAGE[1] - 700 + 7 * 24 - 12, abs=3)


def test_table_goes_on_over_the_page_under_its_header(tmp_path: Path) -> None:
    header = [Put(60, 700, "名称"), Put(260, 700, "数量"), Put(440, 700, "说明")]
    pages = [[*header, *_table_rows(1, 6, 676)], [*header, *_table_rows(6, 9, 676)]]
    once = [pages[0], _table_rows(6, 9)]

    for name, wanted in (("每页.pdf", pages), ("一次.pdf", once)):
        first, second = (record.table for record in _read(make_pdf(tmp_path / name, wanted))[0])
        assert first is not None
        assert second is not None
        assert first.header == second.header == ("名称", "数量", "说明")
        assert (first.first_row, len(first.rows)) == (2, 5)
        assert second.first_row == 7
        assert second.rows[0] == ("项目6", "金额6", "备注6")


def test_text_ends_a_table(tmp_path: Path) -> None:
    second = [Put(60, 780, "下面是另一张表，与上一页的表没有关系。"), *_table_rows(5, 9)]
    path = make_pdf(tmp_path / "两.pdf", [_table_rows(0, 5), second])

    tables = [record.table for record in _read(path)[0] if record.table]

    assert [table.first_row for table in tables] == [2, 2]
    assert tables[1].header == ("项目5", "金额5", "备注5")


@pytest.mark.parametrize(
    ("rotate", "matrix", "x", "y"),
    [
        (0, (1, 0, 0, 1), 100, 742),
        (90, (0, 1, -1, 0), 100, 100),
        (180, (-1, 0, 0, -1), 495, 100),
        (270, (0, -1, 1, 0), 495, 742),
    ],
)
def test_boxes_are_those_of_the_upright_page(
    tmp_path: Path, rotate: int, matrix: tuple[float, float, float, float], x: float, y: float
) -> None:
    path = make_pdf(
        tmp_path / "转.pdf", [[Put(x, y, "正着读的一行文字", 12, matrix)]], rotate=rotate
    )
    width, height = PAGE if rotate in (0, 180) else PAGE[::-1]

    records, _ = _read(path)

    assert records[0].text == "正着读的一行文字"
    x0, y0, x1, y1 = records[0].spans[0].box
    assert x0 == pytest.approx(100 / width, abs=0.01)
    assert x1 == pytest.approx((100 + 8 * 12) / width, abs=0.01)
    assert y0 == pytest.approx((100 - 12) / height, abs=0.01)
    assert y1 == pytest.approx(100 / height, abs=0.01)


def test_sideways_text_is_read_and_placed(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "侧.pdf",
        [
            [
                *(Put(100, 700 - 18 * row, LINE) for row in range(5)),
                Put(40, 300, "竖在页边的编号", 12, (0, 1, -1, 0)),
            ]
        ],
    )

    records, _ = _read(path)

    assert records[-1].text == "竖在页边的编号"
    x0, y0, x1, y1 = records[-1].spans[0].box
    assert (x1 - x0) * PAGE[0] == pytest.approx(12, abs=1)
    assert (y1 - y0) * PAGE[1] == pytest.approx(7 * 12, abs=1)
    assert y1 == pytest.approx((PAGE[1] - 300) / PAGE[1], abs=0.01)


def test_watermark_is_left_out(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "印.pdf",
        [[Put(100, 700, "正文只有一句。"), Put(200, 300, "内部资料", 40, (0.7, 0.7, -0.7, 0.7))]],
    )

    assert [record.text for record in _read(path)[0]] == ["正文只有一句。"]


def test_broken_lines_join_without_a_space_in_chinese_and_with_one_in_english(
    tmp_path: Path,
) -> None:
    english = ["The warranty covers all parts for two years and the instal-"]
    english += ["lation is free of charge in all the cities where we have them"]
    path = make_pdf(
        tmp_path / "行.pdf",
        [
            [
                Put(72, 700, "水泵的保修期为两年，自验收合格之日起算，保修期内的维修费用由供方承"),
                Put(72, 682, "担。"),
                Put(72, 640, english[0]),
                Put(72, 622, english[1]),
                Put(72, 604, "offices of our own."),
            ]
        ],
    )

    texts = [record.text for record in _read(path)[0]]

    assert texts[0].endswith("维修费用由供方承担。")
    assert "and the installation is free" in texts[1]
    assert texts[1].endswith("the cities where we have them offices of our own.")


def test_spans_cover_the_text_of_each_line() -> None:
    records, _ = _read(DATA / "handbook.pdf")
    record = next(record for record in records if len(record.spans) == 2)

    assert record.text[record.spans[0].start : record.spans[0].end].startswith("为了规范")
    assert record.text[record.spans[1].start : record.spans[1].end].startswith("本公司")


def test_running_header_and_page_numbers_are_marked(tmp_path: Path) -> None:
    pages = [
        [
            Put(200, 810, "某某公司内部制度", 9),
            *(Put(72, 700 - 18 * row, f"第{page}页的第{row}行，{LINE}") for row in range(5)),
            Put(280, 30, f"第 {page} 页", 9),
        ]
        for page in range(1, 6)
    ]
    path = make_pdf(tmp_path / "眉.pdf", pages)

    records, _ = _read(path)

    assert [r.text for r in records if r.category == "Header"] == ["某某公司内部制度"] * 5
    assert [r.text for r in records if r.category == "Footer"] == [
        f"第 {page} 页" for page in range(1, 6)
    ]


def test_alternating_headers_of_left_and_right_pages_are_marked(tmp_path: Path) -> None:
    pages = [
        [
            Put(60 if page % 2 else 400, 810, "采购手册" if page % 2 else "供方管理", 9),
            *(Put(72, 700 - 18 * row, f"第{page}页的第{row}行，{LINE}") for row in range(5)),
        ]
        for page in range(1, 7)
    ]

    records, _ = _read(make_pdf(tmp_path / "左右.pdf", pages))

    assert [r.text for r in records if r.category == "Header"] == ["采购手册", "供方管理"] * 3


def test_two_pages_are_enough_for_a_small_header_set_apart(tmp_path: Path) -> None:
    pages = [
        [
            Put(200, 810, "某某公司内部制度", 9),
            *(Put(72, 700 - 18 * row, f"第{page}页的第{row}行，{LINE}") for row in range(5)),
        ]
        for page in (1, 2)
    ]

    records, _ = _read(make_pdf(tmp_path / "二.pdf", pages))

    assert [r.text for r in records if r.category == "Header"] == ["某某公司内部制度"] * 2


def test_headings_have_levels_by_size_and_number(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "题.pdf",
        [
            [
                Put(200, 780, "员工手册", 24),
                Put(72, 740, "第一章 总则"),
                Put(72, 700, "本手册适用于公司的全体员工，请大家认真阅读并且遵守各项规定。"),
                Put(72, 660, "第一节 适用范围"),
                Put(72, 620, "第一条 本手册由人力资源部负责解释，自发布之日起施行。"),
                Put(72, 580, "第二章 考勤"),
            ]
        ],
    )

    records, _ = _read(path)

    assert [(r.text, r.level) for r in records if r.category == "Title"] == [
        ("员工手册", 1),
        ("第一章 总则", 2),
        ("第一节 适用范围", 3),
        ("第二章 考勤", 2),
    ]


@pytest.fixture
def _without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.pictures.ocr.available", lambda: False)


@pytest.mark.usefixtures("_without_ocr")
def test_scan_says_that_it_needs_the_ocr(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "扫描.pdf", [[], []])

    with pytest.raises(OcrUnavailableError):
        _read(path)


def test_document_of_blank_pages_says_that_it_has_no_text(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "白.pdf", [[], []], drawing=False)

    with pytest.raises(NoTextLayerError) as caught:
        _read(path)
    assert caught.value.params == {"pages": 2}
    assert caught.value.code == "no_text_layer"


@pytest.mark.usefixtures("_without_ocr")
def test_pages_without_text_are_named(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "缺.pdf", [[Put(72, 700, "有字的一页。")], [], [], [], []])

    _, summary = _read(path)

    assert summary.missing == "pages_without_text"
    assert summary.missing_params == (("pages", "2-5"),)
    assert summary.page_count == 5


@pytest.mark.usefixtures("_without_ocr")
def test_garbled_text_is_kept_with_a_warning_where_there_is_no_ocr(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "乱.pdf", [[Put(72, 700, "\ue001\ue002\ue003\ue004正文")]])

    records, summary = _read(path)

    assert records[0].text == "\ue001\ue002\ue003\ue004正文"
    assert summary.warnings == ("garbled_text",)


def test_blank_page_misses_nothing(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "白.pdf", [[Put(72, 700, "正文。")], []], drawing=False)

    assert _read(path)[1].missing is None


def test_page_limit_makes_the_result_partial(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "厚.pdf", [[Put(72, 700, f"第{n}页正文。")] for n in range(9)])

    records, summary = _read(path, limits=Limits(max_pages=3))

    assert [record.page for record in records] == [1, 2, 3]
    assert summary.missing == "page_limit"
    assert summary.missing_params == (("read", "3"), ("pages", "9"))


def test_password_opens_a_locked_document() -> None:
    records, _ = _read(DATA / "locked.pdf", password="8848")

    assert records[0].text == "差旅费管理办法"


@pytest.mark.parametrize("password", [None, "错"])
def test_locked_document_wants_its_password(password: str | None) -> None:
    with pytest.raises(EncryptedFileError):
        _read(DATA / "locked.pdf", password=password)


def test_truncated_document_never_crashes(tmp_path: Path) -> None:
    data = (DATA / "handbook.pdf").read_bytes()
    for part in (20, 400, 900):
        (tmp_path / "断.pdf").write_bytes(data[:part])
        with pytest.raises(LoadError) as caught:
            _read(tmp_path / "断.pdf")
        assert isinstance(caught.value, (DamagedFileError, NoTextLayerError))


def test_text_in_columns_from_the_right_is_read_in_its_order(tmp_path: Path) -> None:
    columns = ["员工应当按时上下班不得", "迟到早退请假须提前三日", "申请"]
    puts = [
        Put(500 - 20 * column, 700 - 14 * row, char)
        for column, text in enumerate(columns)
        for row, char in enumerate(text)
    ]

    records, _ = _read(make_pdf(tmp_path / "竖排.pdf", [puts]))

    assert "".join(record.text for record in records) == "".join(columns)
    first, last = records[0].spans[0], records[-1].spans[-1]
    assert first.box[0] > last.box[0]
    assert first.box[3] - first.box[1] > 5 * (first.box[2] - first.box[0])
