from kb.ingest.layout import segments
from kb.types import TablePart
from loaders.records import ElementRecord, TableRecord


def table(
    first_row: int,
    *rows: tuple[str, ...],
    header: tuple[str, ...] = ("品名", "数量"),
    of_sheet: bool = True,
    page: int | None = None,
    first_column: int = 1,
) -> ElementRecord:
    grid = "\n".join("\t".join(row) for row in (header, *rows) if row)
    return ElementRecord(
        grid,
        "Table",
        1,
        page=page,
        sheet="库存" if of_sheet else None,
        table=TableRecord(header, rows, first_row, first_column, of_sheet),
    )


def text(words: str, category: str = "NarrativeText", page: int | None = None) -> ElementRecord:
    sheet = None if page else "库存"
    return ElementRecord(words, category, 1, level=1, page=page, sheet=sheet)


def parts(*elements: ElementRecord) -> list[TablePart]:
    return [part for segment in segments(elements) for part in segment.tables]


def numbers(*elements: ElementRecord) -> list[int]:
    return [part.number for part in parts(*elements)]


def test_a_part_knows_its_title_heading_and_lines() -> None:
    (part,) = parts(
        text("库存明细", "Title"),
        text("单位：件"),
        table(4, ("水泵", "3"), ("", ""), ("长" * 120, "1")),
    )
    assert (part.title, part.heading) == ("库存明细\n单位：件", "库存明细")
    assert (part.sheet, part.first_row, part.first_column) == ("库存", 4, 1)
    assert (part.first_line, part.row_lines) == (2, (2, 0, 4))


def test_the_lines_of_a_part_are_those_of_its_rows() -> None:
    elements = [text("说明文字。"), *(table(2 + 200 * n, *rows(200)) for n in range(5))]
    found = list(segments(elements))
    lines = [line for segment in found for line in segment.lines]
    gathered = [part for segment in found for part in segment.tables]
    assert [part.first_line for part in gathered] == [1, 401, 801, 1201, 1601]
    for part in gathered:
        assert lines[part.first_line].place.row == part.first_row
    assert {part.number for part in gathered} == {0}
    assert len(found) > 1


def rows(count: int) -> list[tuple[str, ...]]:
    return [(f"零件{number}", str(number)) for number in range(count)]


def test_rows_after_an_empty_one_go_on_with_the_table() -> None:
    assert numbers(table(2, ("水泵", "3")), table(5, ("阀门", "4"))) == [0, 0]


def test_another_header_or_a_title_begins_a_new_table() -> None:
    other = table(5, ("阀门", "4"), header=("品名", "单价"))
    assert numbers(table(2, ("水泵", "3")), other) == [0, 1]
    again = table(6, ("阀门", "4"))
    assert numbers(table(2, ("水泵", "3")), text("二月", "Title"), again) == [0, 1]


def test_a_note_between_rows_does_not_part_them() -> None:
    note = text("注：含备用件")
    assert numbers(table(2, ("水泵", "3")), note, table(4, ("阀门", "4"))) == [0, 0]
    assert numbers(table(2, ("水泵", "3")), note, table(6, ("阀门", "4"))) == [0, 1]


def test_records_that_bring_a_new_name_go_on_with_the_table() -> None:
    more = table(3, ("阀门", "4", "红"), header=("品名", "数量", "颜色"))
    assert numbers(table(2, ("水泵", "3")), more) == [0, 0]


def test_a_table_of_a_text_goes_on_where_its_rows_are_numbered_on() -> None:
    first = table(2, ("水泵", "3"), of_sheet=False, page=1)
    footer = text("第1页", "Footer", page=1)
    assert numbers(first, footer, table(3, ("阀门", "4"), of_sheet=False, page=2)) == [0, 0]
    assert numbers(first, footer, table(2, ("阀门", "4"), of_sheet=False, page=2)) == [0, 1]


def test_a_long_text_above_is_no_title() -> None:
    long = text("这是一段很长的说明。" * 12, page=1)
    caption = text("表1 库存", page=1)
    far = text("表0 别处", page=2)
    place = {"of_sheet": False, "page": 1}
    assert parts(long, table(2, ("水泵", "3"), **place))[0].title == ""  # type: ignore[arg-type]
    assert parts(caption, table(2, ("水泵", "3"), **place))[0].title == "表1 库存"  # type: ignore[arg-type]
    assert parts(far, table(2, ("水泵", "3"), **place))[0].title == ""  # type: ignore[arg-type]
