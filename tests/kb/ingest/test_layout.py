from collections.abc import Iterable

import pytest

from kb.ingest.layout import Segment, segments
from kb.text.windows import join
from kb.types import PASSAGE_LIMIT, Line, Passage
from loaders.records import ElementRecord, Span, TableRecord


def title(text: str, level: int | None = 1, **values: object) -> ElementRecord:
    return ElementRecord(text, "Title", 1, level=level, **values)  # type: ignore[arg-type]


def body(text: str, **values: object) -> ElementRecord:
    return ElementRecord(text, "NarrativeText", 1, **values)  # type: ignore[arg-type]


def lines(elements: Iterable[ElementRecord]) -> list[Line]:
    return [line for segment in segments(elements) for line in segment.lines]


def passages(elements: Iterable[ElementRecord]) -> list[Passage]:
    return [passage for segment in segments(elements) for passage in segment.passages]


def test_lines_know_the_path_of_headings_above_them() -> None:
    found = lines(
        [
            title("第一章 总则", 1),
            title("一、范围", 2),
            body("适用于全体员工。"),
            title("第二章 差旅", 1),
            body("按标准报销。"),
        ]
    )
    assert [(line.text, line.heading, line.is_heading) for line in found] == [
        ("第一章 总则", "", True),
        ("一、范围", "第一章 总则", True),
        ("适用于全体员工。", "第一章 总则 > 一、范围", False),
        ("第二章 差旅", "", True),
        ("按标准报销。", "第二章 差旅", False),
    ]


def test_page_of_a_file_inside_is_said_in_the_heading_and_is_no_page_of_this_one() -> None:
    table = TableRecord((), (("甲",), ("乙",)), 1, 1)
    found = lines(
        [
            title("附件：合同.pdf", 2),
            title("一、付款", 3, within="第6页"),
            body("三十日内付清。", within="第7页"),
            ElementRecord("甲\n乙", "Table", 1, table=table, within="第7页"),
        ]
    )

    assert [(line.heading, line.place.page) for line in found] == [
        ("", None),
        ("附件：合同.pdf > 第6页", None),
        *[("附件：合同.pdf > 一、付款 > 第7页", None)] * 3,
    ]


def test_an_article_is_a_group_over_its_paragraphs_and_items_until_the_next() -> None:
    found = lines(
        [
            title("第一章 总则"),
            body("第一条 为了规范差旅，制定本办法。"),
            body("前款所称差旅，是指公务出行。"),
            title("（一）市内；", 3),
            body("第二条 本办法适用于全体员工。"),
            title("第二章 标准"),
            body("住宿费不超过500元。"),
        ]
    )
    assert [line.group for line in found] == ["", "第一条", "第一条", "第一条", "第二条", "", ""]
    assert found[2].heading == "第一章 总则 > 第一条"
    assert [line.is_heading for line in found] == [True, False, False, False, False, True, False]


@pytest.mark.parametrize(
    "text", ["第三条的规定不适用。", "第三条、第四条同时废止。", "第三款另有规定。"]
)
def test_a_mention_of_an_article_does_not_begin_one(text: str) -> None:
    assert [line.group for line in lines([body(text)])] == [""]


def test_no_passage_mixes_two_articles_and_a_long_one_keeps_its_group() -> None:
    long = "第二条 " + "员工应当如实填写报销单据并对真实性负责。" * 20
    found = passages([body("第一条 短。"), body(long), body("第三条 也短。")])
    assert [passage.group for passage in found] == ["第一条", "第二条", "第二条", "第三条"]
    assert all(len(passage.text) <= PASSAGE_LIMIT for passage in found)
    assert "".join(p.text for p in found if p.group == "第二条") == long


def test_each_row_of_a_sheet_is_found_with_its_headers_and_row_number() -> None:
    table = TableRecord(
        header=("部门", "金额"),
        rows=(("财务部", "3,000"), ("", ""), ("研发部", "")),
        first_row=2,
        first_column=1,
        of_sheet=True,
    )
    element = ElementRecord("部门\t金额\n财务部\t3,000", "Table", 1, sheet="费用", table=table)
    found = passages([element])
    assert [(p.text, p.place.sheet, p.place.row, p.place.column) for p in found] == [
        ("部门：财务部；金额：3,000", "费用", 2, "A"),
        ("部门：研发部", "费用", 4, "A"),
    ]


def test_a_long_row_repeats_its_key_in_each_further_passage() -> None:
    header = ("名称", *(f"说明{number}" for number in range(8)))
    row = ("阿莫西林胶囊", *("用于敏感菌所致的感染，饭后服用。" * 3 for _ in range(8)))
    table = TableRecord(header=header, rows=(row,), first_row=5, first_column=1, of_sheet=True)
    found = passages([ElementRecord("x", "Table", 1, sheet="药品", table=table)])
    assert len(found) > 1
    assert all(p.text.startswith("名称：阿莫西林胶囊；") for p in found)
    assert all(len(p.text) <= PASSAGE_LIMIT for p in found)
    assert {p.group for p in found} == {"药品!5"}
    assert {p.place.row for p in found} == {5}


