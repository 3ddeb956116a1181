"""Articles that a question names are looked up, shown whole and quoted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.articles import mentions
from kb.answer_types import Answer, SearchResult
from kb.text.numerals import ArticleReference
from kb.workspace import Workspace
from tests.kb.answer.test_retrieval import add

Write = Callable[[str, str], Path]

HIRING = """中华人民共和国用工管理法（2019年修正）
第一章 总则
第一条 为了规范用工，制定本法。
第二条 本法所称用人单位，是指订立用工合同的企业。
第二章 合同
第十二条 试用期不得超过六个月。
同一用人单位与同一人只能约定一次试用期。
第一百零二条之一 违反本法规定的，由主管部门责令改正。
"""
STORAGE = """仓储条例
第一条 为了管好仓库，制定本条例。
第十二条 危险品应当单独存放，并由专人看管。
"""


@pytest.fixture
def statutes(workspace: Workspace, write: Write) -> Workspace:
    add(
        workspace,
        "库",
        write("中华人民共和国用工管理法.txt", HIRING),
        write("仓储条例.txt", STORAGE),
    )
    return workspace


def search(workspace: Workspace, question: str) -> SearchResult:
    return workspace.search(["库"], question)


def ask(workspace: Workspace, question: str) -> Answer:
    *_, answer = workspace.ask(["库"], question, conversation="")
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    "question",
    [
        "《中华人民共和国用工管理法》第十二条的内容是什么？",
        "《用工管理法》第12条",
        "用工管理法第十二条是怎么规定的",
        "请问用工管理法第１２条具体规定了什么？",
        "《用管法》第十二条",
    ],
)
def test_an_article_is_quoted_in_full_however_its_statute_is_named(
    statutes: Workspace, question: str
) -> None:
    answer = ask(statutes, question)

    assert answer.answer == (
        "第十二条 试用期不得超过六个月。\n同一用人单位与同一人只能约定一次试用期。"
    )
    assert (answer.model, answer.refused) == ("quotation", False)
    assert {citation.hit.document for citation in answer.citations} == {
        "中华人民共和国用工管理法.txt"
    }


def test_an_article_between_two_others_is_found_by_its_sub_number(statutes: Workspace) -> None:
    assert ask(statutes, "用工管理法第102条之一是什么？").answer.endswith("由主管部门责令改正。")


def test_several_articles_come_in_the_order_of_the_question(statutes: Workspace) -> None:
    answer = ask(statutes, "《仓储条例》第十二条和第一条的内容")

    assert answer.answer.split("\n") == [
        "第十二条 危险品应当单独存放，并由专人看管。",
        "第一条 为了管好仓库，制定本条例。",
    ]


def test_an_article_comes_first_where_the_question_asks_for_more_than_its_text(
    statutes: Workspace,
) -> None:
    question = "根据用工管理法第十二条，试用期最长几个月？"

    found = search(statutes, question)

    assert found.hits[0].document == "中华人民共和国用工管理法.txt"
    assert "不得超过六个月" in found.hits[0].text
    assert found.answerable > 0.9
    assert ask(statutes, question).model != "quotation"


def test_all_passages_of_a_long_article_are_returned(workspace: Workspace, write: Write) -> None:
    items = "\n".join(
        f"（{n}）第{n}种情形，应当按照第{n}号办法办理登记并公告。" for n in range(1, 60)
    )
    add(workspace, "库", write("登记办法.txt", f"第一条 总的要求。\n第二条 下列情形：\n{items}"))

    hits = search(workspace, "《登记办法》第二条").hits

    assert len(hits) > 5
    assert all(f"（{n}）第{n}种" in "".join(hit.text for hit in hits) for n in range(1, 60))
    assert {hit.group for hit in hits} == {"第二条"}


@pytest.mark.parametrize("question", ["《海洋法》第十二条的内容是什么？", "《仓储条例》第八十条"])
def test_an_article_that_is_not_here_is_refused(statutes: Workspace, question: str) -> None:
    answer = ask(statutes, question)

    assert answer.refused
    assert answer.answerable < 0.5


def test_a_question_that_only_leans_on_an_absent_article_is_not_refused_for_it(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("手册.txt", "员工严重违反规章制度的，公司可以解除劳动合同。"))

    found = search(workspace, "按照《劳动法》第二十五条，员工严重违反规章制度的怎么处理？")

    assert found.answerable > 0.5


def test_an_article_of_a_statute_that_is_only_quoted_here_is_no_reason_to_refuse(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("判决.txt", "依照《海洋法》第十二条，船舶应当缴纳通行费三百元。"))

    assert search(workspace, "按《海洋法》第十二条，船舶要缴多少通行费？").answerable > 0.5


def test_a_statute_is_known_by_the_title_that_its_text_begins_with(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("附件3.txt", STORAGE), write("附件4.txt", HIRING))

    assert ask(workspace, "《仓储条例》第十二条").answer.startswith("第十二条 危险品")
    assert ask(workspace, "《用工管理法》第十二条").refused is False


def test_a_collection_of_statutes_is_looked_through_by_their_headings(
    workspace: Workspace, write: Write
) -> None:
    collected = f"# 汇编\n\n## 用工管理法\n\n{HIRING}\n\n## 仓储条例\n\n{STORAGE}"
    add(workspace, "库", write("制度汇编.md", collected))

    for question in ("《仓储条例》第十二条", "仓储条例第十二条的内容是什么？"):
        assert ask(workspace, question).answer.startswith("第十二条 危险品"), question


def test_a_number_alone_means_the_only_statute_that_has_it(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("仓储条例.txt", STORAGE))

    assert ask(workspace, "第十二条说了什么？").answer.startswith("第十二条 危险品")


def test_a_text_mentions_an_article_by_name_and_number() -> None:
    reference = ArticleReference("中华人民共和国海洋法", 12)

    assert mentions("依照《海洋法》第12条处理", reference)
    assert not mentions("依照《海洋法》第13条处理", reference)
    assert not mentions("依照《渔业法》第十二条处理", reference)
