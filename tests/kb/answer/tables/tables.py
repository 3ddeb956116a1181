"""Small tables in a catalog of their own, opened as databases."""

from __future__ import annotations

from collections.abc import Sequence

from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases
from kb.store.contents import ContentBatch
from kb.store.sheets import pack
from kb.types import SheetTable, TablePart
from tests.kb.store.conftest import Store
from tests.kb.store.filling import document


def stored_table(
    store: Store, name: str, header: Sequence[str], rows: Sequence[Sequence[str]], title: str = ""
) -> SheetTable:
    """Write a document that is one sheet, the header in its first row."""
    content_id = store.contents.open("kb", name, "tiny", title=name)
    part = TablePart(
        number=0,
        title=title,
        heading="",
        sheet=None,
        page=None,
        header=tuple(header),
        rows=tuple(map(tuple, rows)),
        first_row=2,
        first_column=1,
        of_sheet=True,
        first_line=0,
        row_lines=(1,) * len(rows),
    )
    store.contents.append(content_id, ContentBatch(tables=[pack(part)]), "tiny")
    document_id = document(store, name, content_id, sha256=name)
    return store.sheets.of_documents("kb", [document_id])[0]


STAFF_HEADER = ("姓名", "部门", "月薪（元）", "年龄", "入职日期", "业绩（万元）")
STAFF_ROWS = (
    ("张三", "研发部", "12,000", "31", "2021-03-15", "120.5"),
    ("李四", "研发部", "9,500", "28", "2022-07-01", "80"),
    ("王五", "市场部", "8,000", "45", "2019年5月6日", "300"),
    ("赵六", "市场部", "15,000", "39", "2021/9/1", "—"),
    ("钱七", "财务部", "7,000", "26", "2023-01-10", "0"),
    ("合计", "", "51,500", "", "", "500.5"),
)


def staff(store: Store, databases: SheetDatabases) -> SheetDatabase:
    return databases.open(stored_table(store, "员工名册.xlsx", STAFF_HEADER, STAFF_ROWS))
