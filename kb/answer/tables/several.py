"""Finds the further cells of a question that asks for several: the X and the Y of Z."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.answer.tables.asked import ASKING
from kb.answer.tables.cells import Cell, longest_common
from kb.text.normalise import compact

_MOST = 6
_MOST_ALIKE = 20
_LEAST_NAME, _LEAST_SHARE = 2, 0.5
_PAUSE = re.compile(r"\s*(?:[、，,；;]|\band\b)\s*", re.IGNORECASE)
_AND = "和"
# Of what is compared with another thing, the one difference is asked for.
_AGAINST = re.compile("相比|相较|对比|比起|比较|compared", re.IGNORECASE)
_ALL = re.compile(
    r"哪些|哪几|都有|都是|有哪|有什么|所有|全部|分别|各[是有为]|列出|列举|几[个种类款家项]|"
    r"\b(?:which .+ (?:are|were|have)|list|all)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[？?，,；;]|(?<=多[高重长宽深大快])(?=多[高重长宽深大快])")
_JOINS = re.compile(r"(?:[和与及跟]|以及|还有|或){1,3}(?:它?的)?")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """A cell with the name that tells it from the others, "" where there is none to tell."""

    cell: Cell
    name: str = ""


def companions(
    question: str, best: Cell, others: Sequence[Cell], *, whole: bool = True
) -> list[Named]:
    """Return the cells that a question asks for together, in its order; at least the best one.

    Another cell belongs to it if it is called like the best one but for one name, and the question
    has its own name in the place of that, joined to it by "and". Where all that fulfil a condition
    are asked for, so do those of its column whose rows fulfil it too.

    Args:
        question: the question.
        best: the cell that answers it best.
        others: the other cells of the table, best first.
        whole: whether these are all; a list of what fulfils a condition needs them.
    """
    if _AGAINST.search(question):
        return [Named(best)]
    text = compact(_PAUSE.sub(_AND, question))
    first = _spans(best, text)
    known = [first]
    chosen: list[tuple[int, Named]] = [(-1, Named(best))]
    # A row has what its neighbours have: the cells of the best one's own row go first.
    left = [(cell, _spans(cell, text)) for cell in sorted(others, key=lambda c: c.row != best.row)]
    while len(chosen) < _MOST:
        found = _next(known, left, text)
        if found is None:
            break
        cell, spans, (old, own) = found
        if len(chosen) == 1:
            # What the best one is called is known by what the other has in its place.
            chosen = [(old[0], Named(best, _name_at(best, old, text)))]
        chosen.append((own[0], Named(cell, _name_at(cell, own, text))))
        known.append(spans)
    if len(chosen) > 1:
        return [named for _place, named in sorted(chosen, key=lambda entry: entry[0])]
    return [Named(cell) for cell in _alike(question, best, others)] if whole else [Named(best)]


def _alike(question: str, best: Cell, others: Sequence[Cell]) -> list[Cell]:
    """The best cell and those of its column that fulfil the same condition, from the top.

    Rows under one label that was merged over them belong together; others only where the question
    asks for all.
    """
    if not best.about:
        return [best]
    same = (cell for cell in others if cell.column == best.column and cell.about == best.about)
    rows = {best.row: best} | {cell.row: cell for cell in same}
    if not _ALL.search(question):
        if not best.under_merged:
            return [best]
        low = high = best.row
        while low - 1 in rows:
            low -= 1
        while high + 1 in rows:
            high += 1
        rows = {row: cell for row, cell in rows.items() if low <= row <= high}
    texts = {rows[row].text: rows[row] for row in sorted(rows, reverse=True)}
    if len(texts) == 1 or len(texts) > _MOST_ALIKE:
        return [best]
    return list(reversed(texts.values()))


def _name_at(cell: Cell, place: Span, text: str) -> str:
    """The name of a cell that the question has at a place."""
    wanted = text[place[0] : place[1]]
    parts = [part for name in cell.names for part in (name, *name.split(" "))]
    holding = [part for part in parts if wanted in compact(part)]
    return min(holding, key=len, default="")


def _next(
    known: Sequence[frozenset[Span]], left: Sequence[tuple[Cell, frozenset[Span]]], text: str
) -> tuple[Cell, frozenset[Span], tuple[Span, Span]] | None:
    """The first cell that is joined to one of those known, with the names that tell them apart."""
    for cell, spans in left:
        for before in known:
            places = _joined(before, spans, text)
            if places and not any(_overlaps(places[1], others) for others in known):
                return cell, spans, places
    return None


def clauses(question: str) -> list[str]:
    """Part a question that asks twice; each part says what the first one is about.

    "How heavy is X, how long is it?" becomes two questions, one that asks once stays as it is.
    """
    parts: list[str] = []
    waiting = ""
    for part in _CLAUSE.split(question):
        if not part.strip():
            continue
        waiting += part
        if ASKING.search(part):
            parts.append(waiting)
            waiting = ""
        else:
            waiting += "，"
    if len(parts) < 2 or waiting:
        return [question]
    about = ASKING.sub("", parts[0])
    return [parts[0], *(about + part for part in parts[1:])]


def _joined(before: frozenset[Span], spans: frozenset[Span], text: str) -> tuple[Span, Span] | None:
    """The name that another one replaces, and that other, if "and" joins them."""
    lost, new = _run(_places(before) - _places(spans)), _run(_places(spans) - _places(before))
    if lost is None or new is None:
        return None
    first, second = sorted((lost, new))
    joined = first[1] < second[0] and _JOINS.fullmatch(text[first[1] : second[0]])
    return (lost, new) if joined else None


def _places(spans: Iterable[Span]) -> set[int]:
    return {place for span in spans for place in range(*span)}


def _run(places: set[int]) -> Span | None:
    """Where places follow each other without a gap, where they begin and end."""
    if not places or max(places) - min(places) >= len(places):
        return None
    return min(places), max(places) + 1


def _overlaps(span: Span, others: frozenset[Span]) -> bool:
    return any(span[0] < other[1] and other[0] < span[1] for other in others)


def _spans(cell: Cell, text: str) -> frozenset[Span]:
    """The places in a question of the names of a cell."""
    spans: list[Span] = []
    names = {part for name in cell.names for part in name.split(" ")} | set(cell.names)
    for name in names:
        plain = compact(name)
        length, place = longest_common(plain, text)
        if length >= _LEAST_NAME and length >= _LEAST_SHARE * len(plain):
            spans.append((place, place + length))
    # Of names within each other, the longest says what is meant.
    return frozenset(
        span
        for span in spans
        if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in spans)
    )
