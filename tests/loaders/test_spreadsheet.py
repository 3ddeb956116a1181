"""Sheets and delimited files: places, headers, blocks, delimiters, streaming."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary, TableRecord


def _tables(path: Path) -> list[TableRecord]:
    return [
        record.table
        for record in records_of(path)
        if isinstance(record, ElementRecord) and record.table is not None
    ]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_delimiter_is_found(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "表.csv"
    path.write_text(f"名称{mark}数量\n螺栓{mark}12\n垫片{mark}7\n", encoding="utf-8")

    assert _tables(path) == [
        TableRecord(("名称", "数量"), (("螺栓", "12"), ("垫片", "7")), 2, 1, of_sheet=True)
    ]


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "乱.csv"
    path.write_text("名称,数量\n螺栓,12,多出来的\n垫片\n", encoding="utf-8")

    (table,) = _tables(path)
    assert table.header == ("名称", "数量", "")
    assert table.rows == (("螺栓", "12", "多出来的"), ("垫片", "", ""))


def test_quoted_newline_stays_in_its_cell_and_counts_as_one_row(tmp_path: Path) -> None:
    path = tmp_path / "引.csv"
    path.write_text('名称,说明\n甲,"上\n下"\n乙,丙\n', encoding="utf-8")

    assert _tables(path)[0].rows == (("甲", "上 下"), ("乙", "丙"))


def test_zero_bytes_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "零.csv"
    path.write_bytes("名称,数量\n螺栓,".encode() + bytes(40) + b"12\n")

    assert _tables(path)[0].rows == (("螺栓", "12"),)


def test_large_file_streams_in_parts_of_200_rows(tmp_path: Path) -> None:
    path = tmp_path / "大.csv"
    path.write_text("名称,数量\n" + "螺栓,1200\n" * 20_000, encoding="utf-8")
    parts = rows = 0
    next_row = 2
    tracemalloc.start()
    for record in records_of(path):
        if isinstance(record, ElementRecord) and record.table is not None:
            assert record.table.first_row == next_row
            parts += 1
            rows += len(record.table.rows)
            next_row += len(record.table.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (parts, rows) == (100, 20_000)
    assert peak < 8_000_000


def test_several_tables_on_a_sheet_have_their_own_headers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["姓名", "工资"],
        ["张三", 5000],
        [],
        ["部门", "人数", "主管"],
        ["财务部", 8, "李四"],
    ):
        sheet.append(row)
    book.save(tmp_path / "多.xlsx")

    assert _tables(tmp_path / "多.xlsx") == [
        TableRecord(("姓名", "工资"), (("张三", "5000"),), 2, 1, of_sheet=True),
        TableRecord(("部门", "人数", "主管"), (("财务部", "8", "李四"),), 5, 1, of_sheet=True),
    ]


def test_merged_cells_are_filled_and_headers_of_two_rows_joined(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["地区", "销售额", None],
        [None, "上半年", "下半年"],
        ["华东", 10, 20],
        [None, 30, 40],
    ):
        sheet.append(row)
    for merged in ("A1:A2", "B1:C1", "A3:A4"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "并.xlsx")

    assert _tables(tmp_path / "并.xlsx") == [
        TableRecord(
            ("地区", "销售额/上半年", "销售额/下半年"),
            (("华东", "10", "20"), ("华东", "30", "40")),
            3,
            1,
            of_sheet=True,
        )
    ]


def test_formulas_never_computed_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["数量", "合计"])
    sheet.append([2, "=A2*3"])
    book.save(tmp_path / "式.xlsx")

    summary = list(records_of(tmp_path / "式.xlsx"))[-1]
    assert isinstance(summary, LoadSummary)
    assert summary.warnings == ("formulas_without_values",)
