"""Tables of which only the rows are ruled or shaded, and rules that make no table."""

from __future__ import annotations

from itertools import pairwise

from loaders.pdf.pieces import Segment
from loaders.pdf.rowed import rowed_tables
from loaders.pdf.ruled import Rules
from loaders.pdf.tables import TableBlock
from loaders.pdf.unruled import find_tables

WIDTH = 300
XS = (5, 105, 205)
LONG = "运行日志由值班人员填写，发现异常立即停机，"
PROSE = "设备投入运行以后，应当按照规定定期检查。"
ROWS = [
    ["名称", "数量", "说明"],
    ["水泵", "3", "备用"],
    ["阀门", "12", "新"],
    ["管道", "7", "旧"],
    ["风机", "5", "停用"],
    ["电机", "4", "在用"],
]


def _text(text: str, x: float, y: float) -> Segment:
    return Segment(text, x, y, x + 10 * len(text), y + 10, 10)


def _line(row: list[str], y: float) -> list[Segment]:
    return [_text(text, x, y) for x, text in zip(XS, row, strict=True) if text]


def _rules(*ys: float) -> Rules:
    rules = Rules()
    for y in ys:
        rules.add(0, y, WIDTH, y)
    return rules


def _read(pieces: list[Segment], rules: Rules) -> tuple[list[TableBlock], list[Segment]]:
    return rowed_tables(pieces, rules)


def test_rules_between_rows_part_them_however_tight_their_lines_stand() -> None:
    pieces = [
        *_line(["设备", "数目", "备注"], 2),
        *_line(["一号水泵", "3", "每天检查轴承"], 16),
        _text("的温度", 205, 28),
        *_line(["二号水泵", "4", "每周检查一次"], 42),
        *_line(["三号水泵", "5", "每月检查油位"], 56),
        _text("一次", 205, 68),
        *_line(["四号水泵", "6", "停用"], 82),
    ]

    tables, rest = _read(pieces, _rules(0, 14, 40, 54, 80, 94))

    assert rest == []
    assert [table.rows for table in tables] == [
        [
            ["设备", "数目", "备注"],
            ["一号水泵", "3", "每天检查轴承的温度"],
            ["二号水泵", "4", "每周检查一次"],
            ["三号水泵", "5", "每月检查油位一次"],
            ["四号水泵", "6", "停用"],
        ]
    ]


def test_three_rules_hold_a_header_and_all_rows() -> None:
    pieces = [piece for number, row in enumerate(ROWS) for piece in _line(row, 5 + 18 * number)]
    caption, note = _text("表1　设备一览", 90, -18), _text("注：截至上年末。", 0, 116)

    tables, rest = _read([caption, *pieces, note], _rules(0, 19, 110))

    assert [table.rows for table in tables] == [ROWS]
    assert rest == [caption, note]


def test_the_rows_before_the_first_shaded_one_and_after_the_last_belong_to_the_table() -> None:
    pieces = [piece for number, row in enumerate(ROWS) for piece in _line(row, 5 + 20 * number)]
    shades = Rules()
    for top in (40, 80):
        for one, other in pairwise([(0, top), (WIDTH, top), (WIDTH, top + 20), (0, top + 20)]):
            shades.add(*one, *other)
    before = _text(PROSE, 0, -30)

    tables, rest = _read([before, *pieces], shades)

    assert [table.rows for table in tables] == [ROWS]
    assert rest == [before]


def test_tables_of_equal_width_are_told_apart_by_the_text_between_them() -> None:
    pieces = [piece for number, row in enumerate(ROWS) for piece in _line(row, 5 + 20 * number)]
    caption = _text("表2　设备一览", 90, 145)
    second = [piece for number, row in enumerate(ROWS) for piece in _line(row, 175 + 20 * number)]
    ys = [*range(0, 121, 20), *range(170, 291, 20)]

    tables, rest = _read([*pieces, caption, *second], _rules(*ys))

    assert [table.rows for table in tables] == [ROWS, ROWS]
    assert rest == [caption]


