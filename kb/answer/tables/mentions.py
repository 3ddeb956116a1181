"""What was found of a table in a question: columns, cells, comparisons with numbers and dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.answer.tables import words
from kb.answer.tables.columns import Column
from kb.answer.tables.plan import Filter

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ColumnMention:
    """Words that name a column, ``score`` 1 where they are its whole name."""

    start: int
    end: int
    column: Column
    score: float


@dataclass(frozen=True, slots=True)
class ValueMention:
    """Words that name cells of a column; ``exact`` where they are the whole of one."""

    start: int
    end: int
    column: Column
    values: tuple[str, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a number or a date; without ``column`` nothing tells what is compared."""

    start: int
    end: int
    filter: Filter | None


@dataclass(slots=True)
class Links:
    """A folded question and all that was found of a table in it."""

    text: str
    columns: list[ColumnMention] = field(default_factory=list)
    values: list[ValueMention] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    context: list[Span] = field(default_factory=list)

    def rest(self, also: Iterable[Span] = ()) -> str:
        """What of the question nothing explains, without the words that every question has."""
        text = list(self.text)
        spans = [
            *((each.start, each.end) for each in self.columns),
            *((each.start, each.end) for each in self.values),
            *((each.start, each.end) for each in self.conditions if each.filter is not None),
            *self.context,
            *also,
        ]
        for start, end in spans:
            text[start:end] = "\0" * (end - start)
        return words.FILLERS.sub("", "".join(text).replace("\0", " "))

    def fit(self, also: Iterable[Span] = ()) -> float:
        """How much of the question is explained: 1 where nothing is left over."""
        whole = len(words.FILLERS.sub("", self.text)) or 1
        return 1 - len(self.rest(also).replace(" ", "")) / whole
