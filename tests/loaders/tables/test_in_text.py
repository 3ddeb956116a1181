"""Tables inside texts: titles above, marked headers, long tables in parts."""

from __future__ import annotations

from loaders.tables.in_text import grid_elements


def test_rows_across_the_whole_table_name_it() -> None:
    grid = [["人员情况", "人员情况"], ["姓名", "年龄"], ["张三", "30"]]

    title, table = grid_elements(grid)
    assert (title.text, table.text) == ("人员情况", "姓名\t年龄\n张三\t30")
    assert table.metadata.first_row == 3


def test_marked_rows_are_the_header_whatever_they_look_like() -> None:
    (table,) = grid_elements([["2023", "2024"], ["1", "2"]], marked=1)

    assert (table.metadata.header, table.metadata.rows) == (["2023", "2024"], [["1", "2"]])


def test_long_tables_come_in_parts_that_repeat_the_header() -> None:
    grid = [["编号", "数量"], *([f"A{number}", str(number)] for number in range(450))]

    parts = list(grid_elements(grid))
    assert [part.metadata.first_row for part in parts] == [2, 202, 402]
    assert {tuple(part.metadata.header) for part in parts} == {("编号", "数量")}
    assert parts[2].metadata.rows[-1] == ["A449", "449"]


def test_empty_tables_are_nothing() -> None:
    assert list(grid_elements([])) == []
    assert list(grid_elements([["", ""], [""]])) == []
