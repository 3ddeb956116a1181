from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.retrieval import Retrieval
from kb.workspace import Workspace

Write = Callable[[str, str], Path]
Look = Callable[[str], Retrieval]

RECORDS = """设备名称,型号,额定功率（kW）,净重（kg）,购置日期,责任人
一号空压机,GA37,37,1120,2019年3月5日,周启明
二号空压机,GA55,55,1390,2020年7月18日,吴思源
冷却塔,LT-100,7.5,980,2018年11月2日,周启明
除尘器,CC-20,15,640,2021年4月9日,郑海涛
叉车,CPD30,12,4300,2022年1月20日,吴思源
行车,QD10,22,8600,2017年6月30日,郑海涛
"""
FORM = """姓名,林晓,工号,A0371
部门,质量部,职务,工程师
入职日期,2016年8月1日,联系电话,13800000000
"""
TURNED = """项目,甲车间,乙车间,丙车间
产量（吨）,310,275,420
人数,36,28,51
用电量（度）,18200,15400,23900
"""
QUESTIONS = """问题,答复
年假没有休完可以折算成工资吗？,可以。经部门经理书面同意后，未休的年假按日工资的三倍折算，每年十二月随工资一起发放，离职时一并结清。
加班费怎么计算？,工作日按一倍半，休息日按两倍，法定节假日按三倍计算，由考勤系统自动统计，次月十日随工资一起发放到个人账户。
"""


@pytest.fixture
def look(workspace: Workspace, write: Write) -> Look:
    """Look a question up among four tables and a text."""
    workspace.create("库")
    files = {
        "设备台账.csv": RECORDS,
        "人员登记.csv": FORM,
        "车间月报.csv": TURNED,
        "常见问题.csv": QUESTIONS,
        "通知.txt": "食堂每天十一点半开门，晚餐五点开始供应。",
    }
    paths = [write(name, text) for name, text in files.items()]
    job = workspace.queue.wait(workspace.knowledge_base("库").add(paths).job_id, timeout=60)
    assert dict(job.counts) == {"ready": len(files)}
    base = workspace.knowledge_base("库").searchable()
    return lambda question: workspace._retriever.retrieve([base], question, top_k=3)


def cell(retrieval: Retrieval) -> str:
    assert retrieval.from_table is not None
    return retrieval.from_table.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("二号空压机的额定功率是多少？", "55"),
        ("请问除尘器的净重是多少？", "640"),
        ("冷却塔是什么时候购置的？", "2018年11月2日"),
        ("行车的责任人是谁？", "郑海涛"),
        ("叉车是什么型号？", "CPD30"),
    ],
)
def test_a_record_is_found_by_its_key_and_the_cell_by_its_header(
    look: Look, question: str, text: str
) -> None:
    assert cell(look(question)) == text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("林晓的工号是多少？", "A0371"),
        ("林晓在哪个部门？", "质量部"),
        ("林晓的入职日期是哪天？", "2016年8月1日"),
    ],
)
def test_a_value_in_a_form_is_found_by_the_label_at_its_left(
    look: Look, question: str, text: str
) -> None:
    assert cell(look(question)) == text


def test_what_is_asked_may_stand_at_the_left_and_of_what_above(look: Look) -> None:
    assert cell(look("丙车间的用电量是多少？")) == "23900"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("叉车的额定功率和净重分别是多少？", "额定功率（kW）：12；净重（kg）：4300"),
        ("一号空压机和除尘器的净重各是多少？", "一号空压机：1120；除尘器：640"),
        (
            "甲车间的产量、人数和用电量分别是多少？",
            "产量（吨）：310；人数：36；用电量（度）：18200",
        ),
        ("行车的净重是多少，责任人是谁？", "净重（kg）：8600；责任人：郑海涛"),
    ],
)
def test_several_cells_are_given_in_the_order_of_the_question(
    look: Look, question: str, text: str
) -> None:
    assert cell(look(question)) == text


GROUPED = """类别,项目,金额（万元）
差旅,机票,12
差旅,住宿,31
办公,纸张,4
办公,硒鼓,7
培训,讲师,15
会议,场租,22
"""


def test_all_rows_that_fulfil_a_condition_are_listed(workspace: Workspace, write: Write) -> None:
    workspace.create("费用")
    job = workspace.knowledge_base("费用").add([write("费用.csv", GROUPED)])
    workspace.queue.wait(job.job_id, timeout=60)
    base = workspace.knowledge_base("费用").searchable()

    found = workspace._retriever.retrieve([base], "办公类别的项目有哪些？", top_k=3)

    assert cell(found) == "纸张、硒鼓"
    assert found.from_table is not None
    assert found.from_table.columns == {4: "B", 5: "B"}


def test_what_is_compared_with_another_thing_is_one_cell_or_none(look: Look) -> None:
    table = look("叉车的净重和行车相比差多少？").from_table
    assert table is None or "；" not in table.text


def test_the_row_of_the_cell_is_the_first_hit_and_points_at_its_column(look: Look) -> None:
    retrieval = look("除尘器的净重是多少？")

    first = retrieval.hits[0]
    assert (first.document, first.place.row, first.place.column) == ("设备台账.csv", 5, "D")
    assert [hit.rank for hit in retrieval.hits] == [1, 2, 3]
    assert retrieval.answerable >= 0.5


def test_a_record_that_is_not_there_has_no_cell(look: Look) -> None:
    retrieval = look("三号锅炉的蒸发量是多少？")

    assert retrieval.from_table is None
    assert retrieval.answerable < 0.5


def test_a_text_is_no_table(look: Look) -> None:
    assert look("食堂几点开门？").from_table is None


def test_a_long_reply_in_a_list_of_questions_is_left_to_be_read(look: Look) -> None:
    retrieval = look("加班费怎么计算？")

    assert retrieval.from_table is None
    assert retrieval.hits[0].document == "常见问题.csv"
    assert retrieval.answerable >= 0.5


def test_equal_values_under_different_headers_are_two_cells(
    workspace: Workspace, write: Write
) -> None:
    rows = "地块,容积率,建筑密度,绿化率\n" + "".join(
        f"{name},{number}.0,{density},{green}\n"
        for number, (name, density, green) in enumerate(
            [("东湖里", 28, 30), ("西山居", 35, 35), ("南苑", 30, 25), ("北岸", 22, 40),
             ("中央府", 31, 33), ("春晓", 26, 38)],
            start=1,
        )
    )  # fmt: skip
    workspace.create("地块")
    job = workspace.knowledge_base("地块").add([write("地块.csv", rows)])
    workspace.queue.wait(job.job_id, timeout=60)
    base = workspace.knowledge_base("地块").searchable()
    found = workspace._retriever.retrieve([base], "西山居的绿化率是多少？", top_k=3)

    assert found.from_table is not None
    assert (found.from_table.text, found.from_table.columns) == ("35", {3: "D"})
