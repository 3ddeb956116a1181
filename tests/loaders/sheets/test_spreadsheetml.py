"""Workbooks in one file of XML."""

from __future__ import annotations

from pathlib import Path

from loaders.records import TableRecord
from tests.loaders.reading import summary_of, tables_of, texts_of

_BOOK = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="p"><NumberFormat ss:Format="0.0%"/></Style>
<Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style></Styles>
<Worksheet ss:Name="对账"><Table>
<Row ss:Index="2"><Cell ss:MergeDown="1"><Data ss:Type="String">客户</Data></Cell>
<Cell ss:MergeAcross="1"><Data ss:Type="String">应收</Data></Cell></Row>
<Row><Cell ss:Index="2"><Data ss:Type="String">金额</Data></Cell>
<Cell><Data ss:Type="String">占比</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">甲公司</Data><Comment><Data>已催款</Data></Comment></Cell>
<Cell><Data ss:Type="Number">100.50</Data></Cell>
<Cell ss:StyleID="p"><Data ss:Type="Number">0.256</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">乙公司</Data></Cell>
<Cell><Data ss:Type="Number">20</Data></Cell>
<Cell ss:StyleID="d"><Data ss:Type="DateTime">2024-03-05T00:00:00.000</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


def test_cells_are_read_in_their_places(tmp_path: Path) -> None:
    path = tmp_path / "导出.xls"
    path.write_text(_BOOK, encoding="utf-8")

    assert tables_of(path) == [
        TableRecord(
            ("客户", "应收 金额", "应收 占比"),
            (("甲公司", "100.5", "25.6%"), ("乙公司", "20", "2024/3/5")),
            4,
            1,
            of_sheet=True,
        )
    ]
    assert texts_of(path) == [("NarrativeText", "A4 批注：已催款")]


def test_covered_cells_that_a_program_leaves_out_keep_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "导出.xml"
    path.write_text(_BOOK.replace(' ss:Index="2"><Data', "><Data"), encoding="utf-8")

    assert tables_of(path)[0].header == ("客户", "应收 金额", "应收 占比")


def test_file_that_breaks_off_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "断.xml"
    path.write_text(_BOOK[: _BOOK.index('<Row><Cell><Data ss:Type="String">乙')], encoding="utf-8")

    assert tables_of(path)[0].rows == (("甲公司", "100.5", "25.6%"),)
    assert summary_of(path).missing == "rest_unreadable"
