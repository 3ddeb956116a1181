"""What an exam found: each question judged, and the figures over all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kb.answer.quoting import said_by_itself
from kb.exam.dimensions import PassageLanguage, rate
from kb.exam.metrics import (
    Figure,
    figure,
    gold_groups,
    has_gold,
    is_exact,
    is_gold,
    is_right,
    ndcg,
    reciprocal_rank,
    says,
    token_f1,
)
from kb.exam.questions import ExamQuestion
from kb.exam.results import Outcome

Verdict = Literal["right", "wrong", "ungraded", "unanswered"]
"""Unanswered are questions without a result; of ungraded ones nothing is known that would tell."""

# How deep recall and nDCG look.
DEPTH = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """A question with its outcome; what cannot be told is None.

    ``rank`` is that of the first right passage, 0 where none was found. ``cites_gold`` says that
    a cited passage is right, ``cites_answer`` that one says what the answer says. ``dimensions``
    are those of `kb.exam.dimensions`, 0 to 2.
    """

    question: ExamQuestion
    outcome: Outcome | None
    verdict: Verdict
    rank: int | None = None
    f1: float | None = None
    exact: bool | None = None
    cites_gold: bool | None = None
    cites_answer: bool | None = None
    dimensions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The judgements in the order of the questions, and the figures over them by name.

    ``dimensions`` are means from 0 to 2 of how many answers; ``milliseconds`` medians.
    """

    judgements: tuple[Judgement, ...]
    figures: Mapping[str, Figure]
    dimensions: Mapping[str, tuple[float, int]]
    milliseconds: Mapping[str, float]


def make_report(questions: Sequence[ExamQuestion], outcomes: Mapping[str | int, Outcome]) -> Report:
    """Judge every question and measure."""
    language = PassageLanguage(
        shown.text for outcome in outcomes.values() for shown in (*outcome.found, *outcome.cited)
    )
    judgements = tuple(
        judge(question, outcomes.get(question.id), language) for question in questions
    )
    answered = [each for each in judgements if each.outcome is not None]
    rated: dict[str, list[float]] = {}
    for judgement in answered:
        for name, score in judgement.dimensions.items():
            rated.setdefault(name, []).append(score)
    return Report(
        judgements=judgements,
        figures=measure(answered),
        dimensions={name: (statistics.fmean(each), len(each)) for name, each in rated.items()},
        milliseconds=_medians([each.outcome for each in answered if each.outcome]),
    )


def judge(question: ExamQuestion, outcome: Outcome | None, language: PassageLanguage) -> Judgement:
    """Judge one question."""
    if outcome is None:
        return Judgement(question, None, "unanswered")
    rank = _rank(question, outcome)
    if outcome.answer is None:
        # Of a search alone, finding the passage is what is right.
        verdict = _verdict(None if rank is None else 0 < rank <= DEPTH)
        return Judgement(question, outcome, verdict, rank=rank)
    right = is_right(question, outcome.answer, refused=outcome.refused)
    said = not outcome.refused and bool(outcome.answer)
    golds = [gold for group in gold_groups(question) for gold in group] or list(question.answers)
    return Judgement(
        question,
        outcome,
        _verdict(right),
        rank=rank,
        f1=_f1(question, outcome, golds),
        exact=is_exact(question, outcome.answer, refused=outcome.refused),
        cites_gold=_cites_gold(question, outcome) if said else None,
        cites_answer=_cites_answer(outcome) if said else None,
        dimensions=rate(question, outcome, language) if said else {},
    )


def measure(judgements: Sequence[Judgement]) -> dict[str, Figure]:
    """Measure judged questions that have a result; a figure over none of them is left out."""
    ranks = [each.rank for each in judgements if each.rank is not None]
    answers = [each for each in judgements if each.outcome and each.outcome.answer is not None]
    unanswerable = [each for each in answers if each.question.refuse]
    answerable = [each for each in answers if has_gold(each.question)]
    refused = [each for each in (*unanswerable, *answerable) if _refused(each)]
    figures = {
        "right": figure(each.verdict == "right" for each in answers if each.verdict != "ungraded"),
        "right_answerable": figure(
            each.verdict == "right" for each in answerable if each.verdict != "ungraded"
        ),
        "recall@1": figure(rank == 1 for rank in ranks),
        f"recall@{DEPTH}": figure(0 < rank <= DEPTH for rank in ranks),
        "mrr": figure(map(reciprocal_rank, ranks)),
        f"ndcg@{DEPTH}": figure(ndcg(rank) if rank <= DEPTH else 0.0 for rank in ranks),
        "token_f1": figure(_known(each.f1 for each in answers)),
        "refusal_precision": figure(each.question.refuse for each in refused),
        "refusal_recall": figure(_refused(each) for each in unanswerable),
        "wrongly_refused": figure(_refused(each) for each in answerable),
        "table_exact": figure(_known(each.exact for each in answers)),
        "citation_gold": figure(_known(each.cites_gold for each in answers)),
        "citation_answer": figure(_known(each.cites_answer for each in answers)),
        "supported": figure(
            supported
            for each in answers
            if each.outcome and not each.outcome.refused
            for _text, supported in each.outcome.sentences
        ),
    }
    return {name: measured for name, measured in figures.items() if measured.count}


def changes(
    before: Iterable[Judgement], after: Iterable[Judgement]
) -> list[tuple[Judgement, Judgement]]:
    """Pair the judgements of two exams by the text of the question, in the order of the second."""
    former = {each.question.text: each for each in before}
    return [(former[each.question.text], each) for each in after if each.question.text in former]


def _refused(judgement: Judgement) -> bool:
    return judgement.outcome is not None and judgement.outcome.refused


def _verdict(right: bool | None) -> Verdict:
    if right is None:
        return "ungraded"
    return "right" if right else "wrong"


def _rank(question: ExamQuestion, outcome: Outcome) -> int | None:
    if not has_gold(question):
        return None
    judged = (is_gold(shown.document, shown.text, question) for shown in outcome.found)
    return next((rank for rank, gold in enumerate(judged, start=1) if gold), 0)


def _f1(question: ExamQuestion, outcome: Outcome, golds: Sequence[str]) -> float | None:
    if question.refuse or not golds or outcome.answer is None:
        return None
    return 0.0 if outcome.refused else token_f1(said_by_itself(outcome.answer), golds)


def _cites_gold(question: ExamQuestion, outcome: Outcome) -> bool | None:
    if not has_gold(question):
        return None
    return any(is_gold(shown.document, shown.text, question) for shown in outcome.cited)


def _cites_answer(outcome: Outcome) -> bool:
    return any(says(shown.text, said_by_itself(outcome.answer or "")) for shown in outcome.cited)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _medians(outcomes: Sequence[Outcome]) -> dict[str, float]:
    of: dict[str, Callable[[Outcome], float]] = {
        "retrieve": lambda outcome: outcome.retrieve,
        "total": lambda outcome: outcome.total,
    }
    return {
        name: statistics.median(time(outcome) for outcome in outcomes)
        for name, time in of.items()
        if outcomes
    }
