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


def test_short_cells_midway_beside_two_lines_belong_to_their_row() -> None:
    pieces, top, wanted = [], 0.0, []
    for number in range(5):
        lines = [f"检查{number}号轴承的", "温度和油位"] if number % 2 else [f"水泵{number}"]
        wanted.append(["".join(lines), f"{number}2"])
        pieces += [_text(line, 0, top + 14 * place) for place, line in enumerate(lines)]
        pieces.append(_text(f"{number}2", 200, top + 7 * (len(lines) - 1)))
        top += 14 * len(lines) + 5

    (table,), rest = find_tables(pieces)

    assert table.rows == wanted
    assert rest == []


def test_lines_that_are_all_full_are_those_of_one_row() -> None:
    names = ["运行日志值班人员填写", "检修记录班长负责审核", "巡视路线安全部门制定"]
    notes = ["异常情况立即停机报告", "备用设备每月试运一次", "工具仓库每周清点一次"]
    pieces = []
    for number, (name, note) in enumerate(zip(names, notes, strict=True)):
        top = 34 * number
        pieces += [_text(name[:5], 0, top), _text(name[5:], 0, top + 14)]
        pieces += [_text(note[:5], 100, top), _text(note[5:], 100, top + 14)]

    (table,), _ = find_tables(pieces)

    assert table.rows == [list(row) for row in zip(names, notes, strict=True)]


def test_a_caption_is_no_row() -> None:
    rows = [["名称", "数量", "说明"], ["水泵", "3", "备用"], ["阀门", "12", "旧"]]
    caption = [_text("表3", 60, -20), _text("设备一览", 110, -20)]

    (table,), rest = find_tables([*caption, *_rows(rows, (0, 100, 200))])

    assert table.rows == rows
    assert rest == caption


def test_header_midway_above_its_column_makes_no_column_of_its_own() -> None:
    rows = [["产品甲乙丙丁", "1", "12"], ["产品", "2", "34"], ["产品乙", "3", "56"]]
    header = [_text("名", 42, -20), _text("序号", 100, -20), _text("数量", 200, -20)]

    (table,), _ = find_tables([*header, *_rows(rows, (0, 110, 210))])

    assert table.rows == [["名", "序号", "数量"], *rows]


def test_blanks_of_a_form_with_their_names_are_no_table() -> None:
    rows = [[f"姓名：张三{n}", "性别：男", "职务：主任"] for n in range(6)]

    assert find_tables(_rows(rows, (0, 150, 300)))[0] == []


def test_contents_without_leaders_are_no_table() -> None:
    rows = [[f"第{n}章 设备的检查", str(n * n)] for n in range(1, 8)]

    assert find_tables(_rows(rows, (0, 300)))[0] == []


def test_amounts_that_happen_to_rise_are_a_table() -> None:
    rows = [[f"费用{n}", f"长期待摊费用{n}", str(1000 * n)] for n in range(1, 8)]

    assert find_tables(_rows(rows, (0, 100, 300)))[0][0].rows == rows


def test_value_midway_beside_the_lines_of_a_long_name_leaves_their_pitch() -> None:
    names = [["营业收入"], ["同一控制下企业合并产生的", "子公司期初至合并日的净损", "益"], ["合计"]]
    names += [["公允价值变动损益以及处置", "金融资产的投资收益"], ["所得税影响数"], ["净额"]]
    pieces: list[Segment] = []
    top = 0.0
    for number, lines in enumerate(names):
        pieces += [_text(line, 0, top + 12 * place) for place, line in enumerate(lines)]
        # By a hair nearer to the line above, as printed pages have it.
        pieces.append(_text(f"{number},000.00", 200, top + 6 * (len(lines) - 1) - 0.1))
        top += 12 * len(lines) + 8

    assert find_tables(pieces)[0][0].rows == [
        ["".join(lines), f"{number},000.00"] for number, lines in enumerate(names)
    ]
