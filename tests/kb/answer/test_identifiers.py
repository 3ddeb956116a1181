from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.identifiers import having_identifiers, identifiers
from kb.workspace import Workspace

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("合同编号HT-2023-0457的金额是多少？", ["ht-2023-0457"]),
        ("６００５１９的净利润", ["600519"]),
        ("国药准字Z20027128和型号ABC/12.3-x", ["z20027128", "abc/12.3-x"]),
        ("2022年研发费用同比增长3.14%吗？", []),
        ("营业收入1,234,567元，占12.5%", []),
        ("2022-2023年度第12条", []),
        ("员工有几天年假？", []),
    ],
)
def test_what_names_one_thing_is_told_from_years_and_amounts(
    question: str, found: list[str]
) -> None:
    assert identifiers(question) == found


def test_what_many_documents_have_tells_none_of_them() -> None:
    texts = {number: (number, "合同HT-001及其附件") for number in range(5)}
    assert having_identifiers("HT-001的金额", texts) == [0, 1, 2, 3, 4]
    texts[5] = (5, "合同ht-001的补充协议")
    assert having_identifiers("HT-001的金额", texts) == []
    # A longer number is another one.
    assert having_identifiers("HT-001的金额", {1: (1, "合同HT-0012")}) == []


def test_the_passage_with_the_very_number_stands_first(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    asked = 33
    for number in range(90):
        text = f"本合同编号为HT-2023-{number:04d}，由双方签订。"
        if number == asked:
            # Other words surround it, and its vector is far from that of the question.
            text = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥" * 8 + text
        folder = write(f"合同/{number}.txt", text).parent
    workspace.queue.wait(workspace.knowledge_base("库").add([folder]).job_id, timeout=60)
    hits = workspace.search(["库"], f"本合同编号为HT-2023-{asked:04d}，由双方签订？").hits
    assert hits[0].document == f"{asked}.txt"
