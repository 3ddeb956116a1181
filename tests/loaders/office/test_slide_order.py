"""Things on a slide: read across where they stand side by side, and down within a column."""

from __future__ import annotations

from loaders._unstructured import make_element
from loaders.office.slide_order import Box, Item, in_reading_order


def _item(text: str, box: Box | None) -> Item:
    return Item(box, [make_element(text)])


def _read(*items: Item) -> list[str]:
    return [element.text for item in in_reading_order(list(items)) for element in item.elements]


def test_shapes_are_read_across_and_columns_down() -> None:
    assert _read(
        _item("页底的话", (0, 900, 1000, 950)),
        _item("右上", (600, 200, 900, 300)),
        _item("右下", (600, 320, 900, 620)),
        _item("左栏", (0, 200, 500, 800)),
    ) == ["左栏", "右上", "右下", "页底的话"]


def test_shapes_that_touch_by_a_sliver_are_still_apart() -> None:
    below, above = _item("下", (0, 98, 100, 200)), _item("上", (50, 0, 100, 100))

    assert _read(below, above) == ["上", "下"]


def test_shapes_on_top_of_each_other_go_by_their_corners() -> None:
    assert _read(_item("里", (20, 20, 80, 80)), _item("外", (0, 0, 100, 100))) == ["外", "里"]


def test_what_has_no_place_comes_last_and_the_empty_is_dropped() -> None:
    nowhere, placed = _item("无处", None), _item("有处", (0, 0, 9, 9))

    assert _read(nowhere, Item((0, 0, 1, 1), []), placed) == ["有处", "无处"]
