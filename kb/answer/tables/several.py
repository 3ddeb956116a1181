"""Finds the further cells of a question that asks for several: the X and the Y of Z."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.answer.tables.asked import ASKS
from kb.answer.tables.cells import Cell, longest_common
from kb.text.normalise import compact

_MOST = 6
_LEAST_NAME, _LEAST_SHARE = 2, 0.5
_PAUSE = re.compile(r"\s*(?:[、，,；;]|\band\b)\s*", re.IGNORECASE)
_AND = "和"
_CLAUSE = re.compile(r"[？?，,；;]|(?<=多[高重长宽深大快])(?=多[高重长宽深大快])")
_JOINS = re.compile(r"(?:[和与及跟]|以及|还有|或){1,3}(?:它?的)?")

Span = tuple[int, int]


def companions(question: str, best: Cell, others: Sequence[Cell]) -> list[Cell]:
    """Return the cells that a question asks for together, in its order; at least the best one.

    Another cell belongs to it if it is called like the best one but for one name, and the question
    has its own name in the place of that, joined to it by "and".

    Args:
        question: the question.
        best: the cell that answers it best.
        others: all cells of the table, best first.
    """
    text = compact(_PAUSE.sub(_AND, question))
    known = [_spans(best, text)]
    chosen: list[tuple[int, Cell]] = [(-1, best)]
    # A row has what its neighbours have: the cells of the best one's own row go first.
    left = [(cell, _spans(cell, text)) for cell in sorted(others, key=lambda c: c.row != best.row)]
    while len(chosen) < _MOST:
        found = _next(known, left, text)
        if found is None:
            break
        cell, spans, (old, own) = found
        if len(chosen) == 1:
            # Where the best one stands is known by what the other has in its place.
            chosen = [(old[0], best)]
        chosen.append((own[0], cell))
        known.append(spans)
    return [cell for _place, cell in sorted(chosen, key=lambda entry: entry[0])]


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
    parts = [part for part in _CLAUSE.split(question) if part.strip()]
    asking = [bool(ASKS.search(part)) for part in parts]
    if sum(asking) < 2 or not all(asking):
        return [question]
    about = ASKS.sub("", parts[0])
    return [parts[0], *(about + part for part in parts[1:])]


def _joined(before: frozenset[Span], spans: frozenset[Span], text: str) -> tuple[Span, Span] | None:
    """The name that another one replaces, and that other, if "and" joins them."""
    lost, new = before - spans, spans - before
    if len(lost) != 1 or len(new) != 1:
        return None
    (old,), (own,) = lost, new
    first, second = sorted((old, own))
    joined = first[1] < second[0] and _JOINS.fullmatch(text[first[1] : second[0]])
    return (old, own) if joined else None


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
