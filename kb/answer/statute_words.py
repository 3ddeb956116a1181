"""Says in the words of statutes what people ask in their own: 开除 is 解除劳动合同.

The table stands in ``prompts/thesaurus_law.txt``, a group on each line: what people say, parted by
、, words that only count together joined by +; then = and what statutes say, parted by ；.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.store.passages import FoundPassage
from kb.text.normalise import normalise
from kb.text.numerals import article_number

# Each is a search by vector. Of 99 lay questions written for this, and 38 of other people, as many
# were found with six as with all that fit.
_MOST = 6


@dataclass(frozen=True, slots=True)
class Wording:
    """What statutes say, and the sayings for it: words that a question has, all of them."""

    sayings: tuple[tuple[str, ...], ...]
    statute: str


def parse_wordings(text: str) -> list[Wording]:
    """Read the table; a line that begins with # is a remark.

    Raises:
        ValueError: a line has no saying, or nothing for it.
    """
    wordings = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        left, _, statute = line.partition("=")
        sayings = tuple(
            tuple(word for part in saying.split("+") if (word := normalise(part).strip()))
            for saying in left.split("、")
        )
        if not statute.strip() or not all(sayings):
            raise ValueError(f"line {number}: {line[:60]}")
        wordings.append(Wording(sayings, statute.strip()))
    return wordings


def statute_words(question: str, wordings: Sequence[Wording]) -> list[str]:
    """What statutes say for what a question says; the longest sayings first, they mean the most."""
    text = normalise(question)
    found = []
    for wording in wordings:
        # The first word of a saying is seldom there: the others are then not looked for.
        said = [
            words
            for words in wording.sayings
            if words[0] in text and all(word in text for word in words)
        ]
        if said:
            found.append((max(sum(map(len, words)) for words in said), wording.statute))
    found.sort(key=lambda entry: -entry[0])
    return [statute for _length, statute in found[:_MOST]]


def is_article(found: FoundPassage) -> bool:
    """Tell whether a passage belongs to a numbered article."""
    return article_number(found.passage.group) is not None
