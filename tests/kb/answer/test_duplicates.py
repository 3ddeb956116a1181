"""Passages that repeat a better one make room for others."""

from collections.abc import Callable
from pathlib import Path

from kb.answer.duplicates import step_back
from kb.workspace import Workspace
from tests.kb.answer.test_retrieval import add, search

Write = Callable[[str, str], Path]

LONG = "员工出差应当提前三日申请，乘坐火车的凭票据报销二等座票价；乘车过夜的，可以报销硬卧票价。"

TEXTS = {
    1: LONG,
    2: LONG.replace("；", ";"),
    3: "出差住宿标准为每晚四百元，超出部分自理。",
    4: LONG.replace("三日", "3日"),
    5: LONG.replace("三日", "五日"),
}


def test_copies_come_last_with_the_score_of_the_one_before() -> None:
    ranked = [(1, 1.0), (2, 0.9), (4, 0.8), (3, 0.7), (5, 0.6)]

    assert step_back(ranked, TEXTS, 5) == [(1, 1.0), (3, 0.7), (5, 0.6), (2, 0.6), (4, 0.6)]
    assert step_back(ranked, TEXTS, 2) == [(1, 1.0), (3, 0.7)]


def test_rows_that_differ_in_a_number_are_no_copies() -> None:
    texts = {1: "单价：3元", 2: "单价：4元", 3: "单价:3元"}

    assert [key for key, _ in step_back([(1, 1.0), (3, 0.9), (2, 0.8)], texts, 2)] == [1, 2]


def test_nothing_is_lost_where_all_are_copies() -> None:
    assert len(step_back([(1, 1.0), (2, 0.9)], TEXTS, 5)) == 2
    assert step_back([], {}, 5) == []


def test_versions_of_a_file_do_not_crowd_out_another(workspace: Workspace, write: Write) -> None:
    versions = [write(f"差旅办法v{n}.txt", LONG + "\n" * n) for n in range(1, 7)]
    add(workspace, "库", *versions, write("住宿.txt", TEXTS[3]))

    assert "住宿.txt" in [hit.document for hit in search(workspace, "出差怎么报销？", top_k=3)]
