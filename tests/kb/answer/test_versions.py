"""Versions of a document are told apart by name, and the later one is preferred."""

from __future__ import annotations

import pytest

from kb.answer.versions import (
    Said,
    not_in_force,
    note,
    preferred_first,
    superseded,
    version_of,
)

OLD = "差旅费管理办法（2021年）.docx"
NEW = "差旅费管理办法（2023年修订）.docx"
OLD_TEXT = "第八条 出差人员住宿费标准为每人每天350元，凭发票报销。"
NEW_TEXT = "第八条 出差人员住宿费标准为每人每天420元，凭电子发票报销。"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (OLD, NEW),
        ("员工手册v1.9.pdf", "员工手册 V1.10.pdf"),
        ("员工手册（第二版）.pdf", "员工手册（第十版）.pdf"),
        ("2021版考勤制度.docx", "2023版考勤制度.docx"),
        ("采购管理规定20220301.doc", "采购管理规定20230115.docx"),
        ("信息安全规范_2022-03.pdf", "信息安全规范_2022-11.pdf"),
        ("公司法（2018年修正）.docx", "公司法（2023年修订）.docx"),
        ("制度/2020/印章管理办法.docx", "制度/2022年/印章管理办法.docx"),
        ("绩效方案（征求意见稿）.docx", "绩效方案（终稿）.docx"),
        ("Travel Policy v2.pdf", "Travel Policy v3.1.pdf"),
        ("Employee Handbook 2021.pdf", "Employee Handbook 2024.pdf"),
        ("产品价格表2023版.xlsx", "产品价格表2024版.xlsx"),
    ],
)
def test_versions_of_one_document_are_ordered(earlier: str, later: str) -> None:
    one, other = version_of(earlier), version_of(later)
    assert one is not None
    assert other is not None
    assert (one.key, one.kind) == (other.key, other.kind)
    assert one.rank < other.rank
    assert not_in_force("住宿费标准是多少？", [later, earlier]) == {earlier}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2021年年度报告.pdf", "2022年年度报告.pdf"),
        ("财务报表2021.xlsx", "财务报表2022.xlsx"),
        ("会议纪要20230105.docx", "会议纪要20230212.docx"),
        ("2022年工作总结.docx", "2023年工作总结.docx"),
        ("甲公司员工手册v1.pdf", "乙公司员工手册v2.pdf"),
        ("合同123456.pdf", "合同123457.pdf"),
        ("员工手册v2.pdf", "员工手册（2023年修订）.pdf"),
        ("2021.pdf", "2022.pdf"),
        ("产品价格表2023年1月.xlsx", "产品价格表2023年7月.xlsx"),
        ("东城2021年节能指南执行情况.pdf", "东城2022年节能指南执行情况.pdf"),
        ("江北区2021年统计制度.pdf", "江北区2022年统计制度.pdf"),
        ("报告/2021/第一章.docx", "报告/2022/第一章.docx"),
    ],
)
def test_documents_about_different_things_are_no_versions(one: str, other: str) -> None:
    assert not_in_force("是多少？", [one, other]) == set()


def test_what_was_a_draft_gives_way_to_the_document_itself() -> None:
    draft, final = "绩效办法（征求意见稿）.docx", "绩效办法.docx"
    assert not_in_force("怎么考核？", [draft, final]) == {draft}


def test_the_later_version_counts_and_stands_first() -> None:
    said = {1: Said(OLD, OLD_TEXT), 2: Said("餐补.md", "餐补每天100元。"), 3: Said(NEW, NEW_TEXT)}
    preferred = superseded("住宿费标准是多少？", [1, 2, 3], said)
    assert list(preferred) == [1]
    assert preferred[1].passage_id == 3
    assert preferred[1].document == NEW
    assert preferred[1].to_tell
    assert preferred_first([(1, 0.9), (2, 0.8), (3, 0.2)], preferred) == [
        (3, 0.9),
        (1, 0.8),
        (2, 0.2),
    ]


def test_order_stays_where_the_later_version_is_first_already() -> None:
    said = {1: Said(OLD, OLD_TEXT), 3: Said(NEW, NEW_TEXT)}
    preferred = superseded("住宿费标准是多少？", [3, 1], said)
    assert preferred_first([(3, 0.9), (1, 0.8)], preferred) == [(3, 0.9), (1, 0.8)]
    assert preferred[1].passage_id == 3


def test_a_version_that_the_question_names_is_the_one_meant() -> None:
    said = {1: Said(OLD, OLD_TEXT), 3: Said(NEW, NEW_TEXT)}
    preferred = superseded("2021年的差旅费办法里住宿费标准是多少？", [3, 1], said)
    assert list(preferred) == [3]
    assert preferred[3].passage_id == 1
    assert not preferred[3].to_tell


def test_a_question_about_the_change_reads_both() -> None:
    said = {1: Said(OLD, OLD_TEXT), 3: Said(NEW, NEW_TEXT)}
    assert superseded("住宿费标准和旧版相比有什么变化？", [1, 3], said) == {}
    assert not_in_force("和修订前有什么不同？", [OLD, NEW]) == set()


def test_what_the_later_version_does_not_speak_of_is_left_alone() -> None:
    said = {
        1: Said(OLD, OLD_TEXT),
        3: Said(NEW, "第二条 本办法适用于集团总部及各分公司全体人员。"),
    }
    assert superseded("住宿费标准是多少？", [1, 3], said) == {}


def test_nothing_is_told_where_both_say_the_same() -> None:
    # The passage of the later version begins a line earlier.
    same = "第七条 出差须事先审批。" + OLD_TEXT
    preferred = superseded("住宿费是多少？", [1, 3], {1: Said(OLD, OLD_TEXT), 3: Said(NEW, same)})
    assert preferred[1].document == NEW
    assert not preferred[1].to_tell


def test_the_middle_version_counts_where_the_last_one_is_silent() -> None:
    last = "差旅费管理办法（2024年修订）.docx"
    said = {
        1: Said(OLD, OLD_TEXT),
        2: Said(last, "第二条 本办法适用于集团总部及各分公司全体人员。"),
        3: Said(NEW, NEW_TEXT),
    }
    preferred = superseded("住宿费标准是多少？", [1, 2, 3], said)
    assert {key: each.document for key, each in preferred.items()} == {1: NEW}


def test_the_note_names_the_document_and_the_version() -> None:
    version = version_of(NEW)
    assert version is not None
    assert note(version, "zh") == (
        "（《差旅费管理办法》有不同版本，内容不一致，这里以较新的“2023年修订”为准。）"
    )
    assert "2023年修订" in note(version, "en")
