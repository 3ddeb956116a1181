import pytest

from kb.answer.tables.asking import TableAnswer, TableAsker, UsedCell
from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases
from kb.types import SheetTable
from tests.kb.answer.tables.tables import STAFF_HEADER, STAFF_ROWS, stored_table
from tests.kb.store.conftest import Store


@pytest.fixture
def asker(store: Store, databases: SheetDatabases) -> TableAsker:
    return TableAsker(store.sheets, lambda _: databases)


@pytest.fixture
def table(store: Store) -> SheetTable:
    return stored_table(store, "员工名册.xlsx", STAFF_HEADER, STAFF_ROWS)


def answer(asker: TableAsker, question: str, *tables: SheetTable) -> TableAnswer:
    found = asker.ask_tables(question, tables)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("谁的工资最高？", "赵六（15,000元）"),
        ("年龄最小的员工是谁？", "钱七（26）"),
        ("月薪第二高的是谁？", "张三（12,000元）"),
        ("哪位员工入职最早？", "王五（2019年5月6日）"),
        ("研发部的平均月薪是多少？", "10,750元"),
        ("所有员工的月薪合计多少？", "51,500元"),
        ("市场部一共有多少人？", "2"),
        ("30岁以上的员工有几个？", "3"),
        ("2021年入职的有多少人？", "2"),
        ("一共有几个部门？", "3"),
        ("月薪前三名的员工有哪些？", "赵六（15,000元）、张三（12,000元）、李四（9,500元）"),
        ("月薪最低的两个人是谁？", "钱七（7,000元）、王五（8,000元）"),
        ("张三和李四谁的年龄更大？", "张三（31）"),
        ("张三和李四的月薪相差多少？", "相差2500元（张三（12,000元）、李四（9,500元））"),
        ("哪个部门的平均月薪最高？", "市场部（11,500元）"),
        ("各部门的平均月薪是多少？", "研发部（10,750元）、市场部（11,500元）、财务部（7000元）"),
        ("月薪超过9000元的员工有哪些？", "张三、李四、赵六"),
        ("除了研发部，月薪最高的是谁？", "赵六（15,000元）"),
        ("月薪前三名里年龄最小的是谁？", "李四（28）"),
    ],
)
def test_plain_questions_are_computed(
    asker: TableAsker, table: SheetTable, question: str, text: str
) -> None:
    assert answer(asker, question, table).text == text


def test_an_answer_tells_its_cells_and_its_sql(asker: TableAsker, table: SheetTable) -> None:
    found = answer(asker, "市场部的月薪总共多少？", table)
    assert (found.text, found.operation, found.row_count) == ("23,000元", "sum", 2)
    assert found.cells == (UsedCell(4, "C", "月薪（元）"), UsedCell(5, "C", "月薪（元）"))
    assert found.sql == (
        'SELECT NULL, SUM("月薪（元）"), NULL FROM "员工名册" '
        'WHERE NOT "合计行" AND "部门" = \'市场部\''
    )


def test_the_table_that_explains_the_question_is_taken(
    asker: TableAsker, table: SheetTable, store: Store
) -> None:
    rows = [("水泵", "3", "20"), ("阀门", "5", "30")]
    other = stored_table(store, "员工用品.xlsx", ("品名", "数量", "单价"), rows)
    assert answer(asker, "哪个品名的单价最高？", table, other).table == other
    assert answer(asker, "谁的月薪最高？", other, table).table == table


@pytest.mark.parametrize(
    "question", ["公司的地址在哪里？", "你们什么时候放假", "火星上的温度最高是多少度？"]
)
def test_what_the_table_does_not_say_is_left_alone(
    asker: TableAsker, table: SheetTable, question: str
) -> None:
    assert asker.ask_tables(question, [table]) is None


def test_a_question_that_is_not_of_a_plain_form_is_left_alone(
    asker: TableAsker, table: SheetTable
) -> None:
    assert asker.ask_tables("研发部里最能干、给公司挣得盆满钵满的是哪位", [table]) is None


def test_a_table_that_went_meanwhile_is_passed_over(
    asker: TableAsker, table: SheetTable, store: Store
) -> None:
    store.removals.remove("kb", table.document_id, bin_path=None, removed_by="")
    while store.contents.purge():
        pass
    assert asker.ask_tables("谁的工资最高？", [table]) is None


def test_databases_stay_open_between_questions(
    databases: SheetDatabases, table: SheetTable
) -> None:
    first: SheetDatabase = databases.open(table)
    assert databases.open(table) is first


@pytest.mark.parametrize(
    "question", ["2月一共卖出了多少套房子？", "二月总共售出多少套？", "2月售出套数合计是多少？"]
)
def test_pieces_that_a_column_counts_are_added_up_and_its_rows_not_counted(
    asker: TableAsker, store: Store, question: str
) -> None:
    rows = [("春晓苑", "1月", "12"), ("春晓苑", "2月", "7"), ("江畔居", "2月", "9")]
    table = stored_table(store, "售房.xlsx", ("楼盘", "月份", "售出套数"), rows)

    found = asker.ask_tables(question, [table])

    assert found is not None
    assert (found.text, found.operation) == ("16", "sum")
