"""A passage, or a question, taken apart once for all that is compared with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kb.answer.claims import Claim, ReadText, read
from kb.text.normalise import compact

Pairs = frozenset[tuple[str, ...]]

_ENDS_IN_NEGATION = re.compile(
    "(?:不|没|未|无|非|勿|莫|禁止|[不没未]得|不[可能应会准予许]|没有|无法)$"
)


@dataclass(frozen=True)
class Source:
    """A passage with its headings and the name of its document, or a question."""

    number: int
    text: str
    heading: str = ""
    document: str = ""

    @cached_property
    def title(self) -> ReadText:
        """The name of the document, which counts as said but is no place to compare with."""
        return read(self.document)

    @cached_property
    def read(self) -> ReadText:
        """Headings and text."""
        return read(f"{self.heading}\n{self.text}")

    @cached_property
    def compact(self) -> str:
        """The text alone, to find quotations in."""
        return compact(self.text)

    @cached_property
    def pairs(self) -> Pairs:
        """All units that stand side by side."""
        return pairs(self.read.units) | pairs(self.title.units)

    def holds(self, part: Sequence[str]) -> bool:
        """Whether a run of units stands here or in the title."""
        return bool(places(part, self.read.units) or places(part, self.title.units))

    def names(self, name: Sequence[str]) -> bool:
        """Whether a name stands here; of a long one, which may be cut wrongly, most of it."""
        return any(map(self.holds, parts(name)))

    def has_number(self, claim: Claim) -> bool:
        """Whether a number stands here with its unit."""
        return any(is_same_number(each, claim) for each in self.read.of("number"))


def is_quoted(literal: str, whole: str) -> bool:
    """Whether a compact text says another word for word, neither cutting a number nor a 不."""
    start = whole.find(literal)
    while start >= 0:
        end = start + len(literal)
        cuts_number = (literal[0].isdigit() and whole[max(0, start - 1) : start].isdigit()) or (
            literal[-1].isdigit() and whole[end : end + 1].isdigit()
        )
        if not cuts_number and not _ENDS_IN_NEGATION.search(whole[max(0, start - 2) : start]):
            return True
        start = whole.find(literal, start + 1)
    return False


def is_same_number(one: Claim, other: Claim) -> bool:
    """Whether two numbers are the same value of the same unit, as far as units are known."""
    return one.value == other.value and (one.unit == other.unit or not one.unit or not other.unit)


def parts(name: Sequence[str]) -> list[Sequence[str]]:
    """A name, or of a long one the parts of three fifths of it."""
    least = len(name) if len(name) <= 3 else -(-3 * len(name) // 5)
    return [name[start : start + least] for start in range(len(name) - least + 1)]


def pairs(units: Sequence[str]) -> Pairs:
    """The pairs of neighbouring units; a single unit stands for itself."""
    found = frozenset(tuple(units[place : place + 2]) for place in range(len(units) - 1))
    return found or frozenset([tuple(units)] if units else [])


def places(part: Sequence[str], whole: Sequence[str]) -> list[int]:
    """Where a run of units begins in another."""
    wanted, length = tuple(part), len(part)
    return [
        place
        for place in range(len(whole) - length + 1)
        if whole[place] == wanted[0] and tuple(whole[place : place + length]) == wanted
    ]
