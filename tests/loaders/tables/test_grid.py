"""Blocks of cells: titles, notes, tables above and beside each other."""

from __future__ import annotations

from loaders.load import to_record
from loaders.records import TableRecord
from loaders.tables.grid import Row, split_header, table_elements


def _read(*lines: str) -> list[tuple[str, str] | TableRecord]:
    rows: list[Row] = [(number, line.split("|")) for number, line in enumerate(lines, 1)]
    records = [to_record(element, 1) for element in table_elements(rows)]
    return [record.table or (record.category, record.text) for record in records]


def _table(header: str, rows: list[str], first_row: int, first_column: int = 1) -> TableRecord:
    return TableRecord(
        tuple(header.split("|")) if header else (),
        tuple(tuple(row.split("|")) for row in rows),
        first_row,
        first_column,
        of_sheet=True,
    )


def test_lines_above_a_table_are_its_title_and_text() -> None:
    assert _read(
        "资产负债表||", "编制单位：甲公司||单位：元", "项目|期末|期初", "货币资金|10|20"
    ) == [
        ("Title", "资产负债表"),
        ("NarrativeText", "编制单位：甲公司  单位：元"),
        _table("项目|期末|期初", ["货币资金|10|20"], 4),
    ]


def test_notes_below_a_table_are_text() -> None:
    assert _read("项目|金额", "收入|10", "注：以上数据未经审计。|", "数据来源：财务部|") == [
        _table("项目|金额", ["收入|10"], 2),
        ("NarrativeText", "注：以上数据未经审计。"),
        ("NarrativeText", "数据来源：财务部"),
    ]


def test_row_of_those_who_signed_below_a_table_is_text() -> None:
    assert _read(
        "项目|金额|备注", "收入|10|无", "制表人：张三||审核：李四", "合计|10|备注：无"
    ) == [
        _table("项目|金额|备注", ["收入|10|无"], 2),
        ("NarrativeText", "制表人：张三  审核：李四"),
        _table("项目|金额|备注", ["合计|10|备注：无"], 4),
    ]


def test_blocks_parted_by_blank_rows_have_their_own_headers() -> None:
    assert _read("姓名|工资", "张三|5000", "|", "部门|人数", "财务部|8") == [
        _table("姓名|工资", ["张三|5000"], 2),
        _table("部门|人数", ["财务部|8"], 5),
    ]


def test_block_without_a_header_goes_on_with_the_one_above() -> None:
    assert _read("姓名|工资", "张三|5000", "|", "李四|6000") == [
        _table("姓名|工资", ["张三|5000"], 2),
        _table("姓名|工资", ["李四|6000"], 4),
    ]


def test_tables_side_by_side_are_told_apart() -> None:
    assert _read(
        "姓名|工资||部门|人数", "张三|5000||财务部|8", "李四|6000||人事部|3", "王五|7000|||"
    ) == [
        _table("姓名|工资", ["张三|5000", "李四|6000", "王五|7000"], 2),
        _table("部门|人数", ["财务部|8", "人事部|3"], 2, 4),
    ]


def test_numbers_behind_an_empty_column_stay_with_their_labels() -> None:
    assert _read("项目||2022年|2023年", "收入||10|20", "成本||5|6") == [
        _table("项目||2022年|2023年", ["收入||10|20", "成本||5|6"], 2)
    ]


def test_table_far_from_the_corner_keeps_its_place() -> None:
    assert _read("||", "||", "|品名|数量", "|螺栓|12") == [_table("品名|数量", ["螺栓|12"], 4, 2)]


def test_wide_rows_come_in_smaller_parts() -> None:
    rows: list[Row] = [(number, ["x"] * 16_384) for number in range(1, 31)]

    tables = [to_record(element, 1).table for element in table_elements(rows)]
    assert [len(table.rows) for table in tables if table] == [13, 13, 3]


def test_small_table_is_split_into_header_and_rows() -> None:
    assert split_header([["名称", "数量"], ["螺栓", "12"]]) == (
        ("名称", "数量"),
        (("螺栓", "12"),),
        1,
    )
    assert split_header([["1", "2"], ["3", "4"]]) == ((), (("1", "2"), ("3", "4")), 0)
