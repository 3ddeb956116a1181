from pathlib import Path

import pytest

from kb.answer.tables import sqlite
from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases, TooLongError
from kb.errors import CatalogError
from tests.kb.answer.tables.tables import stored_table
from tests.kb.store.conftest import Store


def test_cells_are_typed_and_keep_their_text_and_their_row(staff: SheetDatabase) -> None:
    found = staff.run(
        'SELECT "行号", "月薪（元）", "月薪（元）（原文）", "入职日期" FROM "员工名册" '
        'WHERE "姓名" = ?',
        ("王五",),
    )
    assert found == [(4, 8000.0, "8,000", "2019-05-06")]
    assert staff.run('SELECT "业绩（万元）" FROM "员工名册" WHERE "姓名" = ?', ("赵六",)) == [
        (None,)
    ]


def test_columns_know_their_kind_and_unit(staff: SheetDatabase) -> None:
    assert [(column.name, column.kind, column.unit, column.scale) for column in staff.columns] == [
        ("姓名", "text", "", 1.0),
        ("部门", "text", "", 1.0),
        ("月薪", "number", "元", 1.0),
        ("年龄", "number", "", 1.0),
        ("入职日期", "date", "", 1.0),
        ("业绩", "number", "元", 1e4),
    ]
    assert [column.letter for column in staff.columns] == ["A", "B", "C", "D", "E", "F"]


def test_rows_of_totals_are_marked(staff: SheetDatabase) -> None:
    assert staff.has_totals
    assert staff.run('SELECT "姓名" FROM "员工名册" WHERE "合计行"') == [("合计",)]
    assert "合计" not in staff.cells(0, limit=10)


@pytest.mark.parametrize(
    "sql",
    [
        'DELETE FROM "员工名册"',
        "PRAGMA query_only = OFF",
        "ATTACH DATABASE ':memory:' AS other",
        "CREATE TABLE other (a)",
        "SELECT load_extension('x')",
        "SELECT randomblob(9)",
    ],
)
def test_nothing_but_reading_is_allowed(staff: SheetDatabase, sql: str) -> None:
    with pytest.raises(CatalogError):
        staff.run(sql)
    assert staff.run('SELECT COUNT(*) FROM "员工名册"') == [(6,)]


def test_rows_and_time_are_limited(staff: SheetDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(staff.run('SELECT "姓名" FROM "员工名册"', limit=2)) == 2
    monkeypatch.setattr(sqlite, "_SECONDS", 0.05)
    source = ", ".join(f'"员工名册" AS t{number}' for number in range(12))
    with pytest.raises(TooLongError):
        staff.run(f"SELECT COUNT(*) FROM {source}")  # noqa: S608
    assert staff.run('SELECT COUNT(*) FROM "员工名册"') == [(6,)]


def test_a_long_table_is_kept_in_a_file_that_is_made_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LARGE_CELLS", 10)
    rows = [(f"品{number}", str(number)) for number in range(50)]
    table = stored_table(store, "长表.csv", ("品名", "数量"), rows)
    folder = tmp_path / "cache"
    query = 'SELECT SUM("数量") FROM "长表"'
    for _ in range(2):
        databases = SheetDatabases(store.sheets, folder)
        assert databases.open(table).run(query) == [(1225.0,)]
        with pytest.raises(CatalogError):
            databases.open(table).run('DELETE FROM "长表"')
        databases.close()
        (path,) = folder.iterdir()
    path.unlink()
    databases = SheetDatabases(store.sheets, folder)
    assert databases.open(table).run(query) == [(1225.0,)]
    databases.close()


def test_headers_that_are_empty_or_the_same_become_names(
    store: Store, databases: SheetDatabases
) -> None:
    table = stored_table(
        store,
        "a.csv",
        ("名称", "", "名称", '引"号'),
        [("甲", "乙", "丙", "1"), ("丁", "", "", "2")],
    )
    database = databases.open(table)
    names = ", ".join(database.text(index) for index in range(4))
    assert names == '"名称", "B列", "名称 C", "引""号（原文）"'
    assert database.run(f"SELECT {names} FROM a") == [  # noqa: S608
        ("甲", "乙", "丙", "1"),
        ("丁", None, None, "2"),
    ]


def test_a_unit_above_the_table_is_that_of_its_money(
    store: Store, databases: SheetDatabases
) -> None:
    table = stored_table(
        store, "b.csv", ("项目", "合同金额", "工期"), [("甲", "30", "5")], "台账\n单位：万元"
    )
    columns = databases.open(table).columns
    assert [(column.unit, column.scale) for column in columns] == [("", 1), ("元", 1e4), ("", 1)]
