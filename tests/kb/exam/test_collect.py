from dataclasses import replace

from kb.answer_types import FIXED_REPLY, Answer, FeedbackRecord, Praise
from kb.exam.collect import collect
from kb.exam.questions import ExamQuestion
from tests.kb.store.test_conversations import answer


def given(number: int, praise: Praise, said: Answer) -> FeedbackRecord:
    return FeedbackRecord(number, praise, "talk", ("kb",), said, 1.0)


def test_praise_makes_the_answer_and_its_source_the_gold_one() -> None:
    assert collect([given(3, "up", answer("费用？", "3亿元。"))]) == [
        (ExamQuestion("m3", "费用？", answers=("3亿元。",), document="a.pdf"), "up")
    ]


def test_a_praised_refusal_was_due() -> None:
    [(question, _praise)] = collect([given(1, "up", answer("谁？", "无法回答", refused=True))])
    assert (question.refuse, question.answers) == (True, ())


def test_of_a_blamed_answer_only_the_question_is_kept() -> None:
    said = replace(answer("那出差呢？", "错"), standalone_question="出差有几天假？")
    assert collect([given(1, "down", said)]) == [(ExamQuestion("m1", "出差有几天假？"), "down")]


def test_the_latest_opinion_counts_and_small_talk_does_not() -> None:
    small = replace(answer("你好", "您好"), model=FIXED_REPLY)
    records = [
        given(9, "down", answer("费用？", "4亿元。")),
        given(3, "up", answer("费用？", "3亿元。")),
        given(4, "up", small),
    ]
    assert [(question.id, praise) for question, praise in collect(records)] == [("m9", "down")]
