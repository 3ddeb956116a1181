"""OpenDocument spreadsheets: shown texts, repeated cells, shapes, comments."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from loaders.errors import DamagedFileError, UnsupportedFormatError
from loaders.records import TableRecord
from tests.loaders.reading import summary_of, tables_of, texts_of
from tests.loaders.sheets.test_xls import TABLES

BOOK = Path(__file__).parents[2] / "data" / "loaders" / "book.ods"
_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"))
)


def _flat(tmp_path: Path, table: str) -> Path:
    path = tmp_path / "表.fods"
    path.write_text(
        f'<?xml version="1.0"?><office:document {_NAMES}><office:body><office:spreadsheet>'
        f'<table:table table:name="表">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document>",
        encoding="utf-8",
    )
    return path


def _cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def test_cells_are_read_as_shown() -> None:
    assert tables_of(BOOK) == TABLES


def test_headers_comments_and_shapes_are_read() -> None:
    assert texts_of(BOOK) == [
        ("Title", "二季度销售表"),
        ("NarrativeText", "单位：元"),
        ("NarrativeText", "图框里的说明"),
        ("NarrativeText", "A5 批注：含跨区订单"),
        ("Header", "华北分公司内部资料"),
    ]
    assert summary_of(BOOK).warnings == ("hidden_sheets",)


def test_repeated_cells_and_rows_are_written_out(tmp_path: Path) -> None:
    twice = 'table:number-columns-repeated="2"'
    path = _flat(
        tmp_path,
        f"<table:table-row>{_cell('甲')}{_cell('乙', twice)}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="2">{_cell("1")}{_cell("2", twice)}'
        "</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048573"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>',
    )

    assert tables_of(path) == [
        TableRecord(("甲", "乙", "乙"), (("1", "2", "2"),) * 2, 2, 1, of_sheet=True)
    ]


def test_values_without_a_text_are_shown(tmp_path: Path) -> None:
    cells = "".join(
        f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"/>'
        for kind, name, value in (
            ("percentage", "value", "0.256"),
            ("float", "value", "3.50"),
            ("date", "date-value", "2024-03-05"),
            ("boolean", "boolean-value", "true"),
        )
    )
    path = _flat(tmp_path, f"<table:table-row>{cells}</table:table-row>")

    assert tables_of(path)[0].rows == (("25.6%", "3.5", "2024-03-05", "TRUE"),)


def test_spaces_and_breaks_inside_a_cell_are_kept(tmp_path: Path) -> None:
    path = _flat(
        tmp_path,
        f"<table:table-row>{_cell('上<text:line-break/>下<text:s/>右')}{_cell('1')}"
        "</table:table-row>",
    )

    assert tables_of(path)[0].rows == (("上 下 右", "1"),)


def test_flat_text_document_is_no_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "文.fodt"
    path.write_text(
        f'<?xml version="1.0"?><office:document {_NAMES}><office:body><office:text/>'
        "</office:body></office:document>",
        encoding="utf-8",
    )

    with pytest.raises(UnsupportedFormatError):
        summary_of(path)


def test_broken_flat_file_is_read_up_to_the_fault(tmp_path: Path) -> None:
    path = _flat(tmp_path, f"<table:table-row>{_cell('甲')}{_cell('1')}</table:table-row>")
    path.write_text(path.read_text("utf-8").replace("</table:table>", "</table:tab"), "utf-8")

    assert tables_of(path)[0].rows == (("甲", "1"),)
    assert summary_of(path).missing == "rest_unreadable"


def test_package_without_content_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "空.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    with pytest.raises(DamagedFileError):
        summary_of(path)
