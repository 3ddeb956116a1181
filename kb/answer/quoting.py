"""Finds the words of a source that an answer stands on, short enough to be read beside it.

A small model shortens and rewrites what it read, or takes the value next to the right one. The
words themselves, one glance away, let the reader see what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.answer_types import Citation
from kb.text.normalise import compact
from kb.text.splitter import split_lines

# Characters that answer and quotation may have together, blanks and punctuation not counted.
_LONGEST = 80
# Less than so much room holds no clause that says anything.
_LEAST_ROOM = 6
# What the answer adds to the question weighs so many times what the question says itself.
_ANSWERS = 2.0
# Runs of clauses that hold about as much: the longer one says more.
_ABOUT = 0.05
# Share of what the answer adds that the words must have, else it does not stand on them.
_LEAST = 0.3
# Words of which answer and question have so much already add nothing.
_REPEATS = 0.8
# A block quotation in Markdown, which readers of mail know too.
BEGINS_QUOTATION = "\n\n> "
_CLAUSE = re.compile(r"[^，,；;。！!？?\n]*+(?:[，,；;。！!？?\n]++[”’」』】》）\")\]]*+|$)")

_Pairs = frozenset[str]


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of the source ``number``, as they stand there."""

    text: str
    number: int


def with_quotation(answer: str, quoted: Quotation) -> str:
    """Return the answer with the quoted words in a paragraph of their own."""
    return f"{answer}{BEGINS_QUOTATION}{quoted.text}"


def said_by_itself(answer: str) -> str:
    """Return an answer without the words quoted beside it."""
    return answer.partition(BEGINS_QUOTATION)[0]


def quotation(question: str, answer: str, citations: Sequence[Citation]) -> Quotation | None:
    """Return the clauses of one line that hold most of the answer and the question.

    None where there is no room beside the answer, where the answer says these words already, or
    where nothing has enough of it, as in another language.
    """
    asked, said = _pairs(compact(question)), _pairs(compact(answer))
    room = _LONGEST - len(compact(answer))
    added = said - asked or said
    found: list[tuple[float, Quotation]] = []
    if room < _LEAST_ROOM:
        return None
    for citation in citations:
        hit = citation.hit
        above = _pairs(compact(f"{hit.document}\n{hit.heading}"))
        for run in _runs(hit.text, room):
            own = _pairs(compact(run))
            share = len(added & own) / len(added)
            if share >= _LEAST:
                worth = _ANSWERS * share + len(asked & (own | above)) / max(1, len(asked))
                found.append((worth, Quotation(run, citation.number)))
    if not found:
        return None
    most, best = max(found, key=lambda each: each[0])
    as_good = (
        each for worth, each in found if worth >= most - _ABOUT and each.number == best.number
    )
    longest = max(as_good, key=lambda each: len(each.text))
    own = _pairs(compact(longest.text))
    return None if len(own & (said | asked)) >= _REPEATS * len(own) else longest


def _runs(text: str, room: int) -> Iterator[str]:
    """Yield the runs of clauses of each line that are short enough."""
    for line in split_lines(text):
        clauses = [clause for clause in _CLAUSE.findall(line) if clause.strip()]
        for first in range(len(clauses)):
            run = ""
            for clause in clauses[first:]:
                run += clause
                if len(compact(run)) > room:
                    break
                yield run.strip()


def _pairs(text: str) -> _Pairs:
    return frozenset(text[place : place + 2] for place in range(len(text) - 1)) or frozenset(
        [text] if text else []
    )
