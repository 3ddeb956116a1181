"""Small talk gets a fixed reply at once; a question about the documents never does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.fixed_replies import fixed_reply, parse_replies
from kb.answer.prompts import PromptFolder
from kb.answer_types import Answer, PassagesFound
from kb.errors import PromptError
from kb.settings import PROJECT
from kb.workspace import Workspace
from tests.kb.answer.test_retrieval import add

Write = Callable[[str, str], Path]

REPLIES = PromptFolder(PROJECT / "prompts").replies()


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("你好", "你好！"),
        ("您好呀！", "你好！"),
        ("你好，请问你是谁？", "我是知库"),
        ("你能做什么", "我可以"),
        ("謝謝！", "不客气"),
        ("OK", "All right"),
        ("Hello!", "Hello!"),
        ("What can you do?", "I can answer"),
        ("怎么往知识库添加文件？", "请到“知识库”页"),
        ("你会联网吗？", "知库在本机或公司内网运行"),
        ("为什么无法回答该问题？", "我只依据知识库里的文件作答"),
        ("How do I add files to the knowledge base?", "Open the page"),
    ],
)
def test_small_talk_has_a_reply(question: str, begins: str) -> None:
    assert (fixed_reply(question, REPLIES) or "").startswith(begins)


@pytest.mark.parametrize(
    "question",
    [
        "你好，2022年研发费用是多少？",
        "谢谢的英文怎么说？",
        "好的供应商有哪些标准？",
        "早上几点上班？",
        "怎么用打印机？",
        "帮助热线是多少？",
        "支持哪些格式？",
        "如何上传文件？",
        "那出差呢？",
        "Who are you allowed to invite?",
        "？？",
        "",
    ],
)
def test_a_question_about_the_documents_has_none(question: str) -> None:
    assert fixed_reply(question, REPLIES) is None


def test_small_talk_is_answered_without_sources(workspace: Workspace, write: Write) -> None:
    add(workspace, "库", write("a.txt", "你好这个词用于问候。"))

    found, *_, answer = workspace.ask(["库"], "你好", conversation="")

    assert isinstance(found, PassagesFound)
    assert found.citations == ()
    assert isinstance(answer, Answer)
    assert (answer.refused, answer.citations, answer.sentences) == (False, (), ())
    assert answer.answer.startswith("你好！")


def test_a_follow_up_refers_to_what_was_asked_before_the_small_talk(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("a.txt", "国内出差每日补贴一百元。国外出差每日补贴三百元。"))
    *_, first = workspace.ask(["库"], "国内出差每日补贴多少？")
    assert isinstance(first, Answer)
    *_, thanks = workspace.ask(["库"], "谢谢", conversation=first.conversation)
    assert isinstance(thanks, Answer)
    *_, last = workspace.ask(["库"], "那国外呢？", conversation=first.conversation)

    assert isinstance(last, Answer)
    assert "国内出差" in last.standalone_question
    assert "谢谢" not in last.standalone_question


def test_a_talk_that_began_with_a_greeting_is_named_for_its_first_question(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("a.txt", "国内出差每日补贴一百元。"))
    *_, hello = workspace.ask(["库"], "你好！")
    assert isinstance(hello, Answer)
    talk = hello.conversation
    assert workspace.conversations.get(talk).title == "你好！"

    list(workspace.ask(["库"], "国内出差每日补贴多少？", conversation=talk))
    list(workspace.ask(["库"], "出差坐什么车？", conversation=talk))

    assert workspace.conversations.get(talk).title == "国内出差每日补贴多少？"
    assert "你好！" not in [turn.question for turn in workspace.conversations.turns(talk, 3)]


def test_a_block_without_a_reply_is_named(tmp_path: Path) -> None:
    assert parse_replies("甲|乙\n回答\n第二行\n\n丙\n另一个") == {
        "甲": "回答\n第二行",
        "乙": "回答\n第二行",
        "丙": "另一个",
    }
    (tmp_path / "fixed_replies.txt").write_text("甲|乙\n", encoding="utf-8")
    with pytest.raises(PromptError, match="甲"):
        PromptFolder(tmp_path).replies()


def test_without_the_file_there_are_no_replies(tmp_path: Path) -> None:
    assert PromptFolder(tmp_path).replies() == {}