def test_rules_around_paragraphs_make_no_table() -> None:
    pieces = [_text(PROSE, 0, 5 + 16 * number) for number in range(12)]

    tables, rest = _read(pieces, _rules(0, 60, 110, 200))

    assert tables == []
    assert rest == pieces


def test_parts_whose_lines_stand_apart_are_no_rows() -> None:
    tops = (5, 45, 85, 125)
    pieces = [piece for top in tops for row in ROWS[:1] for piece in _line(row, top)]

    tables, rest = _read(pieces, _rules(0, 60, 140))

    assert tables == []
    assert rest == pieces


def test_numbers_at_the_right_of_a_column_are_no_column_of_their_own() -> None:
    rows = [("规格", ""), ("", "900"), ("无级", ""), ("", "320"), ("贴塑", ""), ("", "370")]
    pieces = []
    for number, (word, value) in enumerate(rows):
        top = 5 + 20 * number
        pieces.append(_text(f"项目{number}", 5, top))
        pieces.append(_text(word, 105, top) if word else _text(value, 150, top))

    tables, _ = _read(pieces, _rules(*range(0, 121, 20)))

    assert [table.rows for table in tables] == [
        [[f"项目{number}", word or value] for number, (word, value) in enumerate(rows)]
    ]


def test_the_line_of_company_and_unit_is_no_row() -> None:
    pieces = [_text("编制单位：甲公司", 5, 0), _text("单位：万元", 240, 0)]
    for number, row in enumerate(ROWS):
        pieces += _line(row, 16 + 16 * number)

    (table,), rest = _read(pieces, _rules(*(13 + 16 * number for number in range(7))))

    assert table.rows == ROWS
    assert [piece.text for piece in rest] == ["编制单位：甲公司", "单位：万元"]


def test_a_taller_row_parts_no_table_and_doubles_no_text() -> None:
    rows = [[f"项目{number}", f"说明{number}"] for number in range(10)]
    pieces, ys = [], [0.0]
    for number, row in enumerate(rows):
        pieces += [_text(text, x, ys[-1] + 2) for x, text in zip(XS, row, strict=False)]
        ys.append(ys[-1] + (26 if number == 4 else 14))

    tables, rest = _read(pieces, _rules(*ys))

    assert rest == []
    assert [row for table in tables for row in table.rows] == rows
    assert len(tables) == 1


def test_columns_of_prose_between_rules_are_no_table() -> None:
    pieces, ys, top = [], [0.0], 0.0
    for count in (3, 5, 2, 4, 3):
        for line in range(count):
            y = top + 4 + 14 * line
            pieces += [_text(LONG, 0, y), _text(LONG[: 20 if line < count - 1 else 9], 240, y)]
        top += 14 * count + 8
        ys.append(top)
    rules = Rules()
    for y in ys:
        rules.add(0, y, 450, y)

    tables, rest = _read(pieces, rules)

    assert tables == []
    assert find_tables(rest)[0] == []


def test_rows_of_several_lines_before_the_first_shaded_one_belong_to_the_table() -> None:
    rows = [["设备", "每天"], ["润滑油的油位轴承温度", "12"], ["检查风机的振动和噪音", "15"]]
    rows += [["水泵的压力表和流量计", "18"], ["阀门", "20"], ["控制柜的指示灯和风扇", "21"]]
    rows += [["电机的接线盒和轴承", "24"], ["管道", "27"]]
    pieces, shades, top = [], Rules(), 0.0
    for number, (name, value) in enumerate(rows):
        lines = [name[:5], name[5:]] if len(name) > 5 else [name]
        height = 14 * len(lines) + 4
        pieces += [_text(line, 5, top + 4 + 14 * place) for place, line in enumerate(lines)]
        pieces.append(_text(value, 105, top + height / 2 - 5))
        if number in (2, 4, 6):
            for y in (top, top + height):
                shades.add(0, y, 160, y)
        top += height

    tables, rest = _read(pieces, shades)

    assert [table.rows for table in tables] == [rows]
    assert rest == []
