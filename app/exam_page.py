"""The page of an exam: one HTML file that needs nothing else, every text of others escaped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.strings import Language, text
from kb.exam.dimensions import BEST, weighted
from kb.exam.metrics import is_gold
from kb.exam.report import DEPTH, Judgement, Report
from kb.exam.results import Shown

_TEMPLATE = Path(__file__).resolve().parent / "components" / "exam_report.html"
_WORST = 50
_STEPS = 10
VERDICTS = ("right", "wrong", "ungraded", "unanswered")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a bar plot: how many questions of each verdict."""

    label: str
    counts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(count for _verdict, count in self.counts)


def write_page(path: Path, report: Report, *, title: str, language: Language) -> None:
    """Write the page of a report."""
    path.write_text(render(report, title=title, language=language), encoding="utf-8")


def render(report: Report, *, title: str, language: Language) -> str:
    """Return the page of a report as HTML."""
    from jinja2 import Environment, StrictUndefined

    def say(key: str, **params: object) -> str:
        return text(key, language, **params)

    # Autoescape: questions, answers and passages may hold anything.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        say=say,
        language=language,
        title=title,
        report=report,
        best=BEST,
        when=time.strftime("%Y-%m-%d %H:%M"),
        counts={
            verdict: sum(each.verdict == verdict for each in report.judgements)
            for verdict in VERDICTS
        },
        plots=[
            (say("exam.plot.answerable"), answerable_columns(report.judgements)),
            (say("exam.plot.rank"), rank_columns(report.judgements, say("exam.plot.not_found"))),
        ],
        worst=worst(report.judgements)[:_WORST],
        is_gold_hit=is_gold_hit,
        weighted=weighted,
    )


def worst(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Wrong ones, the most harmful first: those that were answered, then those refused."""
    wrong = [each for each in judgements if each.verdict == "wrong"]
    return sorted(
        wrong,
        key=lambda each: (
            each.outcome is not None and each.outcome.refused,
            each.f1 or 0.0,
            each.rank or 0,
        ),
    )


def is_gold_hit(judgement: Judgement, shown: Shown) -> bool:
    """Whether a passage is the right one for the question."""
    return judgement.rank is not None and is_gold(shown.document, shown.text, judgement.question)


def answerable_columns(judgements: Sequence[Judgement]) -> list[Column]:
    """How the verdicts lie over the calibrated answerable, in steps of a tenth."""

    def step(judgement: Judgement) -> int:
        answerable = judgement.outcome.answerable if judgement.outcome else 0.0
        return min(_STEPS - 1, int(answerable * _STEPS))

    answered = [each for each in judgements if each.outcome is not None]
    return [
        _column(f"{number / _STEPS:.1f}", [each for each in answered if step(each) == number])
        for number in range(_STEPS)
    ]


def rank_columns(judgements: Sequence[Judgement], missing: str) -> list[Column]:
    """How the verdicts lie over the rank of the first right passage."""
    ranked = [each for each in judgements if each.rank is not None]
    columns = [
        _column(str(rank), [each for each in ranked if each.rank == rank])
        for rank in range(1, DEPTH + 1)
    ]
    beyond = [each for each in ranked if (each.rank or 0) > DEPTH]
    columns.append(_column(f">{DEPTH}", beyond))
    return [*columns, _column(missing, [each for each in ranked if each.rank == 0])]


def _column(label: str, judgements: Sequence[Judgement]) -> Column:
    counts: dict[Any, int] = {}
    for each in judgements:
        counts[each.verdict] = counts.get(each.verdict, 0) + 1
    return Column(label, tuple((verdict, counts.get(verdict, 0)) for verdict in VERDICTS))
