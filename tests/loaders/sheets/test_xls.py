"""Old workbooks: as shown, with what stands beside the cells; broken and protected ones."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import olefile
import pytest

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.records import TableRecord
from tests.loaders.msg_maker import write_ole
from tests.loaders.reading import elements_of, summary_of, tables_of, texts_of
from tests.loaders.xls_locker import write_locked

BOOK = Path(__file__).parents[2] / "data" / "loaders" / "book.xls"
TABLES = [
    TableRecord(
        ("地区", "销售额 四月", "销售额 五月", "占比", "签约日"),
        (
            ("华东", "12,345.50", "-20.00", "25.60%", "2024-04-05"),
            ("华北", "24,691.00", "#DIV/0!", "TRUE", ""),
        ),
        5,
        1,
        of_sheet=True,
    ),
    TableRecord(("编号", "门店"), (("7", "东门店"),), 2, 1, of_sheet=True),
]


def test_cells_are_read_as_shown() -> None:
    assert tables_of(BOOK) == TABLES


def test_headers_comments_and_text_boxes_are_read() -> None:
    assert texts_of(BOOK) == [
        ("Header", "华北分公司内部资料"),
        ("Title", "二季度销售表"),
        ("NarrativeText", "单位：元"),
        ("NarrativeText", "A5 批注：含跨区订单"),
        ("NarrativeText", "图框里的说明"),
        ("Footer", "第 页"),
        ("Header", "华北分公司内部资料"),
        ("Footer", "第 页"),
    ]


def test_hidden_sheets_are_told() -> None:
    assert summary_of(BOOK).warnings == ("hidden_sheets",)


def test_workbook_is_found_in_a_broken_container(tmp_path: Path) -> None:
    data = bytearray(BOOK.read_bytes())
    data[0x30:0x34] = b"\xf0\xff\xff\x7f"  # where the directory of the container begins
    path = tmp_path / "坏.xls"
    path.write_bytes(data)

    assert tables_of(path)[0].rows == TABLES[0].rows
    assert summary_of(path).missing == "damaged_parts"


def test_workbook_without_readable_records_is_damaged(tmp_path: Path) -> None:
    data = BOOK.read_bytes()
    start = data.find(b"\x09\x08\x10\x00")
    path = tmp_path / "空.xls"
    path.write_bytes(data[:start] + b"\xff" * 3000 + data[start + 3000 :])

    with pytest.raises(DamagedFileError):
        summary_of(path)


def test_records_without_a_container_are_read(tmp_path: Path) -> None:
    with olefile.OleFileIO(io.BytesIO(BOOK.read_bytes())) as container:
        stream = container.openstream("Workbook").read()
    path = tmp_path / "裸.xls"
    path.write_bytes(stream)

    assert tables_of(path) == TABLES


def test_password_opens_a_locked_workbook(tmp_path: Path) -> None:
    path = write_locked(tmp_path / "锁.xls", BOOK.read_bytes(), "密码2024")

    tables = [element.table for element in elements_of(path, password="密码2024")]

    assert [table for table in tables if table is not None] == TABLES


@pytest.mark.parametrize("password", [None, "错"])
def test_locked_workbook_wants_its_password(tmp_path: Path, password: str | None) -> None:
    path = write_locked(tmp_path / "锁.xls", BOOK.read_bytes(), "密码2024")

    with pytest.raises(EncryptedFileError):
        elements_of(path, **({} if password is None else {"password": password}))


def test_workbook_locked_against_changes_only_needs_no_password(tmp_path: Path) -> None:
    # Excel encrypts such a workbook with a password that every copy of it knows.
    path = write_locked(tmp_path / "只读.xls", BOOK.read_bytes(), "VelvetSweatshop")

    assert tables_of(path) == TABLES


def _early_workbook(cells: dict[tuple[int, int], str], *extra: tuple[int, bytes]) -> bytes:
    """Write what Excel 3 did: the records of one sheet, without a container."""
    records = [
        (0x0209, struct.pack("<HHH", 0, 0x10, 0)),
        *extra,
        *(
            (0x0204, struct.pack("<HHHH", row, column, 0, len(text)) + text.encode("latin-1"))
            for (row, column), text in cells.items()
        ),
        (0x000A, b""),
    ]
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)


def test_workbook_of_excel_3_is_read(tmp_path: Path) -> None:
    path = tmp_path / "1991.xls"
    path.write_bytes(_early_workbook({(0, 0): "State", (0, 1): "Code", (1, 0): "Utah"}))

    assert [row for table in tables_of(path) for row in (table.header, *table.rows)] == [
        ("State", "Code"),
        ("Utah", ""),
    ]


def test_cell_in_the_last_corner_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "corner.xls"
    path.write_bytes(_early_workbook({(0, 0): "first", (16_383, 255): "last"}))

    tracemalloc.start()
    try:
        texts = [text for _, text in texts_of(path)]
        texts += [cell for table in tables_of(path) for row in table.rows for cell in row]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert sorted(texts) == ["first", "last"]
    assert peak < 20_000_000


def _with_name(stream: bytes, formula: bytes) -> bytes:
    """Add a defined name to the globals of a workbook; the places of the sheets move by it."""
    name = struct.pack("<HBBHHH4xB", 0, 0, 1, len(formula), 0, 0, 0) + b"N" + formula
    added = struct.pack("<HH", 0x18, len(name)) + name
    data, place = bytearray(stream), 0
    while (kind := struct.unpack_from("<H", data, place)[0]) != 0x0A:
        if kind == 0x85:
            start = struct.unpack_from("<I", data, place + 4)[0]
            struct.pack_into("<I", data, place + 4, start + len(added))
        place += 4 + struct.unpack_from("<H", data, place + 2)[0]
    return bytes(data[:place]) + added + bytes(data[place:])


def test_name_with_an_odd_formula_costs_no_values(tmp_path: Path) -> None:
    with olefile.OleFileIO(io.BytesIO(BOOK.read_bytes())) as container:
        stream = container.openstream("Workbook").read()
    # References relative to a cell have no meaning in a name that stands for the whole workbook.
    stream = _with_name(stream, bytes.fromhex("2d 0000 0000 0000 0000"))
    path = write_ole(tmp_path / "名.xls", {"Workbook": stream})

    assert tables_of(path)[0].rows[0][:2] == ("华东", "12345.5")
    assert summary_of(path).warnings == ("number_formats_lost",)
