"""The four dimensions by which reviewers rate an answer, 0 to 2 each, without a judge model.

Each is measured from the answer, the question and the passages found, and shown only if it tells
good answers from spoiled ones: `CHECKED` holds how often it did, measured by
``benchmarks/dimensions.py``. They order answers of one exam; they are no reviewer's marks.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from kb.answer.quoting import said_by_itself
from kb.exam.metrics import gold_groups, normalised, pairs
from kb.exam.questions import ExamQuestion
from kb.exam.results import Outcome
from kb.text.normalise import normalise
from kb.text.tokenise import content_tokens

Dimension = Literal["coherence", "fluency", "informativeness", "factuality"]

WEIGHTS: Mapping[Dimension, float] = {
    "coherence": 0.4,
    "fluency": 0.2,
    "informativeness": 0.2,
    "factuality": 0.2,
}
BEST = 2.0
NEEDED = 0.90
"""Share of the pairs in which a dimension must place the good answer strictly above."""


@dataclass(frozen=True, slots=True)
class Check:
    """How often a dimension ranked the good answer above the spoiled one, over ``pairs`` pairs.

    ``good`` tells where the good answers come from: sentences of the documents themselves, or
    right answers of a chat model.
    """

    dimension: Dimension
    corruption: str
    good: Literal["evidence", "model"]
    share: float
    pairs: int


CHECKED: tuple[Check, ...] = (
    Check("coherence", "clauses shuffled", "evidence", 0.996, 284),
    Check("coherence", "other answer", "evidence", 1.000, 300),
    Check("fluency", "words shuffled", "evidence", 1.000, 299),
    Check("fluency", "truncated", "evidence", 0.970, 300),
    Check("informativeness", "truncated", "evidence", 0.993, 300),
    Check("informativeness", "other answer", "evidence", 0.997, 300),
    Check("factuality", "other answer", "evidence", 1.000, 300),
    Check("factuality", "number swapped", "evidence", 0.984, 193),
    Check("factuality", "name swapped", "evidence", 1.000, 189),
    Check("factuality", "negated", "evidence", 0.988, 243),
    Check("coherence", "clauses shuffled", "model", 0.919, 37),
    Check("coherence", "other answer", "model", 0.991, 220),
    Check("fluency", "words shuffled", "model", 1.000, 202),
    Check("fluency", "truncated", "model", 0.906, 212),
    Check("informativeness", "truncated", "model", 0.910, 212),
    Check("informativeness", "other answer", "model", 0.995, 220),
    Check("factuality", "other answer", "model", 0.995, 220),
    Check("factuality", "number swapped", "model", 0.930, 100),
    Check("factuality", "name swapped", "model", 0.925, 106),
    Check("factuality", "negated", "model", 0.991, 115),
)
"""Measured on 300 sentences, and on the 220 right ones of 300 answers of a model of 1.5B."""


def passed(dimension: Dimension) -> bool:
    """Whether a dimension told good from spoiled answers in every kind of check."""
    shares = [check.share for check in CHECKED if check.dimension == dimension]
    return bool(shares) and min(shares) >= NEEDED


def shown_dimensions() -> tuple[Dimension, ...]:
    """The dimensions that may be shown."""
    return tuple(name for name in WEIGHTS if passed(name))


def weighted(scores: Mapping[str, float]) -> float | None:
    """The weighted mean (0 to 2) of the dimensions shown; None where there are none."""
    weights = {name: weight for name, weight in WEIGHTS.items() if name in scores}
    if not weights:
        return None
    return sum(scores[name] * weight for name, weight in weights.items()) / sum(weights.values())


def rate(question: ExamQuestion, outcome: Outcome, language: PassageLanguage) -> dict[str, float]:
    """Rate an answer in the dimensions that passed their check."""
    every = rate_all(question, outcome, language)
    return {name: every[name] for name in shown_dimensions()}


def rate_all(
    question: ExamQuestion, outcome: Outcome, language: PassageLanguage
) -> dict[Dimension, float]:
    """Rate an answer in all four dimensions, passed or not."""
    # What is quoted beside an answer is not the model's.
    answer = said_by_itself(outcome.answer or "")
    texts = dict.fromkeys(shown.text for shown in (*outcome.found, *outcome.cited))
    passages = [_Passage(text) for text in texts]
    return {
        "coherence": BEST * _coherence(question.text, answer, passages),
        "fluency": BEST * _fluency(answer, language),
        "informativeness": BEST * _informativeness(question, answer, passages),
        "factuality": BEST * _factuality(question.text, outcome, passages),
    }


# Fluency

_CLAUSE_MARK, _SENTENCE_MARK = "，", "。"
_CLAUSE_SIGNS = re.compile(r"[,，;；:：、]\s*(?!\d)")
_SENTENCE_SIGNS = re.compile(r"[。！？!?…\n]+|\.(?=\s|$)")
_SHARES = (0.65, 0.25, 0.1)
"""Of trigram, bigram and single character in the interpolated likelihood (Jelinek and Mercer)."""
_CYCLE = 4


class PassageLanguage:
    """A character trigram model of the passages, the small language model behind fluency.

    Interpolated as by Jelinek and Mercer (1980); punctuation is folded to two marks.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._ones: Counter[str] = Counter()
        self._twos: Counter[str] = Counter()
        self._threes: Counter[str] = Counter()
        sequences = [_marked(text) for text in dict.fromkeys(texts)]
        for sequence in sequences:
            self._ones.update(sequence)
            self._twos.update(_grams(sequence, 2))
            self._threes.update(_grams(sequence, 3))
        self._total = sum(self._ones.values()) + len(self._ones) + 1
        gains = [self._gain(sequence) for sequence in sequences if len(sequence) > 2]
        self._usual = sum(gains) / len(gains) if gains else 0.0

    def order(self, text: str) -> float:
        """How much the order of the characters explains, 1 being as much as in the passages."""
        sequence = _marked(text)
        if len(sequence) < 3 or not self._usual:
            return 1.0
        return min(1.0, max(0.0, self._gain(sequence) / self._usual))

    def ending(self, text: str) -> float:
        """How likely a clause ends where the text ends (0 to 1)."""
        sequence = _marked(text).rstrip(_SENTENCE_MARK + _CLAUSE_MARK)
        if text.rstrip()[-1:] in "。！？!?…”」』）)》.":
            return 1.0
        tail = sequence[-2:]
        followed = self._twos if len(tail) == 2 else self._ones
        seen = followed[tail]
        ends = sum(
            (self._threes if len(tail) == 2 else self._twos)[tail + mark]
            for mark in (_CLAUSE_MARK, _SENTENCE_MARK)
        )
        return ends / seen if seen else 0.0

    def _gain(self, sequence: str) -> float:
        """Nats a character that its two predecessors tell about it, beyond how frequent it is."""
        gains = [
            math.log(self._likelihood(sequence[place - 2 : place], sequence[place]))
            - math.log(self._frequency(sequence[place]))
            for place in range(2, len(sequence))
        ]
        return sum(gains) / len(gains)

    def _likelihood(self, before: str, char: str) -> float:
        three = self._threes[before + char] / (self._twos[before] or 1)
        two = self._twos[before[1] + char] / (self._ones[before[1]] or 1)
        parts = (three, two, self._frequency(char))
        return sum(share * part for share, part in zip(_SHARES, parts, strict=True))

    def _frequency(self, char: str) -> float:
        return (self._ones[char] + 1) / self._total


