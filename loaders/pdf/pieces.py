"""Pieces of text on a page, their rows and lines: what every later step of reading a PDF works on.

Coordinates are points on the page turned so that the text reads from left to right, origin top
left. Pure geometry: knows no PDF.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter

from loaders.records import Box

WIDE_GAP = 1.8
"""In sizes of the text: a gap that no space between words fills."""

_SPACE = re.compile(r"[ \t\u00a0\u2000-\u200b\u3000]+")
_CJK = re.compile(r"[⺀-鿿豈-﫿＀-￯　-〿]")
_WORD_SPACE = re.compile(r"\s* \s*")
_MIDDLE_AND_LEFT = attrgetter("middle", "x0")
_LEFT = attrgetter("x0")


@dataclass(slots=True)
class Segment:
    """A run of characters on one baseline without a wide gap.

    ``turn`` is by how many degrees the text stands turned clockwise on the upright page; the
    coordinates are those of the page turned back, on which the text reads from left to right.
    ``starts`` holds the left edge of each character and ``gap`` the widest space between its words,
    where they are known. ``block`` marks the place of
    a table found before: the number of that table on its page. ``line`` and ``chunks`` keep what
    `line_of` and `stripes.chunks_of` made of it, as each step of reading asks for them anew: a
    piece stays as it is once these have seen it.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    turn: int = 0
    starts: list[float] | None = None
    block: int | None = None
    gap: float | None = None
    middle: float = field(init=False, repr=False, compare=False)
    line: Line | None = field(default=None, init=False, repr=False, compare=False)
    chunks: tuple[Segment, ...] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.middle = (self.y0 + self.y1) / 2


@dataclass(slots=True)
class Line:
    """A visual line of one column. ``cells`` counts the pieces that wide gaps part."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    cells: int = 1


def rows_of(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Group pieces that stand on the same height, rows from the top, pieces from the left."""
    rows: list[list[Segment]] = []
    row: list[Segment] = []
    top = bottom = height = 0.0
    for segment in sorted(segments, key=_MIDDLE_AND_LEFT):
        y0, y1 = segment.y0, segment.y1
        if row:
            # Comparisons in place of min and max, which would be a third of the time.
            overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
            if overlap >= 0.5 * (y1 - y0 if y1 - y0 < height else height):
                row.append(segment)
                continue
        row = [segment]
        rows.append(row)
        top, bottom, height = y0, y1, y1 - y0
    for row in rows:
        if len(row) > 1:
            row.sort(key=_LEFT)
    return rows


def line_of(row: list[Segment]) -> Line:
    """Join the pieces of a row."""
    if len(row) == 1:
        (only,) = row
        if only.line is None:
            text = _SPACE.sub(" ", only.text).strip()
            only.line = Line(text, only.x0, only.y0, only.x1, only.y1, only.size)
        return only.line
    text = row[0].text
    cells = 1
    for before, after in pairwise(row):
        gap = after.x0 - before.x1
        size = max(before.size, after.size)
        if gap > WIDE_GAP * size:
            cells += 1
        narrow = gap < 0.7 * size and bool(
            _CJK.match(before.text[-1:]) or _CJK.match(after.text[:1])
        )
        text += after.text if narrow or gap < 0.12 * size else f" {after.text}"
    longest = max(row, key=lambda piece: len(piece.text))
    x0, y0, x1, y1 = around(row)
    return Line(_SPACE.sub(" ", text).strip(), x0, y0, x1, y1, longest.size, cells)


def around(pieces: Iterable[Segment | Line]) -> Box:
    """Return the box around pieces, of which there must be one at least."""
    boxes = [(piece.x0, piece.y0, piece.x1, piece.y1) for piece in pieces]
    return boxes[0] if len(boxes) == 1 else around_boxes(boxes)


def around_boxes(boxes: Sequence[Box]) -> Box:
    """Return the box around boxes, of which there must be one at least."""
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return min(x0s), min(y0s), max(x1s), max(y1s)


def placed_box(box: Box, turn: int, page: tuple[float, float]) -> Box:
    """Return a box as fractions of the upright page, on which its text stands turned."""
    width, height = page if not turn % 180 else page[::-1]
    x0, y0, x1, y1 = box
    if 0.0 < x0 <= x1 <= width and 0.0 < y0 <= y1 <= height:
        placed = (
            round(x0 / width, 4),
            round(y0 / height, 4),
            round(x1 / width, 4),
            round(y1 / height, 4),
        )
    else:
        placed = (
            _fraction(x0, width),
            _fraction(y0, height),
            _fraction(x1, width),
            _fraction(y1, height),
        )
    return _turned(placed, turn) if turn else placed


def _fraction(value: float, whole: float) -> float:
    if 0.0 < value <= whole:
        return round(value / whole, 4)
    return 1.0 if value > whole > 0 else 0.0


def _turned(box: Box, turn: int) -> Box:
    x0, y0, x1, y1 = box
    if turn == 90:
        x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    elif turn == 180:
        x0, y0, x1, y1 = 1 - x1, 1 - y1, 1 - x0, 1 - y0
    elif turn == 270:
        x0, y0, x1, y1 = y0, 1 - x1, y1, 1 - x0
    return round(x0, 4), round(y0, 4), round(x1, 4), round(y1, 4)


def cut_at(segment: Segment, places: list[float]) -> list[Segment]:
    """Cut a piece at these x, which must rise, each character going where its middle lies."""
    inside = [x for x in places if segment.x0 + 0.5 < x < segment.x1 - 0.5]
    if not inside or len(segment.text) < 2:
        return [segment]
    starts = _starts(segment)
    ends = [*starts[1:], segment.x1]
    middles = [(low + high) / 2 for low, high in zip(starts, ends, strict=True)]
    cuts = [0, *(bisect_left(middles, x) for x in inside), len(starts)]
    found = (_part(segment, starts, ends, low, high) for low, high in pairwise(cuts))
    return [piece for piece in found if piece is not None]


def gaps_in(segment: Segment) -> list[tuple[float, float]]:
    """Return from where to where the spaces between a piece's words reach."""
    if " " not in segment.text:
        return []
    starts = _starts(segment)
    spans = (match.span() for match in _WORD_SPACE.finditer(segment.text))
    return [(starts[low], starts[high]) for low, high in spans if low and high < len(starts)]


def _part(
    segment: Segment, starts: list[float], ends: list[float], low: int, high: int
) -> Segment | None:
    while low < high and segment.text[low].isspace():
        low += 1
    while low < high and segment.text[high - 1].isspace():
        high -= 1
    if low >= high:
        return None
    return Segment(
        segment.text[low:high],
        starts[low],
        segment.y0,
        ends[high - 1],
        segment.y1,
        segment.size,
        segment.turn,
        starts[low:high],
    )


def _starts(segment: Segment) -> list[float]:
    """Return where each character begins, evenly spread where it was not measured."""
    if segment.starts is not None:
        return segment.starts
    step = (segment.x1 - segment.x0) / len(segment.text)
    return [segment.x0 + step * index for index in range(len(segment.text))]
