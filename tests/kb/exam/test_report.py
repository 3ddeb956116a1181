import pytest

from kb.exam.questions import ExamQuestion
from kb.exam.report import changes, make_report
from kb.exam.results import Outcome, Shown


def passage(rank: int, document: str, text: str) -> Shown:
    return Shown(rank, "库", document, "", text, 1 / rank)


FOUND = (passage(1, "b.txt", "每年四天。"), passage(2, "a.txt", "每年五天。"))


def outcome(
    id: str, answer: str | None, *, refused: bool = False, cited: tuple[Shown, ...] = FOUND[1:]
) -> Outcome:
    sentences = () if refused or answer is None else ((answer, True), ("另外", False))
    return Outcome(
        id, "问？", answer, refused, 0.9, 0.5, FOUND, cited, sentences, "m", 10.0, 2000.0
    )


QUESTIONS = [
    ExamQuestion("right", "几天？", answers=("五天",), document="a.txt"),
    ExamQuestion("wrong", "几年？", answers=("三年",), document="a.txt"),
    ExamQuestion("refused", "几月？", answers=("五月",), document="a.txt"),
    ExamQuestion("silent", "厂长是谁？", refuse=True),
    ExamQuestion("talks", "厂长多大？", refuse=True),
    ExamQuestion("ungraded", "谁？"),
    ExamQuestion("table", "多少元？", answers=("400",), is_table=True),
    ExamQuestion("missing", "没答"),
]
OUTCOMES = {
    "right": outcome("right", "五天"),
    "wrong": outcome("wrong", "四天", cited=FOUND[:1]),
    "refused": outcome("refused", "根据已知信息无法回答该问题", refused=True),
    "silent": outcome("silent", "根据已知信息无法回答该问题", refused=True),
    "talks": outcome("talks", "六十岁"),
    "ungraded": outcome("ungraded", "张三"),
    "table": outcome("table", "共400.0元"),
}


def test_every_question_is_judged() -> None:
    report = make_report(QUESTIONS, OUTCOMES)
    assert {each.question.id: each.verdict for each in report.judgements} == {
        "right": "right",
        "wrong": "wrong",
        "refused": "wrong",
        "silent": "right",
        "talks": "wrong",
        "ungraded": "ungraded",
        "table": "right",
        "missing": "unanswered",
    }
    by_id = {each.question.id: each for each in report.judgements}
    assert (by_id["right"].rank, by_id["wrong"].rank, by_id["talks"].rank) == (2, 0, None)
    assert (by_id["right"].f1, by_id["refused"].f1, by_id["silent"].f1) == (1.0, 0.0, None)
    assert (by_id["table"].exact, by_id["right"].exact) == (True, None)
    assert (by_id["right"].cites_gold, by_id["wrong"].cites_gold) == (True, False)
    assert (by_id["right"].cites_answer, by_id["wrong"].cites_answer) == (True, True)
    assert by_id["refused"].cites_gold is None


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("right", 3 / 6, 6),
        ("right_answerable", 2 / 4, 4),
        ("recall@1", 0.0, 4),
        ("recall@5", 1 / 4, 4),
        ("mrr", 0.5 / 4, 4),
        ("ndcg@5", 0.63093 / 4, 4),
        # Of the two refusals that can be judged one was due; of two due ones one came.
        ("refusal_precision", 1 / 2, 2),
        ("refusal_recall", 1 / 2, 2),
        ("wrongly_refused", 1 / 4, 4),
        ("table_exact", 1.0, 1),
        ("citation_gold", 1 / 3, 3),
        ("supported", 5 / 10, 10),
    ],
)
def test_figures_are_over_the_questions_that_they_concern(
    name: str, value: float, count: int
) -> None:
    measured = make_report(QUESTIONS, OUTCOMES).figures[name]
    assert measured.value == pytest.approx(value, abs=1e-5)
    assert measured.count == count


def test_of_a_search_alone_finding_the_passage_is_right() -> None:
    found = {name: outcome(name, None) for name in ("right", "wrong", "silent")}
    report = make_report(QUESTIONS[:4], found)
    verdicts = [each.verdict for each in report.judgements]
    assert verdicts == ["right", "wrong", "unanswered", "ungraded"]
    assert set(report.figures) == {"recall@1", "recall@5", "mrr", "ndcg@5"}
    assert report.milliseconds == {"retrieve": 10.0, "total": 2000.0}


def test_two_exams_are_paired_by_the_text_of_the_question() -> None:
    before = make_report(QUESTIONS[:2], OUTCOMES).judgements
    better = {"w2": outcome("w2", "三年")}
    after = make_report(
        [ExamQuestion("w2", "几年？", answers=("三年",)), ExamQuestion("new", "新？")], better
    ).judgements
    paired = changes(before, after)
    assert [(a.question.id, a.verdict, b.verdict) for a, b in paired] == [
        ("wrong", "wrong", "right")
    ]


def test_nothing_answered_gives_no_figures() -> None:
    report = make_report(QUESTIONS, {})
    assert (report.figures, report.dimensions, report.milliseconds) == ({}, {}, {})
