"""Tables that go on over the next page: headers that return, rows that the page break parts."""

from __future__ import annotations

from loaders._unstructured import Element
from loaders.load import to_record
from loaders.pdf.pieces import placed_box
from loaders.pdf.tables import TableBlock, TableWriter

PAGE = (600.0, 800.0)
COLUMNS = [(0.0, 50.0), (50.0, 250.0), (250.0, 300.0)]
HEADER = ["序号", "要求", "周期"]
CUT = "检查轴承的温度和润滑油的油位，并把结果记入运行"
REST = "日志，由班长每天审核。"


def _block(*rows: list[str]) -> TableBlock:
    boxes = [(0.0, 20.0 * n, 300.0, 20.0 * n + 20) for n in range(len(rows))]
    return TableBlock([*rows], boxes, COLUMNS, (0, 0, 300, 20.0 * len(rows)), 10, ruled=True)


def _rows(element: Element) -> tuple[tuple[str, ...], ...]:
    table = to_record(element, 0).table
    assert table is not None
    return table.rows


def _write(first: TableBlock, second: TableBlock) -> tuple[Element, Element | None]:
    writer = TableWriter()
    writer.start_page(1, PAGE)
    before = writer.element(first, second, PAGE)
    writer.start_page(2, PAGE)
    return before, writer.element(second) if second.rows else None


def test_the_rest_of_a_row_joins_it_on_the_page_before() -> None:
    first = _block(HEADER, ["1", "每天清扫", "1天"], ["2", CUT, "7天"])
    second = _block(HEADER, ["", REST, ""], ["3", "每月试运", "30天"])

    before, after = _write(first, second)

    assert _rows(before) == (("1", "每天清扫", "1天"), ("2", CUT + REST, "7天"))
    assert after is not None
    assert _rows(after) == (("3", "每月试运", "30天"),)
    table = to_record(after, 0).table
    assert table is not None
    assert (table.header, table.first_row) == (tuple(HEADER), 4)
    assert placed_box(second.boxes[-1], 0, PAGE) == _last_box(after)


def _last_box(element: Element) -> tuple[float, float, float, float]:
    return to_record(element, 0).spans[-1].box


def test_a_page_that_holds_but_the_rest_of_a_row_holds_no_table() -> None:
    first = _block(HEADER, ["1", "每天清扫", "1天"], ["2", CUT, "7天"])

    before, after = _write(first, _block(HEADER, ["", REST, ""]))

    assert _rows(before)[-1] == ("2", CUT + REST, "7天")
    assert after is None


def test_a_row_whose_first_cell_is_empty_stays_a_row() -> None:
    short = _block(HEADER, ["1", "每天清扫", "1天"], ["2", "试运", "7天"])
    merged = _block(HEADER, ["1", "每天清扫", "1天"], ["1", CUT, "7天"])
    often = _block(HEADER, ["1", "每天清扫", "1天"], ["", "试运", "2天"], ["2", CUT, "7天"])
    for first in (short, merged, often):
        second = _block(["", REST, ""], ["3", "每月试运", "30天"])

        before, after = _write(first, second)

        assert _rows(before)[-1] == tuple(first.rows[-1])
        assert after is not None
        assert _rows(after)[0] == ("", REST, "")


def test_only_the_rows_of_a_header_that_return_are_left_out() -> None:
    first = _block(["项目", "金额", "金额"], ["项目", "本期", "上期"], ["收入", "12", "11"])
    second = _block(["项目", "金额", "金额"], ["成本", "8", "9"])

    _, after = _write(first, second)

    assert after is not None
    assert _rows(after) == (("成本", "8", "9"),)
