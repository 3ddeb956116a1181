"""Ruled tables: cells from lines, merged cells, drawings that are none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from loaders.pdf.pieces import Segment
from loaders.pdf.ruled import Rules, ruled_tables


def _text(text: str, x: float, y: float, turn: int = 0) -> Segment:
    return Segment(text, x, y, x + 10 * len(text), y + 10, 10, turn)


def _grid(xs: list[float], ys: list[float]) -> Rules:
    rules = Rules()
    for y in ys:
        rules.add(xs[0], y, xs[-1], y)
    for x in xs:
        rules.add(x, ys[0], x, ys[-1])
    return rules


def test_cells_are_what_rules_enclose() -> None:
    rules = _grid([0, 100, 200], [0, 20, 40])
    pieces = [_text("名称", 5, 5), _text("数量", 105, 5), _text("水泵", 5, 25), _text("3", 105, 25)]
    note = _text("表外的话", 0, 60)

    tables, rest = ruled_tables([*pieces, note], rules)

    assert [table.rows for table in tables] == [[["名称", "数量"], ["水泵", "3"]]]
    assert tables[0].boxes == [(0, 0, 200, 20), (0, 20, 200, 40)]
    assert rest == [note]


def test_text_that_runs_over_a_rule_is_cut_there() -> None:
    rules = _grid([0, 30, 60], [0, 20, 40])
    crossing = Segment("水泵阀门", 10, 5, 50, 15, 10, starts=[10, 20, 30, 40])

    tables, _ = ruled_tables([crossing, _text("3", 5, 25), _text("4", 35, 25)], rules)

    assert tables[0].rows == [["水泵", "阀门"], ["3", "4"]]


def test_merged_cells_show_their_text_in_every_field() -> None:
    rules = Rules()
    for y in (0, 40, 60):
        rules.add(0, y, 300, y)
    rules.add(100, 20, 300, 20)
    for x in (0, 100, 300):
        rules.add(x, 0, x, 60)
    rules.add(200, 20, 200, 60)
    pieces = [
        _text("项目", 5, 15),
        _text("金额", 180, 5),
        _text("本期", 105, 25),
        _text("上期", 205, 25),
        _text("收入", 5, 45),
        _text("12", 105, 45),
        _text("11", 205, 45),
    ]

    tables, _ = ruled_tables(pieces, rules)

    assert tables[0].rows == [
        ["项目", "金额", "金额"],
        ["项目", "本期", "上期"],
        ["收入", "12", "11"],
    ]


def test_table_may_be_open_at_its_sides() -> None:
    rules = Rules()
    for y in (0, 20, 40):
        rules.add(0, y, 300, y)
    rules.add(100, 0, 100, 40)
    rules.add(200, 0, 200, 40)
    pieces = [
        _text(text, x, y)
        for y, row in ((5, "甲乙丙"), (25, "一二三"))
        for x, text in zip((5, 105, 205), row, strict=True)
    ]

    assert ruled_tables(pieces, rules)[0][0].rows == [["甲", "乙", "丙"], ["一", "二", "三"]]


def test_lines_are_rows_where_only_columns_are_ruled() -> None:
    rules = _grid([0, 100, 200], [0, 20, 140])
    pieces = [_text("月份", 5, 5), _text("产量", 105, 5)]
    for number in range(4):
        pieces += [_text(f"{number}月", 5, 30 + 25 * number), _text("90", 105, 30 + 25 * number)]

    rows = ruled_tables(pieces, rules)[0][0].rows

    assert rows == [["月份", "产量"], ["0月", "90"], ["1月", "90"], ["2月", "90"], ["3月", "90"]]


def test_broken_number_is_mended_and_two_numbers_are_not() -> None:
    rules = _grid([0, 100, 155], [0, 40, 80])
    pieces = [
        _text("余额", 5, 5),
        Segment("12,345,6", 103, 5, 152, 15, 10),
        Segment("78.00", 103, 20, 140, 30, 10),
        _text("两年", 5, 45),
        Segment("5,543", 103, 45, 152, 55, 10),
        Segment("7,990", 103, 60, 152, 70, 10),
    ]

    assert ruled_tables(pieces, rules)[0][0].rows == [
        ["余额", "12,345,678.00"],
        ["两年", "5,543 7,990"],
    ]


@pytest.mark.parametrize(
    "rules",
    [
        _grid([0, 400], [0, 100, 200]),
        _grid([0, 200, 400], [0, 200]),
        Rules(horizontal=[(20, 0, 400), (60, 0, 400)]),
    ],
    ids=["box", "one row", "underlines"],
)
def test_frames_and_lines_make_no_table(rules: Rules) -> None:
    pieces = [_text("一段文字", 5, 25), _text("又一段", 205, 25), _text("再一段", 5, 125)]

    assert ruled_tables(pieces, rules) == ([], pieces)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rules_turn_with_the_page(turn: int) -> None:
    page = (400.0, 300.0)
    upright = _grid([0, 100, 200], [0, 20, 40])
    width, height = page if turn == 180 else page[::-1]
    # What was read upright on a page of this size lies turned on the page that is printed.
    printed = upright.turned_back((360 - turn) % 360, width, height)

    back = printed.turned_back(turn, *page)

    assert sorted(back.horizontal) == sorted(upright.horizontal)
    assert sorted(back.vertical) == sorted(upright.vertical)


def test_columns_that_white_space_alone_parts_are_found_between_few_rules() -> None:
    rows = [
        ["设备", "数量", "单位"],
        ["水泵", "3", "台"],
        ["阀门", "12", "个"],
        ["管道", "7", "米"],
    ]
    rules = Rules()
    for number in range(5):
        rules.add(0, 20 * number, 300, 20 * number)
    rules.add(90, 0, 90, 80)
    pieces = [
        _text(text, x, 5 + 20 * number)
        for number, row in enumerate(rows)
        for x, text in zip((5, 100, 200), row, strict=True)
    ]

    tables, rest = ruled_tables(pieces, rules)

    assert [table.rows for table in tables] == [rows]
    assert rest == []


def test_a_text_with_a_wide_space_stays_in_one_cell_of_a_form() -> None:
    rules = _grid([0, 100, 400], [0, 20, 40, 60, 80])
    rows = [("姓名", "张三"), ("部门", "财务"), ("是否党员", "是 否"), ("职务", "会计")]
    pieces = [
        piece
        for number, (name, value) in enumerate(rows)
        for piece in (_text(name, 5, 5 + 20 * number), _text(value, 105, 5 + 20 * number))
    ]

    tables, _ = ruled_tables(pieces, rules)

    assert tables[0].rows == [list(row) for row in rows]


def test_rows_between_shaded_cells_have_their_columns() -> None:
    xs = (0, 100, 200, 300)
    rules = Rules()
    for x in (0, 300):
        rules.add(x, 0, x, 100)
    for top in (0, 40, 80):
        for x0, x1 in pairwise(xs):
            for y in (top, top + 20):
                rules.add(x0, y, x1, y)
        for x in xs:
            rules.add(x, top, x, top + 20)
    rows = [[f"{name}{number}" for name in ("项目", "数量", "备注")] for number in range(5)]
    pieces = [
        _text(text, x + 5, 5 + 20 * number)
        for number, row in enumerate(rows)
        for x, text in zip(xs, row, strict=False)
    ]

    tables, rest = ruled_tables(pieces, rules)

    assert [table.rows for table in tables] == [rows]
    assert rest == []
