from kb.answer.tables.plan import Filter, Plan, Query, Ranking, render, run
from kb.answer.tables.sqlite import SheetDatabase
from kb.answer.tables.wording import say

NAME, DEPARTMENT, SALARY, AGE, SINCE, SALES = range(6)


def answer(plan: Plan, database: SheetDatabase) -> str:
    return say(run(plan, database), database)


def test_every_value_is_bound_and_every_name_quoted(staff: SheetDatabase) -> None:
    plan = Plan("sum", measure=SALARY, filters=(Filter(DEPARTMENT, "=", ("研发部'; --",)),))
    query = render(plan, staff)
    assert query == Query(
        'SELECT NULL, SUM("月薪（元）"), NULL FROM "员工名册" WHERE NOT "合计行" AND "部门" = ?',
        ("研发部'; --",),
    )
    assert query.shown().endswith("\"部门\" = '研发部''; --'")


def test_a_question_mark_in_a_name_takes_no_value() -> None:
    assert Query('SELECT "合格?" FROM "t" WHERE "a" = ?', (3,)).shown() == (
        'SELECT "合格?" FROM "t" WHERE "a" = 3'
    )


def test_rows_of_totals_enter_no_figure(staff: SheetDatabase) -> None:
    assert answer(Plan("sum", measure=SALARY), staff) == "51,500元"
    assert answer(Plan("avg", measure=SALARY), staff) == "10,300元"
    assert answer(Plan("count"), staff) == "5"
    assert answer(Plan("max", columns=(NAME,), measure=SALARY), staff) == "赵六（15,000元）"


def test_the_rows_that_entered_are_told(staff: SheetDatabase) -> None:
    outcome = run(
        Plan("sum", measure=SALARY, filters=(Filter(DEPARTMENT, "=", ("市场部",)),)), staff
    )
    assert (outcome.used, outcome.count) == ((4, 5), 2)
    outcome = run(Plan("avg", measure=SALES), staff)
    assert outcome.count == 4
    outcome = run(Plan("top", columns=(NAME,), measure=AGE, limit=2), staff)
    assert (outcome.used, outcome.count) == ((4, 5), 2)


def test_places_beyond_the_first_are_found(staff: SheetDatabase) -> None:
    assert answer(Plan("max", columns=(NAME,), measure=SALARY, rank=2), staff) == "张三（12,000元）"
    assert answer(Plan("min", columns=(NAME,), measure=SALARY, rank=2), staff) == "王五（8,000元）"


def test_all_that_share_the_first_place_are_named(staff: SheetDatabase) -> None:
    plan = Plan("max", columns=(NAME,), measure=SALARY, filters=(Filter(SALARY, "<", (9000.0,)),))
    assert answer(plan, staff) == "王五（8,000元）"
    dated = Plan("count", filters=(Filter(SINCE, "between", ("2021", "2022")),))
    assert answer(dated, staff) == "2"


def test_groups_are_added_up_and_ranked(staff: SheetDatabase) -> None:
    each = Plan("sum", measure=SALARY, group_by=DEPARTMENT, aggregate="sum")
    assert answer(each, staff) == "研发部（21,500元）、市场部（23,000元）、财务部（7000元）"
    most = Plan("max", measure=SALARY, group_by=DEPARTMENT, aggregate="avg")
    assert answer(most, staff) == "市场部（11,500元）"
    least = Plan("min", group_by=DEPARTMENT, aggregate="count")
    assert answer(least, staff) == "财务部（1）"


def test_the_best_among_the_first_is_found(staff: SheetDatabase) -> None:
    plan = Plan("min", columns=(NAME,), measure=AGE, among=Ranking(SALARY, True, 3))
    assert answer(plan, staff) == "李四（28）"


def test_comparisons_rank_and_subtract(staff: SheetDatabase) -> None:
    filters = (Filter(NAME, "in", ("张三", "王五")),)
    plan = Plan("compare", columns=(NAME,), measure=SALES, filters=filters)
    assert answer(plan, staff) == "王五（300万元）"
    plan = Plan("compare", columns=(NAME,), measure=SALES, filters=filters, difference=True)
    assert answer(plan, staff) == "相差179.5万元（王五（300万元）、张三（120.5万元））"
    in_english = say(run(plan, staff), staff, "en")
    assert in_english == "a difference of 179.5万元 (王五 (300万元), 张三 (120.5万元))"


def test_a_sum_over_nothing_says_nothing(staff: SheetDatabase) -> None:
    nobody = (Filter(NAME, "=", ("无此人",)),)
    assert answer(Plan("sum", measure=SALARY, filters=nobody), staff) == ""
    assert answer(Plan("list", columns=(NAME,), filters=nobody), staff) == ""


def test_cells_are_shown_as_they_stand(staff: SheetDatabase) -> None:
    plan = Plan("lookup", columns=(SALARY, SINCE), filters=(Filter(NAME, "=", ("王五",)),))
    assert answer(plan, staff) == "8,000、2019年5月6日"
