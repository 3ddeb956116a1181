import pytest

from kb.answer.tables.link import link
from kb.answer.tables.plan import Filter
from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases
from tests.kb.answer.tables.tables import stored_table
from tests.kb.store.conftest import Store

NAME, DEPARTMENT, SALARY, AGE, SINCE, SALES = range(6)


def conditions(question: str, database: SheetDatabase) -> list[Filter | None]:
    return [each.filter for each in link(question, database).conditions]


def test_cells_are_found_in_the_question(staff: SheetDatabase) -> None:
    links = link("研发部的张三月薪是多少？", staff)
    assert [(each.column.name, each.values, each.exact) for each in links.values] == [
        ("部门", ("研发部",), True),
        ("姓名", ("张三",), True),
    ]
    assert [each.column.name for each in links.columns] == ["月薪"]
    assert links.rest() == ""


def test_columns_are_found_by_other_words(staff: SheetDatabase) -> None:
    for word in ("工资", "薪水", "薪酬"):
        assert "月薪" in [each.column.name for each in link(f"谁的{word}最高？", staff).columns]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("年龄超过30岁", Filter(AGE, ">", (30.0,))),
        ("年龄不超过30岁", Filter(AGE, "<=", (30.0,))),
        ("30岁以上", Filter(AGE, ">=", (30.0,))),
        ("不满三十岁", Filter(AGE, "<", (30.0,))),
        ("月薪不低于1万元", Filter(SALARY, ">=", (10_000.0,))),
        ("业绩大于50万", Filter(SALES, ">", (50.0,))),
        ("业绩大于500000元", Filter(SALES, ">", (50.0,))),
        ("月薪在8000到10000元之间", Filter(SALARY, "between", (8000.0, 10_000.0))),
        ("业绩介于1和2百万之间", Filter(SALES, "between", (100.0, 200.0))),
        ("2021年入职", Filter(SINCE, "between", ("2021", "2022"))),
        ("2021年9月入职", Filter(SINCE, "between", ("2021-09", "2021-10"))),
        ("2021年1月到3月入职", Filter(SINCE, "between", ("2021-01", "2021-04"))),
        ("2021年第三季度入职", Filter(SINCE, "between", ("2021-07", "2021-10"))),
        ("2021年下半年入职", Filter(SINCE, "between", ("2021-07", "2022-01"))),
        ("2022年以前入职", Filter(SINCE, "between", ("", "2022"))),
        ("2021年12月之后入职", Filter(SINCE, "between", ("2022-01", "9999"))),
        ("2021年3月15日入职", Filter(SINCE, "between", ("2021-03-15", "2021-03-15~"))),
    ],
)
def test_numbers_and_dates_become_conditions(
    staff: SheetDatabase, words: str, found: Filter
) -> None:
    assert conditions(f"{words}的员工有几个", staff) == [found]


def test_part_of_a_cell_and_a_slip_of_the_pen_are_found(
    store: Store, databases: SheetDatabases
) -> None:
    rows = [("华瑞通信技术有限公司", "1"), ("海纳百川贸易有限公司", "2")]
    database = databases.open(stored_table(store, "客户.csv", ("客户名称", "订单数"), rows))
    for said in ("华瑞通信", "华瑞通讯技术有限公司"):
        (found,) = link(f"{said}下了几单", database).values
        assert (found.values, found.exact) == (("华瑞通信技术有限公司",), False)


def test_a_word_in_a_column_or_title_is_no_cell(store: Store, databases: SheetDatabases) -> None:
    rows = [("甲", "销售", "3"), ("乙", "在建", "4")]
    table = stored_table(store, "在建工程台账.csv", ("名称", "类别", "销售额"), rows)
    links = link("在建工程台账里销售额最高的是哪个？", databases.open(table))
    assert links.values == []


def test_a_date_of_the_title_is_no_condition(store: Store, databases: SheetDatabases) -> None:
    rows = [("甲", "2022-01-05", "3"), ("乙", "2022-02-01", "4")]
    table = stored_table(store, "2023年3月库存.csv", ("品名", "入库日期", "数量"), rows)
    links = link("2023年3月数量最多的品名是？", databases.open(table))
    assert (links.conditions, links.values) == ([], [])


def test_a_month_alone_is_of_the_only_year(store: Store, databases: SheetDatabases) -> None:
    rows = [("甲", "2022-01-05", "3"), ("乙", "2022-02-01", "4")]
    table = stored_table(store, "出库.csv", ("品名", "出库日期", "数量"), rows)
    assert conditions("2月出库的数量是多少", databases.open(table)) == [
        Filter(1, "between", ("2022-02", "2022-03"))
    ]