def _marked(text: str) -> str:
    ended = _SENTENCE_SIGNS.sub(_SENTENCE_MARK, text)
    folded = normalise(_CLAUSE_SIGNS.sub(_CLAUSE_MARK, ended)).replace(",", _CLAUSE_MARK)
    return _SENTENCE_MARK + folded.replace(" ", "")


def _grams(sequence: str, length: int) -> Iterable[str]:
    return (sequence[place : place + length] for place in range(len(sequence) - length + 1))


def _fluency(answer: str, language: PassageLanguage) -> float:
    """Order of the characters, less what is repeated, and whether the end is one."""
    return language.order(answer) * (1 - _repeated(answer)) * (0.7 + 0.3 * language.ending(answer))


def _repeated(answer: str) -> float:
    """Share of the four-character pieces that came before (distinct-n; Li et al., NAACL 2016)."""
    pieces = list(_grams(normalised(answer), _CYCLE))
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0


# What the passages say

_SENTENCES = re.compile(r"(?<=[。！？；!?;\n])")
_ONE_CLAUSE = 15


class _Passage:
    """A passage with its character triples, to find clauses in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = normalised(text)
        self.triples = set(_grams(self.plain, 3))

    def pieces(self) -> list[_Passage]:
        """Its sentences, each with the next."""
        sentences = [part for part in _SENTENCES.split(self.text) if part.strip()]
        return [_Passage("".join(sentences[place : place + 2])) for place in range(len(sentences))]

    def share(self, plain: str, given: AbstractSet[str] = frozenset()) -> float:
        """Share of a text's character triples that stand here or are given (0 to 1).

        A text too short for triples stands here as a whole or not at all.
        """
        own = list(_grams(plain, 3))
        if not own:
            return float(bool(plain) and plain in self.plain)
        return sum(triple in self.triples or triple in given for triple in own) / len(own)

    def places(self, plain: str) -> list[int]:
        """Where the triples of a text stand here, those that stand here once."""
        return [
            self.plain.find(triple)
            for triple in dict.fromkeys(_grams(plain, 3))
            if triple in self.triples and self.plain.count(triple) == 1
        ]


def _best(plain: str, passages: Sequence[_Passage]) -> tuple[float, _Passage | None]:
    shares = [(passage.share(plain), passage) for passage in passages]
    return max(shares, key=lambda each: each[0], default=(0.0, None))


# Coherence


def _coherence(question: str, answer: str, passages: Sequence[_Passage]) -> float:
    """Whether the answer is about the question, and goes on in the order of its source.

    About the question: the passage that it comes from holds the question's words. Order: Kendall's
    rank correlation of the places of its pieces in the source with those in the answer.
    """
    share, source = _best(normalised(answer), passages)
    words = set(content_tokens(question))
    near = set(content_tokens(source.text if source else "")) | set(content_tokens(answer))
    about = share * _length(words & near) / max(1, _length(words)) if words else share
    return 0.5 * about + 0.5 * _order(normalised(answer), source)


def _order(plain: str, source: _Passage | None) -> float:
    """Share of the pairs of pieces that stand in the source in the same order (0 to 1)."""
    places = [] if source is None else source.places(plain)
    if len(places) < 2:
        # What is no run of words of the source has no order that could be wrong.
        return 1.0 if len(plain) <= _ONE_CLAUSE else 0.5
    ordered = sum(
        first < second for number, first in enumerate(places) for second in places[number + 1 :]
    )
    return ordered / (len(places) * (len(places) - 1) / 2)


def _length(words: set[str]) -> int:
    return sum(len(word) for word in words)


# Informativeness

_MUCH = 20.0
"""Characters of specific words that make half of what content can add, as e-folds."""


def _informativeness(question: ExamQuestion, answer: str, passages: Sequence[_Passage]) -> float:
    """How much of the gold answer is said, and how much that the passages say and the question not.

    Without a gold answer the question's own words, in the answer or its passage, stand for it.
    """
    asked = set(content_tokens(question.text))
    said = set(content_tokens(answer))
    _share, source = _best(normalised(answer), passages)
    stands = {word for word in said - asked if source and normalised(word) in source.plain}
    content = 1 - math.exp(-_length(stands) / _MUCH)
    groups = gold_groups(question)
    if groups and not question.refuse:
        own = normalised(answer)
        told = [max(_recall(own, normalised(gold)) for gold in group) for group in groups]
        return 0.6 * sum(told) / len(told) + 0.4 * content
    near = said | set(content_tokens(source.text if source and stands else ""))
    return 0.6 * _length(asked & near) / max(1, _length(asked)) * bool(stands) + 0.4 * content


def _recall(own: str, gold: str) -> float:
    if gold in own:
        return 1.0
    wanted = pairs(gold)
    return len(wanted & pairs(own)) / len(wanted) if wanted else 0.0


# Factuality


def _factuality(question: str, outcome: Outcome, passages: Sequence[_Passage]) -> float:
    """How much of each sentence stands near the question's words, half where nothing supports it.

    Support is what the answer's own grounding found. Near is the same or the next sentence of a
    passage: a number or name that stands elsewhere is about something else. What the answer repeats
    of the question is neither for nor against it.
    """
    if not outcome.sentences:
        return 0.0
    words = set(content_tokens(question))
    given = set(_grams(normalised(question), 3))
    near = [
        (piece, 0.5 + 0.5 * _length(words & set(content_tokens(piece.text))) / _length(words))
        for passage in passages
        for piece in passage.pieces()
        if words
    ] or [(passage, 1.0) for passage in passages]
    shares = [
        max(
            (piece.share(normalised(text), given) * weight for piece, weight in near),
            default=0.0,
        )
        * (1.0 if supported else 0.5)
        for text, supported in outcome.sentences
    ]
    return sum(shares) / len(shares)
