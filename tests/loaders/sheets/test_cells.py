"""What all kinds of spreadsheets share."""

from __future__ import annotations

from loaders.sheets.cells import (
    MergedCells,
    cleaned,
    margin_elements,
    note_element,
)


def test_merged_area_is_filled_with_its_first_text() -> None:
    merged = MergedCells()
    merged.add(1, 2, 2, 3)
    first, second = ["a", "b"], ["c"]

    merged.fill(1, first)
    merged.fill(2, second)

    assert (first, second) == (["a", "b", "b"], ["c", "b", "b"])


def test_area_of_millions_of_cells_is_not_filled() -> None:
    merged = MergedCells()
    merged.add(1, 1_048_576, 1, 16_384)
    row = ["a"]

    merged.fill(1, row)

    assert row == ["a"]
    assert merged.rows_to_fill(1_048_577) == []


def test_rows_that_only_hold_merged_cells_are_told() -> None:
    merged = MergedCells()
    merged.add(3, 5, 1, 1)
    merged.fill(3, ["a"])

    assert merged.rows_to_fill(6) == [4, 5]
    assert merged.is_filled(4, 1)
    assert not merged.is_filled(4, 2)


def test_cell_stands_on_one_line() -> None:
    assert cleaned(" 上\n下\t右 ") == "上 下 右"


def test_headers_lose_their_codes() -> None:
    texts = ['&L&"宋体,Bold"&12内部资料&C第 &P 页，共 &N 页&R&KFF0000甲&&乙', "&L内部资料"]

    assert [element.text for element in margin_elements("Header", texts, "表")] == [
        "内部资料",
        "第 页，共 页",
        "甲&乙",
    ]


def test_comment_names_its_cell() -> None:
    element = note_element("B3", " 含税 ", "表")

    assert element is not None
    assert element.text == "B3 批注：含税"
    assert note_element("B3", "  ", "表") is None


def test_areas_turned_inside_out_are_passed_over() -> None:
    merged = MergedCells()
    merged.add(5, 4, 1, 1)
    merged.add(5, 6, 3, 2)
    row = ["a", "b", "c"]

    merged.fill(5, row)

    assert row == ["a", "b", "c"]
    assert merged.rows_to_fill(10) == []


def test_rows_are_told_once_whether_they_were_there_or_not() -> None:
    merged = MergedCells()
    merged.add(1, 4, 1, 1)
    merged.fill(1, ["a"])
    merged.fill(2, ["", "own"])

    assert merged.rows_to_fill(4) == [3]
    assert merged.rows_to_fill(6) == [4]
