from dataclasses import replace

import pytest

from kb.errors import NotFoundError
from kb.store.contents import ContentBatch
from kb.store.sheets import pack
from kb.types import Line, Passage, Place, SheetRow, TablePart
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document

STAFF = TablePart(
    number=0,
    title="员工名册\n单位：元",
    heading="员工名册",
    sheet="一月",
    page=None,
    header=("姓名", "工资"),
    rows=(("张三", "8,000"), ("李四", "9,500"), ("", "")),
    first_row=3,
    first_column=2,
    of_sheet=True,
    first_line=0,
    row_lines=(1, 2, 0),
)


def with_tables(store: Store, *parts: TablePart, sha256: str = "s") -> int:
    """Write a content of five lines, two passages and these tables."""
    content_id = store.contents.open("kb", sha256, "tiny", title="标题")
    store.contents.append(
        content_id,
        ContentBatch(
            lines=[Line(f"第{number}行", Place()) for number in range(5)],
            passages=[
                Passage(0, 1, "第0行第1行", "", "", Place()),
                Passage(2, 4, "第2行第3行第4行", "", "", Place()),
            ],
            tables=[pack(part) for part in parts],
        ),
        "tiny",
    )
    return content_id


def test_a_table_is_read_back_with_its_place_and_its_cells(store: Store) -> None:
    document_id = document(store, "员工.xlsx", with_tables(store, STAFF))
    (table,) = store.sheets.of_documents("kb", [document_id])
    assert (table.kb_id, table.document_id, table.document) == ("kb", document_id, "员工.xlsx")
    assert (table.title, table.heading) == ("员工名册\n单位：元", "员工名册")
    assert (table.sheet, table.page, table.of_sheet) == ("一月", None, True)
    assert (table.header, table.first_row, table.first_column) == (("姓名", "工资"), 3, 2)
    assert (table.row_count, table.width) == (3, 2)
    assert list(store.sheets.rows(table)) == [
        SheetRow(3, ("张三", "8,000")),
        SheetRow(4, ("李四", "9,500")),
        SheetRow(5, ("", "")),
    ]
    assert [row.number for row in store.sheets.rows(table, first=4, last=4)] == [4]


def test_further_rows_with_more_columns_widen_the_table(store: Store) -> None:
    more = replace(
        STAFF,
        header=("", "姓名", "工资", ""),
        rows=(("7", "王五", "7,000", "新"),),
        first_row=8,
        first_column=1,
        row_lines=(1,),
    )
    document_id = document(store, "员工.xlsx", with_tables(store, STAFF, more))
    (table,) = store.sheets.of_documents("kb", [document_id])
    assert (table.header, table.first_column, table.row_count) == (("", "姓名", "工资", ""), 1, 4)
    rows = list(store.sheets.rows(table))
    assert rows[0] == SheetRow(3, ("", "张三", "8,000", ""))
    assert rows[-1] == SheetRow(8, ("7", "王五", "7,000", "新"))


def test_a_row_of_a_sheet_leads_to_the_tables_that_have_it(store: Store) -> None:
    beside = replace(STAFF, number=1, first_column=6, header=("部门", "人数"))
    document_id = document(store, "员工.xlsx", with_tables(store, STAFF, beside))
    found = store.sheets.at_row("kb", document_id, "一月", 4)
    assert [table.header for table in found] == [("姓名", "工资"), ("部门", "人数")]
    assert store.sheets.at_row("kb", document_id, "一月", 6) == []
    assert store.sheets.at_row("kb", document_id, None, 4) == []


def test_passages_lead_to_the_rows_that_they_show(store: Store) -> None:
    small = replace(
        STAFF, number=1, of_sheet=False, sheet=None, first_line=3, first_row=2, row_lines=(1, 1, 0)
    )
    document_id = document(store, "b.xlsx", with_tables(store, STAFF, small))
    first, second = (
        passage_id for passage_id, _ in store.passages.of_content(1, offset=0, limit=2)
    )
    found = store.sheets.of_passages([first, second, 77])
    assert {
        passage_id: [(each.table.header, [row.number for row in each.rows]) for each in tables]
        for passage_id, tables in found.items()
    } == {
        first: [(("姓名", "工资"), [3, 4])],
        second: [(("姓名", "工资"), [4]), (("姓名", "工资"), [2, 3])],
    }
    assert found[first][0].table.document_id == document_id


def test_rows_lead_to_the_passages_that_show_them(store: Store) -> None:
    later = replace(STAFF, first_row=9, first_line=3, row_lines=(1, 0, 1))
    document_id = document(store, "b.xlsx", with_tables(store, STAFF, later))
    (table,) = store.sheets.of_documents("kb", [document_id])
    first, second = (
        passage_id for passage_id, _ in store.passages.of_content(1, offset=0, limit=2)
    )
    found = store.sheets.passages_of(table, [3, 4, 5, 9, 10, 11, 70])
    assert found == {3: first, 4: first, 9: second, 11: second}


def test_ids_of_tables_are_never_given_twice(store: Store) -> None:
    gone = document(store, "a.xlsx", with_tables(store, STAFF))
    (before,) = store.sheets.of_documents("kb", [gone])
    store.removals.remove("kb", gone, bin_path=None, removed_by="")
    while store.contents.purge():
        pass
    document_id = document(store, "a.xlsx", with_tables(store, STAFF))
    (after,) = store.sheets.of_documents("kb", [document_id])
    assert after.table_id > before.table_id


def test_a_content_of_two_documents_has_its_tables_under_both_names(store: Store) -> None:
    content_id = with_tables(store, STAFF)
    first, second = (document(store, name, content_id) for name in ("a.xlsx", "b.xlsx"))
    tables = store.sheets.of_documents("kb", [first, second])
    assert [(table.document, table.table_id) for table in tables] == [
        ("a.xlsx", tables[0].table_id),
        ("b.xlsx", tables[0].table_id),
    ]
    (passage_id, _), *_ = store.passages.of_content(content_id, limit=1)
    assert [each.table.document for each in store.sheets.of_passages([passage_id])[passage_id]] == [
        "a.xlsx"
    ]


def test_tables_are_there_for_live_contents_only(store: Store) -> None:
    content_id = with_tables(store, STAFF)
    (passage_id, _), *_ = store.passages.of_content(content_id, limit=1)
    assert store.sheets.of_passages([passage_id]) == {}
    document_id = document(store, "a.xlsx", content_id)
    (table,) = store.sheets.of_documents("kb", [document_id])
    document(store, "b.txt", content(store, ["甲"], "t"), "t")
    store.removals.remove("kb", document_id, bin_path=None, removed_by="")
    assert store.sheets.of_documents("kb", [document_id]) == []
    assert store.sheets.of_passages([passage_id]) == {}
    while store.contents.purge():
        pass
    with pytest.raises(NotFoundError, match=r"a\.xlsx"):
        list(store.sheets.rows(table))
    with store.database.read() as connection:
        for name in ("sheet_tables", "sheet_parts"):
            count = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()  # noqa: S608
            assert count == 0
