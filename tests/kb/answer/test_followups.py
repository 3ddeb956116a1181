from collections.abc import Sequence

import pytest

from kb.answer.followups import Standing, is_faithful, standalone_question, standing
from kb.answer.prompts import PromptFolder
from kb.answer_types import Turn
from kb.llms.endpoint import ChatEndpoint, never
from kb.settings import PROJECT
from tests.kb.answer.scripted import ScriptedChat

PROMPT = PromptFolder(PROJECT / "prompts").load("standalone_question")
TURNS = [Turn("住宿费标准是多少？", "每晚500元。")]


def complete(
    question: str,
    chat: ChatEndpoint | None = None,
    turns: Sequence[Turn] = TURNS,
    *,
    answered: bool = False,
) -> str:
    return standalone_question(
        question,
        turns,
        chat=chat,
        prompt=PROMPT,
        cancelled=never,
        is_answered=lambda _text: answered,
    )


@pytest.mark.parametrize(
    "question",
    [
        "那出差呢？",
        "它的面积有多大？",
        "为什么？",
        "这个标准何时生效？",
        "有例外吗？",
        "需要提供哪些材料？",
        "上述情况谁来审批？",
        "该公司的注册资本是多少？",
        "实习生呢？",
        "What about it?",
        "And in 2022?",
        "How long does that take?",
        "Does it cover batteries?",
    ],
)
def test_questions_that_lean_on_what_was_said(question: str) -> None:
    assert standing(question) is Standing.LEANS


@pytest.mark.parametrize(
    "question",
    [
        "2022年研发费用同比增长多少？",
        "《劳动法》第十二条的内容是什么？",
        "其他综合收益是多少？",
        "土耳其的首都在哪里？",
        "那曲市的海拔是多少米？",
        "吉他由哪几部分组成？",
        "应该如何认定工伤？",
        "人工智能在医疗影像里有哪些应用呢？",
        "发明专利申请人死亡后，其继承人享有什么权利？",
        "GDP是什么？",
        "What is a debenture and how does it differ from a bond?",
        "Which drugs are those that must be kept below 8 degrees?",
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert standing(question) is Standing.ALONE


def test_a_bare_phrase_stands_alone_where_passages_answer_it() -> None:
    assert standing("年终奖") is Standing.UNSURE
    assert complete("年终奖", answered=True) == "年终奖"
    assert complete("年终奖", answered=False) == "住宿费标准是多少？ 年终奖"


def test_words_of_the_same_kind_are_replaced_without_a_model() -> None:
    chat = ScriptedChat()
    assert complete("那伙食费呢？", chat) == "伙食费标准是多少？"
    assert chat.prompts == []


def test_a_follow_up_is_rewritten_with_the_conversation() -> None:
    chat = ScriptedChat("【改写后的问题】出差的住宿费标准是多少？")
    assert complete("那出差呢？", chat) == "出差的住宿费标准是多少？"
    assert "住宿费标准是多少？" in chat.prompts[0]


def test_a_question_that_stands_alone_costs_no_call() -> None:
    chat = ScriptedChat()
    assert complete("研发费用同比增长多少？", chat) == "研发费用同比增长多少？"
    assert chat.prompts == []


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "好" * 400,
        "住宿费标准是多少？",
        "出差的住宿费是500元吗？",
        "出差的住宿费是每晚五百元。",
        "出差时公司食堂的开放时间是什么？",
        "那出差呢？",
    ],
)
def test_a_rewrite_that_lost_or_answered_the_question_falls_back_to_both(reply: str) -> None:
    assert complete("那出差呢？", ScriptedChat(reply)) == "住宿费标准是多少？ 那出差呢？"


def test_a_rewrite_may_name_what_the_answer_named() -> None:
    turns = [Turn("公司的董事长是谁？", "董事长是王建国。")]
    assert is_faithful("王建国是哪年任职的？", "他是哪年任职的？", turns)


def test_without_a_chat_model_both_questions_are_searched() -> None:
    assert complete("那出差呢？") == "住宿费标准是多少？ 那出差呢？"


def test_a_rewrite_that_was_stopped_is_not_used() -> None:
    asked = {"count": 0}

    def after_three() -> bool:
        asked["count"] += 1
        return asked["count"] > 3

    chat = ScriptedChat("婚假有几天？")
    found = standalone_question(
        "那婚假呢？",
        TURNS,
        chat=chat,
        prompt=PROMPT,
        cancelled=after_three,
        is_answered=lambda _text: False,
    )
    assert found == f"{TURNS[0].question} 那婚假呢？"
