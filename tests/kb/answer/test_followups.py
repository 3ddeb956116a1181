import pytest

from kb.answer.followups import refers_back, standalone_question
from kb.answer.prompts import PromptFolder
from kb.llms.endpoint import never
from kb.settings import PROJECT
from kb.types import Turn
from tests.kb.answer.scripted import ScriptedChat

PROMPT = PromptFolder(PROJECT / "prompts").load("standalone_question")
TURNS = [Turn("住宿费标准是多少？", "每晚500元。")]


@pytest.mark.parametrize(
    "question",
    ["那出差呢？", "它的面积有多大？", "为什么？", "这个标准何时生效？", "What about it?"],
)
def test_questions_that_lean_on_what_was_said(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize(
    "question",
    ["2022年研发费用同比增长多少？", "《劳动法》第十二条的内容是什么？", "其他综合收益是多少？"],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not refers_back(question)


def test_a_follow_up_is_rewritten_with_the_conversation() -> None:
    chat = ScriptedChat("【改写后的问题】出差的住宿费标准是多少？")
    result = standalone_question("那出差呢？", TURNS, chat=chat, prompt=PROMPT, cancelled=never)
    assert result == "出差的住宿费标准是多少？"
    assert "住宿费标准是多少？" in chat.prompts[0]


def test_a_question_that_stands_alone_costs_no_call() -> None:
    chat = ScriptedChat()
    question = "研发费用同比增长多少？"
    assert (
        standalone_question(question, TURNS, chat=chat, prompt=PROMPT, cancelled=never) == question
    )
    assert chat.prompts == []


@pytest.mark.parametrize("reply", ["", "好" * 400])
def test_a_useless_rewrite_falls_back_to_both_questions(reply: str) -> None:
    chat = ScriptedChat(reply)
    result = standalone_question("那出差呢？", TURNS, chat=chat, prompt=PROMPT, cancelled=never)
    assert result == "住宿费标准是多少？ 那出差呢？"


def test_without_a_chat_model_both_questions_are_searched() -> None:
    assert (
        standalone_question("那出差呢？", TURNS, chat=None, prompt=PROMPT, cancelled=never)
        == "住宿费标准是多少？ 那出差呢？"
    )


def test_a_rewrite_that_was_stopped_is_not_used() -> None:
    asked = {"count": 0}

    def after_three() -> bool:
        asked["count"] += 1
        return asked["count"] > 3

    chat = ScriptedChat("婚假有几天？")
    found = standalone_question(
        "那婚假呢？", TURNS[:1], chat=chat, prompt=PROMPT, cancelled=after_three
    )
    assert found == f"{TURNS[0].question} 那婚假呢？"
