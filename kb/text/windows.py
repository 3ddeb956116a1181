"""Passages built of lines, and the windows around them that a reader is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.types import PASSAGE_LIMIT, Line, Passage, Place

_PREFIX_LIMIT = 100


def join(lines: Iterable[Line]) -> str:
    """Join neighbouring lines to the text they were cut from; the first line's glue is left out."""
    parts: list[str] = []
    for line in lines:
        if parts:
            parts.append(line.glue)
        parts.append(line.text)
    return "".join(parts)


def build_passages(
    lines: Sequence[Line], *, prefixes: Mapping[str, str] | None = None
) -> list[Passage]:
    """Fill passages greedily with the lines of one document, in order, none twice, none left out.

    A passage holds at most 250 code points, glue counted, and lines of one group only. A longer
    group becomes several passages that carry its name; each but the first then begins with the
    group's text in ``prefixes`` (headers and key column of a table row), if there is one. A heading
    never ends a passage: it goes with what follows, unless that would break a group in two.
    """
    passages: list[Passage] = []
    for group, first, last in _stretches(lines):
        prefix = (prefixes or {}).get(group, "")[:_PREFIX_LIMIT] if group else ""
        start = first
        while start <= last:
            lead = prefix if prefix and start > first else ""
            end = _fill(lines, start, last, PASSAGE_LIMIT - len(lead))
            passages.append(_passage(lines[start : end + 1], start, group, lead))
            start = end + 1
    return passages


def _stretches(lines: Sequence[Line]) -> list[tuple[str, int, int]]:
    """Cut a document into runs (group, first, last) that no passage may cross."""
    runs: list[tuple[str, int, int]] = []
    for index, line in enumerate(lines):
        if runs and runs[-1][0] == line.group:
            runs[-1] = (line.group, runs[-1][1], index)
        else:
            runs.append((line.group, index, index))
    for number in range(len(runs) - 1):
        _, first, last = runs[number]
        next_group, next_first, next_last = runs[number + 1]
        start = _before_headings(lines, first, last)
        if start <= last and _adopts(lines, start, (next_first, next_last)):
            runs[number] = (runs[number][0], first, start - 1)
            runs[number + 1] = (next_group, start, next_last)
    return [run for run in runs if run[1] <= run[2]]


def _before_headings(lines: Sequence[Line], first: int, last: int) -> int:
    """Give the first of the ungrouped headings that end a run, last + 1 if it ends otherwise."""
    start = last + 1
    while start > first and lines[start - 1].is_heading and not lines[start - 1].group:
        start -= 1
    return start


def _adopts(lines: Sequence[Line], start: int, run: tuple[int, int]) -> bool:
    """Tell whether headings from ``start`` fit before a run without making it one passage more."""
    first, last = run
    length = len(join(lines[first : last + 1]))
    if length <= PASSAGE_LIMIT:
        return len(join(lines[start : last + 1])) <= PASSAGE_LIMIT
    return len(join(lines[start : first + 1])) <= PASSAGE_LIMIT


def _fill(lines: Sequence[Line], start: int, last: int, limit: int) -> int:
    """Give the last line of the passage that begins at ``start``."""
    size = len(lines[start].text)
    end = start
    while end < last:
        size += len(lines[end + 1].glue) + len(lines[end + 1].text)
        if size > limit:
            break
        end += 1
    if end == last:
        return end
    kept = end
    while kept > start and lines[kept].is_heading:
        kept -= 1
    # A passage of headings alone stays as it is: there is nothing before them to part from.
    return end if lines[kept].is_heading else kept


def _passage(lines: Sequence[Line], start: int, group: str, prefix: str) -> Passage:
    body = next((line for line in lines if not line.is_heading), lines[0])
    return Passage(
        first_line=start,
        last_line=start + len(lines) - 1,
        text=prefix + join(lines),
        heading=body.heading,
        group=group,
        place=merge_places([line.place for line in lines]),
    )


def merge_places(places: Sequence[Place]) -> Place:
    """Give the place where a run of lines begins, with all their boxes on that page."""
    first = places[0]
    same_page = [p for p in places if (p.page, p.sheet) == (first.page, first.sheet)]
    return replace(first, boxes=tuple(dict.fromkeys(box for p in same_page for box in p.boxes)))


def widen(
    lines: Sequence[Line], hit_first: int, hit_last: int, *, limit: int = PASSAGE_LIMIT
) -> tuple[int, int]:
    """Widen a hit by whole neighbouring lines up to ``limit`` code points, glue counted.

    The sides take turns, the one after the hit first; where one has no more room or no more lines,
    the other goes on. The hit itself is always inside, even if it alone is longer than the limit.
    """
    first, last = hit_first, hit_last
    size = len(join(lines[first : last + 1]))
    after = before = True
    while after or before:
        if after:
            extra = _cost(lines, last + 1, last + 1)
            after = extra is not None and size + extra <= limit
            if after and extra is not None:
                last, size = last + 1, size + extra
        if before:
            extra = _cost(lines, first - 1, first)
            before = extra is not None and size + extra <= limit
            if before and extra is not None:
                first, size = first - 1, size + extra
    return first, last


def _cost(lines: Sequence[Line], taken: int, glued: int) -> int | None:
    """Give what a neighbour adds, its text and the glue that now counts; None past the ends."""
    if not 0 <= taken < len(lines):
        return None
    return len(lines[taken].text) + len(lines[glued].glue)


@dataclass(frozen=True, slots=True)
class Window:
    """Lines [first, last] of one document around its hit, the lines [hit_first, hit_last]."""

    document_id: int
    first: int
    last: int
    hit_first: int
    hit_last: int


def trim_overlaps(windows: Sequence[Window]) -> list[Window]:
    """Trim windows of the same document so that no line is shown twice; order and number stay.

    A line belongs to the hit that holds it, else to the best-ranked window around it. So a window
    never loses a line of its hit, and never grows.
    """
    owner: dict[tuple[int, int], int] = {}
    for rank, window in enumerate(windows):
        for line in range(window.hit_first, window.hit_last + 1):
            owner.setdefault((window.document_id, line), rank)
    trimmed: list[Window] = []
    for rank, window in enumerate(windows):
        first, last = window.hit_first, window.hit_last
        while first > window.first and owner.get((window.document_id, first - 1), rank) == rank:
            first -= 1
        while last < window.last and owner.get((window.document_id, last + 1), rank) == rank:
            last += 1
        for line in range(first, last + 1):
            owner.setdefault((window.document_id, line), rank)
        trimmed.append(replace(window, first=first, last=last))
    return trimmed
