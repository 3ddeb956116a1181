"""Tables without rules: columns by white space, cells of several lines, text that is no table."""

from __future__ import annotations

from loaders.pdf.pieces import Segment
from loaders.pdf.unruled import find_tables

PROSE = "设备投入运行以后，应当按照规定定期检查，发现异常立即停机并上报。"


def _text(text: str, x: float, y: float) -> Segment:
    return Segment(text, x, y, x + 10 * len(text), y + 10, 10)


def _rows(rows: list[list[str]], xs: tuple[float, ...], pitch: float = 20) -> list[Segment]:
    return [
        _text(text, x, pitch * number)
        for number, row in enumerate(rows)
        for x, text in zip(xs, row, strict=True)
        if text
    ]


def test_columns_apart_are_a_table() -> None:
    rows = [
        ["名称", "数量", "说明"],
        ["水泵", "3", "备用"],
        ["阀门", "12", ""],
        ["管道", "7", "新"],
    ]
    note = _text(PROSE, 0, 200)

    tables, rest = find_tables([*_rows(rows, (0, 100, 200)), note])

    assert [table.rows for table in tables] == [rows]
    assert rest == [note]


def test_lines_of_one_cell_are_joined_around_its_row() -> None:
    pieces = []
    for number in range(3):
        top = 50 * number
        pieces += [
            _text(f"第{number}项", 0, top + 7),
            _text("检查轴承的温度和", 100, top),
            _text("润滑油的油位", 100, top + 14),
            _text("每天", 300, top + 7),
        ]

    tables, rest = find_tables(pieces)

    assert rest == []
    assert tables[0].rows == [
        [f"第{number}项", "检查轴承的温度和润滑油的油位", "每天"] for number in range(3)
    ]


def test_text_over_several_columns_stands_in_each() -> None:
    rows = [["收入", "12", "11"], ["成本", "8", "9"], ["利润", "4", "2"], ["税金", "1", "1"]]
    title = _text("单位为万元的金额", 120, -20)

    tables, _ = find_tables([_text("项目", 0, -20), title, *_rows(rows, (0, 140, 200))])

    assert tables[0].rows[0] == ["项目", "单位为万元的金额", "单位为万元的金额"]


def test_two_columns_of_running_text_are_no_table() -> None:
    left = [_text(PROSE[:20], 0, 14 * number) for number in range(12)]
    right = [_text(PROSE[8:28], 240, 14 * number) for number in range(12)]

    assert find_tables([*left, *right])[0] == []


def test_numbered_list_is_no_table() -> None:
    pieces = _rows([[f"{n}.", PROSE[: 12 + n]] for n in range(1, 7)], (0, 30))

    assert find_tables(pieces)[0] == []


def test_contents_with_leaders_are_no_table() -> None:
    pieces = _rows([[f"第{n}章", "." * 20, str(n)] for n in range(1, 7)], (0, 60, 300))

    assert find_tables(pieces)[0] == []


def test_two_rows_that_happen_to_align_are_no_table() -> None:
    pieces = _rows([["甲方", "乙方"], ["签字", "盖章"]], (0, 200))

    assert find_tables(pieces)[0] == []


def test_full_lines_close_together_are_rows_of_their_own() -> None:
    pieces = []
    for block in range(3):
        for line in range(4):
            top = 70 * block + 14 * line
            pieces += [_text(f"{block}-{line}", 0, top), _text("合格", 100, top)]
            pieces.append(_text("是", 200, top))

    assert len(find_tables(pieces)[0][0].rows) == 12
