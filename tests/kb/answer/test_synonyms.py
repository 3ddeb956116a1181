from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.synonyms import (
    Alternatives,
    alternatives,
    groups_as_csv,
    groups_of_csv,
    parse_groups,
    text_of_rows,
    with_words_asked,
)
from kb.errors import SettingsError
from kb.workspace import Workspace

GROUPS = parse_groups("# 人事\n年假 = 带薪年休假\n\nPO＝采购订单，purchase order\n")


def test_a_group_stands_on_each_line() -> None:
    assert GROUPS == [("年假", "带薪年休假"), ("PO", "采购订单", "purchase order")]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("年假", "synonym_alone", 1),
        ("年假 = 年假", "synonym_alone", 1),
        ("PO = 订单\n采购 = po", "synonym_twice", 2),
        ("a = " + "长" * 61, "synonym_long", 1),
    ],
)
def test_a_wrong_line_is_named(text: str, code: str, line: int) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_groups(text)
    assert (raised.value.code, raised.value.params["line"]) == (code, line)


def test_rows_of_cells_are_groups_and_none_is_a_remark() -> None:
    rows = [["年假", "带薪年休假、年休假"], ["", " "], ["#1", "一号\n车间"], ["PO", "a，b；c"]]
    assert parse_groups(text_of_rows(rows)) == [
        ("年假", "带薪年休假", "年休假"),
        ("#1", "一号 车间"),
        ("PO", "a", "b", "c"),
    ]
    with pytest.raises(SettingsError) as raised:
        parse_groups(text_of_rows([["", ""], ["甲", ""]]))
    assert (raised.value.code, raised.value.params["line"]) == ("synonym_alone", 2)


def test_groups_come_back_from_their_file_as_they_were() -> None:
    groups = [("年假", "带薪年休假"), ("#1", '5" 屏', "purchase order")]
    written = groups_as_csv(groups)
    assert written.startswith(b"\xef\xbb\xbf")
    assert groups_of_csv(written) == groups
    assert groups_of_csv(written.decode("utf-8-sig").encode("gb18030")) == groups


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("甲,乙\n\n丙\n", "synonym_alone", 3),
        ('甲,"乙\n丁"\n丙,甲\n', "synonym_twice", 3),
        ('甲,乙\n"丙"丁,戊\n', "synonym_csv", 2),
    ],
)
def test_a_wrong_line_of_a_file_is_named(content: str, code: str, line: int) -> None:
    with pytest.raises(SettingsError) as raised:
        groups_of_csv(content.encode())
    assert (raised.value.code, raised.value.params["line"]) == (code, line)


def test_a_file_in_no_known_encoding_is_an_error() -> None:
    with pytest.raises(SettingsError) as raised:
        groups_of_csv("甲,乙".encode("utf-16"))
    assert raised.value.code == "synonym_encoding"


def test_a_word_of_a_question_brings_the_others_of_its_group() -> None:
    assert alternatives("我的年假有几天？", GROUPS) == [Alternatives("年假", ("带薪年休假",))]
    assert alternatives("How do I send a po?", GROUPS) == [
        Alternatives("po", ("采购订单", "purchase order"))
    ]


@pytest.mark.parametrize("question", ["青年假期有几天？", "What is the policy on portability?"])
def test_a_part_of_another_word_is_none(question: str) -> None:
    assert alternatives(question, GROUPS) == []


def test_of_words_that_overlap_the_longest_counts() -> None:
    groups = parse_groups("差旅费 = 出差费用\n差旅费标准 = 出差开支限额")
    assert [each.asked for each in alternatives("差旅费标准是多少？", groups)] == ["差旅费标准"]


def test_a_passage_with_another_name_has_the_word_asked() -> None:
    found = alternatives("年假有几天？", GROUPS)
    assert with_words_asked("带薪年休假为十天。", found) == "带薪年休假为十天。\n年假"
    assert with_words_asked("婚假为三天。", found) == "婚假为三天。"


def test_a_question_with_a_synonym_finds_what_it_did_not_find(
    workspace: Workspace, tmp_path: Path, write: Callable[[str, str], Path]
) -> None:
    workspace.create("库")
    paths = [write(f"{n}.txt", f"第{n}号规定：PO编号从{n}开始。") for n in range(5)]
    paths.append(write("订单.txt", "采购订单由部门经理签字后生效。"))
    base = workspace.knowledge_base("库")
    workspace.queue.wait(base.add(paths).job_id, timeout=60)
    keywords = base.searchable().keywords

    def found(question: str) -> list[str]:
        same = alternatives(question, base.searchable().synonyms)
        instead = {each.asked: each.others for each in same}
        return [
            base.passages(record.document_id, limit=1)[0].passage.text
            for key, _score in keywords.search(question, 10, instead)
            for record in base.documents()
            if base.passages(record.document_id, limit=1)[0].passage_id == key
        ]

    assert found("申购单谁签字？")[0] == "采购订单由部门经理签字后生效。"
    assert not any("采购订单" in text for text in found("申购单？"))
    base.set_synonyms("申购单 = 采购订单")
    assert base.synonyms() == (("申购单", "采购订单"),)
    assert found("申购单？") == ["采购订单由部门经理签字后生效。"]
    hit = workspace.search(["库"], "申购单？").hits[0]
    assert hit.document == "订单.txt"
