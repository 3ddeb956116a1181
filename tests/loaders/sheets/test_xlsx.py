"""Workbooks of Office Open XML: cells as shown, what stands beside them, odd and broken files."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from loaders.errors import DamagedFileError, EmptyFileError
from loaders.records import TableRecord
from tests.loaders.reading import summary_of, tables_of, texts_of

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _package(path: Path, sheet: str, parts: dict[str, str] | None = None) -> Path:
    """Write a workbook of one sheet by hand."""
    written = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="表" sheetId="1" r:id="s1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="s1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}">{sheet}</worksheet>',
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in written.items():
            archive.writestr(name, text)
    return path


def _saved(path: Path, *rows: list[object], merged: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    book.save(path)
    return path


def test_merged_cells_are_filled_and_headers_of_two_rows_joined(tmp_path: Path) -> None:
    path = _saved(
        tmp_path / "并.xlsx",
        ["地区", "销售额", None],
        [None, "上半年", "下半年"],
        ["华东", 10, 20],
        [None, 30, 40],
        merged=("A1:A2", "B1:C1", "A3:A4"),
    )

    assert tables_of(path) == [
        TableRecord(
            ("地区", "销售额 上半年", "销售额 下半年"),
            (("华东", "10", "20"), ("华东", "30", "40")),
            3,
            1,
            of_sheet=True,
        )
    ]


def test_formats_are_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名称", "占比", "金额", "日期", "编号"])
    sheet.append(["甲", 0.256, 1234.5, date(2024, 3, 5), 7])
    for cell, code in zip(sheet[2][1:], ("0.0%", '#,##0.00"元"', "yyyy/m/d", "000"), strict=True):
        cell.number_format = code
    book.save(tmp_path / "式.xlsx")

    assert tables_of(tmp_path / "式.xlsx")[0].rows == (
        ("甲", "25.6%", "1,234.50元", "2024/3/5", "007"),
    )


def test_formulas_never_computed_are_told(tmp_path: Path) -> None:
    path = _saved(tmp_path / "算.xlsx", ["数量", "合计"], [2, "=A2*3"])

    assert summary_of(path).warnings == ("formulas_without_values",)


def test_hidden_sheets_are_read_and_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "看得见"
    hidden = book.create_sheet("藏")
    hidden["A1"] = "看不见"
    hidden.sheet_state = "veryHidden"
    book.save(tmp_path / "藏.xlsx")

    assert [table.rows for table in tables_of(tmp_path / "藏.xlsx")] == [
        (("看得见",),),
        (("看不见",),),
    ]
    assert summary_of(tmp_path / "藏.xlsx").warnings == ("hidden_sheets",)


def test_comments_headers_and_footers_are_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名称", "数量"])
    sheet.append(["甲", 1])
    sheet["B2"].comment = Comment("估计的数", "李四")
    sheet.oddHeader.center.text = "内部 & 保密"
    sheet.oddFooter.left.text = "财务部"
    book.save(tmp_path / "注.xlsx")

    assert texts_of(tmp_path / "注.xlsx") == [
        ("Header", "内部 & 保密"),
        ("NarrativeText", "B2 批注：估计的数"),
        ("Footer", "财务部"),
    ]


def test_every_kind_of_cell_is_shown(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "格.xlsx",
        "<sheetData><row r='2'>"
        "<c r='B2' t='s'><v>0</v></c><c r='C2' t='inlineStr'><is><r><t>行</t></r><r><t>内</t></r>"
        "<rPh><t>ひ</t></rPh></is></c><c r='D2' t='b'><v>1</v></c><c r='E2' t='e'><v>#REF!</v></c>"
        "<c r='F2' t='str'><f>A1</f><v>a_x000D_b</v></c><c r='G2'><v>12.50</v></c>"
        "<c r='H2' t='d'><v>2024-03-05T00:00:00</v></c></row></sheetData>",
        {"xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"><si><t>共享</t></si></sst>'},
    )

    assert tables_of(path) == [
        TableRecord(
            (),
            (("共享", "行内", "TRUE", "#REF!", "a b", "12.5", "2024-03-05"),),
            2,
            2,
            of_sheet=True,
        )
    ]


def test_cells_and_rows_without_places_follow_each_other(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "序.xlsx",
        "<sheetData><row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>"
        "</sheetData>",
    )

    assert tables_of(path)[0].rows == (("1", "", "3"), ("4", "", ""))


def test_workbook_that_counts_from_1904_shows_its_dates(tmp_path: Path) -> None:
    styles = (
        f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>"
    )
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="1"/><sheets>'
        '<sheet name="表" sheetId="1" r:id="s1"/></sheets></workbook>'
    )
    path = _package(
        tmp_path / "旧.xlsx",
        "<sheetData><row r='1'><c r='A1' s='1'><v>0</v></c></row></sheetData>",
        {"xl/styles.xml": styles, "xl/workbook.xml": book},
    )

    assert tables_of(path)[0].rows == (("1904/1/1",),)


def test_strict_dialect_is_read(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "严.xlsx", "<sheetData><row r='1'><c r='A1'><v>5</v></c></row></sheetData>"
    )
    strict = tmp_path / "严格.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(strict, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            text = text.replace(_MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
            text = text.replace(_OFFICE, "http://purl.oclc.org/ooxml/officeDocument/relationships")
            new.writestr(name, text)

    assert tables_of(strict)[0].rows == (("5",),)


def test_empty_formatted_cells_are_no_columns(tmp_path: Path) -> None:
    empty = "".join(f"<row r='{row}'><c r='XFD{row}' s='0'/></row>" for row in range(2, 2000))
    path = _package(
        tmp_path / "宽.xlsx",
        "<sheetData><row r='1'><c r='A1'><v>1</v></c><c r='B1'><v>2</v></c></row>"
        f"{empty}</sheetData>",
    )

    assert tables_of(path) == [TableRecord((), (("1", "2"),), 1, 1, of_sheet=True)]


def test_sheet_is_read_up_to_a_fault_in_its_xml(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "断.xlsx",
        "<sheetData><row r='1'><c r='A1'><v>1</v></c></row><row r='2'><c r='A2'><<</sheetData>",
    )

    assert tables_of(path)[0].rows[0] == ("1",)
    assert summary_of(path).missing == "damaged_parts"


def test_workbook_without_sheets_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "无.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{_MAIN}"/>')

    with pytest.raises(DamagedFileError):
        summary_of(path)


def test_workbook_without_cells_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError):
        summary_of(_saved(tmp_path / "空.xlsx"))


def test_password_opens_a_protected_workbook(tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    from loaders.errors import EncryptedFileError
    from loaders.load import records_of

    plain = _saved(tmp_path / "明.xlsx", ["密码", "内容"], ["甲", 1])
    path = tmp_path / "密.xlsx"
    with plain.open("rb") as source, path.open("wb") as target:
        OOXMLFile(source).encrypt("芝麻", target)

    with pytest.raises(EncryptedFileError):
        list(records_of(path))
    with pytest.raises(EncryptedFileError):
        list(records_of(path, password="不对"))
    assert len(list(records_of(path, password="芝麻"))) == 2
