"""Delimited text: delimiters, quotes, ragged rows, streaming."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from loaders.load import records_of
from loaders.records import ElementRecord, TableRecord
from tests.loaders.reading import summary_of, tables_of


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_delimiter_is_found(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "表.csv"
    path.write_text(f"名称{mark}数量\n螺栓{mark}12\n垫片{mark}7\n", encoding="utf-8")

    assert tables_of(path) == [
        TableRecord(("名称", "数量"), (("螺栓", "12"), ("垫片", "7")), 2, 1, of_sheet=True)
    ]


def test_decimal_commas_are_no_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "欧.csv"
    path.write_text("name;price;weight\nbolt;1,50;0,20\nnut;2,75;0,10\n", encoding="utf-8")

    assert tables_of(path)[0].rows == (("bolt", "1,50", "0,20"), ("nut", "2,75", "0,10"))


def test_delimiter_named_by_the_file_itself_takes_a_row(tmp_path: Path) -> None:
    path = tmp_path / "名.csv"
    path.write_text("sep=;\n名称;数量\n螺栓;12\n", encoding="utf-8")

    assert tables_of(path) == [
        TableRecord(("名称", "数量"), (("螺栓", "12"),), 3, 1, of_sheet=True)
    ]


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "乱.csv"
    path.write_text("名称,数量\n螺栓,12,多出来的\n垫片\n", encoding="utf-8")

    (table,) = tables_of(path)
    assert table.header == ("名称", "数量", "")
    assert table.rows == (("螺栓", "12", "多出来的"), ("垫片", "", ""))


def test_quoted_newline_stays_in_its_cell_and_counts_as_one_row(tmp_path: Path) -> None:
    path = tmp_path / "引.csv"
    path.write_text('名称,说明\n甲,"上\n下"\n乙,丙\n', encoding="utf-8")

    assert tables_of(path)[0].rows == (("甲", "上 下"), ("乙", "丙"))


@pytest.mark.parametrize("rows_after", [3, 1000])
def test_quote_that_nothing_closes_costs_no_row(tmp_path: Path, rows_after: int) -> None:
    path = tmp_path / "漏.csv"
    path.write_text('名称,数量\n"漏引号,1\n' + "螺栓,12\n" * rows_after, encoding="utf-8")

    rows = [row for table in tables_of(path) for row in table.rows]
    assert rows == [('"漏引号', "1"), *[("螺栓", "12")] * rows_after]
    assert summary_of(path).warnings == ("open_quotes",)


def test_formulas_are_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "式.csv"
    path.write_text('名称,数量\n"=HYPERLINK(""http://a"")",1\n@SUM(1),2\n', encoding="utf-8")

    assert tables_of(path)[0].rows == (('=HYPERLINK("http://a")', "1"), ("@SUM(1)", "2"))


def test_zero_bytes_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "零.csv"
    path.write_bytes("名称,数量\n螺栓,".encode() + bytes(40) + b"12\n")

    assert tables_of(path)[0].rows == (("螺栓", "12"),)


def test_byte_order_mark_and_utf16_are_no_part_of_the_first_cell(tmp_path: Path) -> None:
    path = tmp_path / "码.csv"
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        path.write_bytes("名称,数量\n螺栓,12\n".encode(encoding))
        assert tables_of(path)[0].header == ("名称", "数量")


def test_large_file_streams_in_parts_of_200_rows(tmp_path: Path) -> None:
    path = tmp_path / "大.csv"
    path.write_text("名称,数量\n" + "螺栓,1200\n" * 5_000, encoding="utf-8")
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

    assert (parts, rows) == (25, 5_000)
    assert peak < 4_000_000