def test_rows_of_a_table_inside_a_text_share_passages_and_have_no_sheet_row() -> None:
    table = TableRecord(
        header=("项", "值"), rows=(("甲", "1"), ("乙", "2")), first_row=2, first_column=1
    )
    found = passages([body("见下表："), ElementRecord("x", "Table", 2, table=table)])
    assert [p.text for p in found] == ["见下表：\n项：甲；值：1\n项：乙；值：2"]
    assert found[0].place.row is None


def test_a_row_of_a_table_has_its_own_boxes() -> None:
    table = TableRecord(
        header=("项", "值"), rows=(("甲", "1"), ("乙", "2")), first_row=2, first_column=1
    )
    element = ElementRecord(
        "项\t值\n甲\t1\n乙\t2",
        "Table",
        1,
        page=1,
        table=table,
        spans=(
            Span(0, 3, (0.1, 0.1, 0.9, 0.15)),
            Span(4, 7, (0.1, 0.2, 0.9, 0.25)),
            Span(8, 11, (0.1, 0.3, 0.9, 0.35)),
        ),
    )
    assert [(line.text, line.place.boxes) for line in lines([element])] == [
        ("项：甲；", ((0.1, 0.2, 0.9, 0.25),)),
        ("值：1", ((0.1, 0.2, 0.9, 0.25),)),
        ("项：乙；", ((0.1, 0.3, 0.9, 0.35),)),
        ("值：2", ((0.1, 0.3, 0.9, 0.35),)),
    ]


def test_boxes_follow_the_words_of_a_line_over_visual_lines() -> None:
    text = "第一句在这里。第二句跨过了行。"
    element = body(
        text,
        page=3,
        spans=(Span(0, 10, (0.1, 0.1, 0.9, 0.15)), Span(10, 15, (0.1, 0.2, 0.5, 0.25))),
    )
    first, second = lines([element])
    assert (first.text, first.place.page) == ("第一句在这里。", 3)
    assert first.place.boxes == ((0.1, 0.1, 0.66, 0.15),)
    assert second.place.boxes == ((0.66, 0.1, 0.9, 0.15), (0.1, 0.2, 0.5, 0.25))


def test_boxes_still_fit_when_cleaning_shortens_the_text() -> None:
    text = "\u200b甲乙\u200b丙丁。戊己庚辛。"
    element = body(text, page=1, spans=(Span(0, 7, (0, 0, 1, 0.1)), Span(7, 12, (0, 0.1, 1, 0.2))))
    first, second = lines([element])
    assert (first.text, first.place.boxes) == ("甲乙丙丁。", ((0, 0, 1, 0.1),))
    assert (second.text, second.place.boxes) == ("戊己庚辛。", ((0, 0.1, 1, 0.2),))


def test_running_headers_are_in_the_page_text_but_in_no_line() -> None:
    elements = [
        ElementRecord("某公司年度报告", "Header", 1, page=1),
        body("营业收入增长。", page=1),
        body("净利润下降。", page=2),
    ]
    found = list(segments(elements))
    assert [line.text for segment in found for line in segment.lines] == [
        "营业收入增长。",
        "净利润下降。",
    ]
    assert [(page.page, page.text) for segment in found for page in segment.pages] == [
        (1, "某公司年度报告\n营业收入增长。"),
        (2, "净利润下降。"),
    ]


def test_segments_of_a_long_document_join_without_a_seam() -> None:
    elements = [
        body(f"这是第{number}个段落，它说了一件事。它又说了另一件事。") for number in range(1500)
    ]
    found: list[Segment] = list(segments(elements))
    assert len(found) > 2
    position = 0
    for segment in found:
        assert segment.first_line == position
        position += len(segment.lines)
        covered = [
            index
            for passage in segment.passages
            for index in range(passage.first_line, passage.last_line + 1)
        ]
        assert covered == list(range(len(segment.lines)))
    whole = [line for segment in found for line in segment.lines]
    assert join(whole) == "\n".join(element.text for element in elements)
    # Only the very last passage of a document may be far from full.
    sizes = [len(passage.text) for segment in found for passage in segment.passages]
    assert min(sizes[:-1]) > PASSAGE_LIMIT - 2 * 30


def test_a_row_group_is_not_torn_between_segments() -> None:
    rows = tuple((f"键{n}", "说明文字，" * 60) for n in range(300))
    table = TableRecord(header=("键", "值"), rows=rows, first_row=2, first_column=1, of_sheet=True)
    for segment in segments([ElementRecord("x", "Table", 1, sheet="s", table=table)]):
        assert all(passage.text.startswith("键：键") for passage in segment.passages)
