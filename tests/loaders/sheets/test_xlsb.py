"""Binary workbooks: every kind of cell, number formats, merged cells, comments, hidden sheets."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from loaders.errors import DamagedFileError
from tests.loaders.packages import zipped
from tests.loaders.reading import elements_of, summary_of, tables_of, texts_of
from tests.loaders.xlsb_maker import (
    cell,
    comments,
    margins,
    merged,
    record,
    row,
    short_cell,
    text_cell,
    wide,
    xlsb_parts,
)

DATE = struct.pack("<d", 45418.0)
HALF = struct.pack("<d", 0.125)


def _written(path: Path, parts: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(parts))
    return path


def _heads(*names: str) -> bytes:
    return row(1) + b"".join(text_cell(n, name) for n, name in enumerate(names, 1))


def test_short_cells_stand_in_the_columns_after_the_one_before(tmp_path: Path) -> None:
    content = (
        _heads("品名", "数量", "单价", "备注", "合格", "出错")
        + row(2)
        + text_cell(1, "轴承")
        + short_cell(13, struct.pack("<i", 12 << 2 | 2))
        + short_cell(16, struct.pack("<d", 38.5))
        + short_cell(17, wide("进口"))
        + short_cell(15, b"\1")
        + short_cell(14, b"\x07")
    )
    path = _written(tmp_path / "库存.xlsb", xlsb_parts({"库存": content}))

    (table,) = tables_of(path)

    assert table.header == ("品名", "数量", "单价", "备注", "合格", "出错")
    assert table.rows == (("轴承", "12", "38.5", "进口", "TRUE", "#DIV/0!"),)
    assert table.first_row == 2
    assert summary_of(path).warnings == ()


def test_numbers_are_shown_by_their_formats(tmp_path: Path) -> None:
    content = (
        _heads("日期", "比例", "折扣", "负数", "公式")
        + row(2)
        + cell(5, 1, DATE, style=1)
        + cell(5, 2, HALF, style=2)
        + cell(2, 3, struct.pack("<i", 1250 << 2 | 3))
        + cell(2, 4, struct.pack("<i", -7 << 2 | 2))
        + cell(9, 5, HALF + bytes(8), style=2)
    )
    parts = xlsb_parts({"表": content}, codes=("yyyy-mm-dd", "0.0%"))

    (table,) = tables_of(_written(tmp_path / "表.xlsb", parts))

    assert table.rows == (("2024-05-06", "12.5%", "12.5", "-7", "12.5%"),)


def test_shared_rich_and_computed_texts_are_read(tmp_path: Path) -> None:
    content = (
        _heads("共享", "混排", "公式", "判断")
        + row(2)
        + cell(7, 1, struct.pack("<I", 1))
        + cell(62, 2, b"\0" + wide("混排文字"))
        + cell(8, 3, wide("算出的文字") + bytes(8))
        + cell(10, 4, b"\0" + bytes(8))
    )
    parts = xlsb_parts({"表": content}, texts=("甲", "乙"))

    (table,) = tables_of(_written(tmp_path / "表.xlsb", parts))

    assert table.rows == (("乙", "混排文字", "算出的文字", "FALSE"),)


def test_merged_cells_are_filled_and_margins_and_comments_read(tmp_path: Path) -> None:
    content = (
        _heads("部门", "姓名")
        + row(2)
        + text_cell(1, "研发部")
        + text_cell(2, "张三")
        + row(3)
        + text_cell(2, "李四")
        + merged(2, 3, 1, 1)
        + margins("&C内部资料", "第&P页")
    )
    remarks = comments({(3, 2): "下月调岗", (2, 2): "[Threaded comment] copy"})
    parts = xlsb_parts({"名单": content}, others={"comments1.bin": remarks})

    path = _written(tmp_path / "名单.xlsb", parts)

    (table,) = tables_of(path)
    assert table.rows == (("研发部", "张三"), ("研发部", "李四"))
    assert texts_of(path) == [
        ("Header", "内部资料"),
        ("NarrativeText", "B3 批注：下月调岗"),
        ("Footer", "第页"),
    ]
    assert summary_of(path).missing is None


def test_hidden_sheet_is_read_with_a_warning(tmp_path: Path) -> None:
    sheets = {"甲": _heads("一", "二"), "乙": _heads("三", "四")}
    path = _written(tmp_path / "表.xlsb", xlsb_parts(sheets, hidden="乙"))

    assert [record.sheet for record in elements_of(path)] == ["甲", "乙"]
    assert summary_of(path).warnings == ("hidden_sheets",)


def test_sheet_that_ends_inside_a_record_is_read_up_to_there(tmp_path: Path) -> None:
    content = _heads("甲", "乙") + row(2) + text_cell(1, "一") + text_cell(2, "二")
    path = _written(tmp_path / "断.xlsb", xlsb_parts({"表": content[:-3]}))

    (table,) = tables_of(path)
    assert "一" in (*table.header, *table.rows[-1])
    assert summary_of(path).missing == "damaged_parts"


@pytest.mark.parametrize(
    "content",
    [
        record(0, b"\1"),
        _heads("甲") + cell(7, 2, b"\xff\xff\xff\xff"),
        _heads("甲") + record(6, b"\0"),
        _heads("甲") + b"\x80\x81\xff\xff\xff\x7f" + bytes(100),
    ],
    ids=["short row", "no such text", "short cell", "too large"],
)
def test_broken_records_raise_nothing_else(tmp_path: Path, content: bytes) -> None:
    path = _written(tmp_path / "坏.xlsb", xlsb_parts({"表": content}))

    try:
        records = elements_of(path)
    except DamagedFileError:
        return
    assert [record.text for record in records] == ["甲"]
    assert summary_of(path).missing == "damaged_parts"


def test_workbook_without_sheets_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError):
        elements_of(_written(tmp_path / "无.xlsb", xlsb_parts({})))
