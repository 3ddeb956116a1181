"""Puts passages that say the same as a better one behind the others.

A company keeps the same paragraph in many files: versions, copies, forwarded mails. Shown one after
the other they would fill the few places there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb.text.normalise import compact, normalise
from kb.text.numerals import arabic_numerals

# Share of the character pairs of both that two passages have in common (Jaccard's index). Reports
# of two months or two companies differ in little more than that, and must both be seen.
_SAME = 0.95
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def step_back(
    ranked: Sequence[tuple[int, float]], texts: Mapping[int, str], wanted: int
) -> list[tuple[int, float]]:
    """Return the ``wanted`` best of (id, score), near-duplicates of better ones last.

    The scores still fall from one to the next: what steps back gets that of the one before it.
    """
    kept: list[tuple[int, float]] = []
    behind: list[tuple[int, float]] = []
    seen: list[_Said] = []
    for identifier, score in ranked:
        if len(kept) == wanted:
            break
        said = _said(texts[identifier])
        if any(_are_same(said, other) for other in seen):
            behind.append((identifier, score))
        else:
            kept.append((identifier, score))
            seen.append(said)
    last = kept[-1][1] if kept else 0.0
    rest = [(identifier, min(score, last)) for identifier, score in behind]
    return [*kept, *rest][:wanted]


def likeness(one: str, other: str) -> float:
    """Tell how much of the shorter of two texts the other has: character pairs, 0 to 1."""
    pairs, others = _said(one).pairs, _said(other).pairs
    return len(pairs & others) / max(1, min(len(pairs), len(others)))


def say_the_same(one: str, other: str) -> bool:
    """Tell whether two texts say the same, their numbers included."""
    return _are_same(_said(one), _said(other))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a passage says: its characters, the pairs of them, and its numbers."""

    characters: str
    pairs: frozenset[str]
    numbers: tuple[str, ...]


@lru_cache(maxsize=1024)
def _said(text: str) -> _Said:
    own = compact(arabic_numerals(normalise(text)))
    pairs = frozenset(own[place : place + 2] for place in range(len(own) - 1))
    return _Said(own, pairs, tuple(_NUMBER.findall(own)))


def _are_same(one: _Said, other: _Said) -> bool:
    if one.characters == other.characters:
        return True
    if one.numbers != other.numbers:
        return False
    return len(one.pairs & other.pairs) >= _SAME * max(1, len(one.pairs | other.pairs))
