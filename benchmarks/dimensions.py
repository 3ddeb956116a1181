"""Whether the dimensions of an exam tell good answers from spoiled ones.

Good answers are the sentences of the evidence of the questions in ``qa/<name>.jsonl`` and, with
``--results``, the right answers of an exam (`kb eval`). Each is spoiled in several ways; a
dimension passes where it ranks the good one strictly above in 0.90 of the pairs of each way that
concerns it. The passages are the evidence of the question among that of others.

    python -m benchmarks.dimensions --data PATH [--results RESULTS.jsonl] [--pairs 300] [--skip 0]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kb.answer.grounding import ground
from kb.answer_types import Citation, Hit
from kb.exam.dimensions import NEEDED, Dimension, PassageLanguage, rate_all
from kb.exam.metrics import figure, interval_text, is_right, normalised
from kb.exam.questions import ExamQuestion, parse_questions
from kb.exam.results import Outcome, Shown, read_outcomes
from kb.types import Place

CONCERNS: dict[Dimension, tuple[str, ...]] = {
    "coherence": ("clauses shuffled", "other answer"),
    "fluency": ("words shuffled", "truncated"),
    "informativeness": ("truncated", "other answer"),
    "factuality": ("number swapped", "name swapped", "negated", "other answer"),
}
_DISTRACTORS = 4
_NEGATIONS = ("不", "未", "没有", "无")
_VERBS = re.compile("是|为|有|应当|可以|属于|位于|需要|能够|获得|成为|包括|规定|认为")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十百千]+(?=[年月日个人名次条元])")
_TITLE = re.compile(
    "《[^》]{2,20}》|[\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+|[A-Z][A-Za-z]{2,}"
)
_NAME_ENDS = tuple("市省县区国岛站州洲路河山寺镇村会党院部局司校学")


@dataclass(frozen=True)
class Good:
    """A good answer to a question."""

    question: ExamQuestion
    answer: str
    passages: tuple[str, ...]


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--results", type=Path, help="answers of an exam over these questions")
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--skip", type=int, default=0, help="questions to leave out")
    arguments = parser.parse_args()
    questions = [
        question
        for path in sorted((arguments.data / "qa").glob("*.jsonl"))
        for question in parse_questions(path.name, path.read_bytes())
        if question.evidence
    ]
    questions.sort(key=lambda each: hashlib.sha256(str(each.id).encode()).hexdigest())
    for title, good in (
        (
            "sentences of the evidence",
            list(from_evidence(questions[arguments.skip :], arguments.pairs)),
        ),
        ("right answers of the exam", list(from_results(questions, arguments))),
    ):
        if good:
            print(f"\n{title}: {len(good)}")
            check(good)


def from_evidence(questions: Sequence[ExamQuestion], count: int) -> Iterator[Good]:
    """Take the sentences of the evidence that hold the answer, with those beside them."""
    for number, question in enumerate(questions[:count]):
        sentences = [
            part for part in re.split(r"(?<=[。！？\n])", question.evidence) if part.strip()
        ]
        golds = [normalised(gold) for gold in question.answers]
        place = next(
            (
                place
                for place, sentence in enumerate(sentences)
                if any(gold in normalised(sentence) for gold in golds)
            ),
            0,
        )
        answer = "".join(sentences[place : place + 1 + number % 3]).strip()
        others = [
            questions[(number + step) % len(questions)].evidence
            for step in range(1, 1 + _DISTRACTORS)
        ]
        yield Good(question, answer, (*(each[:250] for each in others), question.evidence))


def from_results(
    questions: Sequence[ExamQuestion], arguments: argparse.Namespace
) -> Iterator[Good]:
    """Take the answers that are right."""
    outcomes = read_outcomes(arguments.results) if arguments.results else {}
    for question in questions:
        outcome = outcomes.get(question.id)
        if outcome is None or not outcome.answer:
            continue
        if is_right(question, outcome.answer, refused=outcome.refused):
            yield Good(question, outcome.answer, tuple(each.text for each in outcome.found))


def check(good: Sequence[Good]) -> None:
    """Print for each dimension in how many pairs the good answer is above each spoiled one."""
    language = PassageLanguage(text for each in good for text in each.passages)
    wins: dict[tuple[str, str], list[bool]] = {}
    for number, each in enumerate(good):
        dice = random.Random(number)  # noqa: S311 - no secret
        own = rated(each, each.answer, language)
        other = good[(number + 1 + dice.randrange(len(good) - 1)) % len(good)].answer
        for name, spoil in SPOIL.items():
            spoiled = other if name == "other answer" else spoil(each, dice)
            if spoiled is None or normalised(spoiled) == normalised(each.answer):
                continue
            theirs = rated(each, spoiled, language)
            for dimension in own:
                wins.setdefault((dimension, name), []).append(own[dimension] > theirs[dimension])
    for dimension, concerned in CONCERNS.items():
        for name in SPOIL:
            measured = figure(wins.get((dimension, name), []))
            mark = " "
            if name in concerned:
                mark = "+" if measured.value is not None and measured.value >= NEEDED else "-"
            print(f"{mark} {dimension:<16}{name:<18}{interval_text(measured)}")


def rated(good: Good, answer: str, language: PassageLanguage) -> dict[Dimension, float]:
    """Rate an answer over the passages of the good one."""
    shown = tuple(
        Shown(rank, "", "", "", text, 1.0) for rank, text in enumerate(good.passages, start=1)
    )
    citations = [Citation(each.rank, _hit(each)) for each in shown]
    sentences = tuple(
        (each.text, each.supported) for each in ground(answer, citations, good.question.text)
    )
    outcome = Outcome(
        id=good.question.id,
        question=good.question.text,
        answer=answer,
        refused=False,
        answerable=1.0,
        threshold=0.5,
        found=shown,
        cited=shown,
        sentences=sentences,
        model="",
        retrieve=0.0,
        total=0.0,
    )
    return rate_all(replace(good.question), outcome, language)


def _hit(shown: Shown) -> Hit:
    return Hit(shown.rank, shown.rank, "", "", 0, "", shown.text, shown.text, "", "", Place(), 1.0)


def _words_shuffled(good: Good, dice: random.Random) -> str | None:
    import rjieba

    words = rjieba.cut(good.answer)
    if len(words) < 3:
        return None
    dice.shuffle(words)
    return "".join(words)


def _clauses_shuffled(good: Good, dice: random.Random) -> str | None:
    clauses = [part for part in re.split(r"(?<=[，。；！？,;\n])", good.answer) if part.strip()]
    if len({normalised(each) for each in clauses}) < 2:
        return None
    shuffled = clauses[:]
    while [normalised(each) for each in shuffled] == [normalised(each) for each in clauses]:
        dice.shuffle(shuffled)
    return "".join(shuffled)


def _truncated(good: Good, dice: random.Random) -> str | None:
    # Where a clause ends, a text is not visibly cut.
    places = [
        place
        for place in range(int(len(good.answer) * 0.3), int(len(good.answer) * 0.85))
        if place > 0 and good.answer[place - 1].isalnum() and good.answer[place].isalnum()
    ]
    return good.answer[: dice.choice(places)] if places else None


def _number_swapped(good: Good, dice: random.Random) -> str | None:
    return _exchanged(good, lambda text: _NUMBER.findall(text), dice)


def _name_swapped(good: Good, dice: random.Random) -> str | None:
    return _exchanged(good, _names, dice)


def _names(text: str) -> list[str]:
    """Titles, foreign names, Latin names, and the words that end as places and bodies do."""
    import rjieba

    words = rjieba.cut(text)
    return _TITLE.findall(text) + [
        word for word in words if len(word) > 1 and word.endswith(_NAME_ENDS)
    ]


def _exchanged(good: Good, find: Callable[[str], list[str]], dice: random.Random) -> str | None:
    """Put what stands elsewhere in the passages in the place of one that the answer has."""
    own = sorted(set(find(good.answer)))
    others = sorted({each for text in good.passages for each in find(text)} - set(own))
    if not own or not others:
        return None
    return good.answer.replace(dice.choice(own), dice.choice(others), 1)


def _negated(good: Good, dice: random.Random) -> str | None:
    for negation in _NEGATIONS:
        if negation in good.answer:
            return good.answer.replace(negation, "", 1)
    verbs = list(_VERBS.finditer(good.answer))
    if not verbs:
        return None
    verb = dice.choice(verbs)
    return good.answer[: verb.start()] + "不" + good.answer[verb.start() :]


def _other(good: Good, dice: random.Random) -> str | None:
    raise AssertionError((good, dice))


SPOIL: dict[str, Callable[[Good, random.Random], str | None]] = {
    "words shuffled": _words_shuffled,
    "clauses shuffled": _clauses_shuffled,
    "truncated": _truncated,
    "other answer": _other,
    "number swapped": _number_swapped,
    "name swapped": _name_swapped,
    "negated": _negated,
}


if __name__ == "__main__":
    main()
