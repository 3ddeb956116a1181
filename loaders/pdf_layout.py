"""From pieces of text on a page to paragraphs in reading order. Pure geometry: knows no PDF.

Coordinates are points on the upright page, origin top left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from loaders.records import Box, Span
from loaders.text import join_lines

_COLUMN_DEPTH = 3
_LEAST_COLUMN_LINES = 4
_TERMINAL = re.compile(r"[。！？；：.!?;:…]['\"”’」』）)\]]*$")
_BLOCK_MARK = re.compile(
    r"第[零〇一二三四五六七八九十百千两\d]{1,7}[编篇章节条]|[一二三四五六七八九十]{1,3}、"
    r"|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,3}(?:[.．]\d{1,3})*[.、．)]?\s|\d{1,3}[.、．][^\d]|[•●◆■▪◇○*–-]\s?"
)
_SPACE = re.compile(r"[ \t\u00a0\u2000-\u200b\u3000]+")
_CJK = re.compile(r"[⺀-鿿豈-﫿＀-￯　-〿]")


@dataclass(slots=True)
class Segment:
    """A run of characters on one baseline without a wide gap.

    ``turn`` is by how many degrees the text stands turned clockwise on the upright page; the
    coordinates are those of the page turned back, on which the text reads from left to right.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    turn: int = 0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


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


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together; ``spans`` gives each line's part of the text and its place."""

    text: str
    size: float
    y0: float
    y1: float
    lines: int
    turn: int = 0
    spans: list[tuple[int, int, Line]] = field(default_factory=list)

    def placed(self, width: float, height: float) -> tuple[Span, ...]:
        """Return the spans with boxes as fractions of the upright page of this size."""
        if self.turn % 180:
            width, height = height, width
        return tuple(
            Span(start, end, _turned(_box(line, width, height), self.turn))
            for start, end, line in self.spans
        )


def paragraphs(segments: list[Segment]) -> list[Paragraph]:
    """Put a page's pieces into reading order and join them to paragraphs."""
    found: list[Paragraph] = []
    weights: Counter[int] = Counter()
    for segment in segments:
        weights[segment.turn] += len(segment.text)
    for turn, _ in weights.most_common():
        for flow in _flows([piece for piece in segments if piece.turn == turn], _COLUMN_DEPTH):
            for paragraph in _join(flow):
                paragraph.turn = turn
                # Only line ends mend this hyphen; elsewhere it is one to be seen.
                paragraph.text = paragraph.text.replace("\u00ad", "-")
                found.append(paragraph)
    return found


def body_size(paragraphs_: list[Paragraph]) -> float:
    """Return the size in which most characters are set, 0.0 without any."""
    counts: Counter[float] = Counter()
    for paragraph in paragraphs_:
        counts[round(paragraph.size * 2) / 2] += len(paragraph.text)
    return max(counts, key=lambda size: counts[size]) if counts else 0.0


def _box(line: Line, width: float, height: float) -> Box:
    def fraction(value: float, whole: float) -> float:
        return round(min(1.0, max(0.0, value / whole)), 4) if whole > 0 else 0.0

    return (
        fraction(line.x0, width),
        fraction(line.y0, height),
        fraction(line.x1, width),
        fraction(line.y1, height),
    )


def _turned(box: Box, turn: int) -> Box:
    x0, y0, x1, y1 = box
    if turn == 90:
        x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    elif turn == 180:
        x0, y0, x1, y1 = 1 - x1, 1 - y1, 1 - x0, 1 - y0
    elif turn == 270:
        x0, y0, x1, y1 = y0, 1 - x1, y1, 1 - x0
    return round(x0, 4), round(y0, 4), round(x1, 4), round(y1, 4)


def _rows(segments: list[Segment]) -> list[list[Segment]]:
    """Group pieces that stand on the same height, rows from the top, pieces from the left."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda piece: (piece.middle, piece.x0)):
        if rows:
            first = rows[-1][0]
            overlap = min(first.y1, segment.y1) - max(first.y0, segment.y0)
            if overlap >= 0.5 * min(first.y1 - first.y0, segment.y1 - segment.y0):
                rows[-1].append(segment)
                continue
        rows.append([segment])
    for row in rows:
        row.sort(key=lambda piece: piece.x0)
    return rows


def _flows(segments: list[Segment], depth: int) -> Iterator[list[Line]]:
    """Yield the runs of lines to read one after the other: bands across the page, then columns."""
    rows = _rows(segments)
    gutter = _gutter(rows) if depth else None
    if gutter is None:
        yield [_line(row) for row in rows]
        return
    across: list[list[Segment]] = []
    for crossing, band in _bands(rows, gutter):
        if crossing:
            across.extend(band)
            continue
        if across:
            yield [_line(row) for row in across]
            across = []
        pieces = [piece for row in band for piece in row]
        yield from _flows([piece for piece in pieces if piece.x1 <= gutter + 1], depth - 1)
        yield from _flows([piece for piece in pieces if piece.x1 > gutter + 1], depth - 1)
    if across:
        yield [_line(row) for row in across]


def _bands(rows: list[list[Segment]], gutter: float) -> Iterator[tuple[bool, list[list[Segment]]]]:
    """Yield runs of rows: those that cross the gutter or are no columns, and those in columns."""
    run: list[list[Segment]] = []
    for row in [*rows, None]:
        if row is not None and not _crosses(row, gutter):
            run.append(row)
            continue
        if run:
            yield not _is_columns(run, gutter), run
            run = []
        if row is not None:
            yield True, [row]


def _crosses(row: list[Segment], x: float) -> bool:
    return any(piece.x0 < x - 1 and piece.x1 > x + 1 for piece in row)


def _gutter(rows: list[list[Segment]]) -> float | None:
    """Find the x of the white space between two columns of running text."""
    pieces = [piece for row in rows for piece in row]
    if len(pieces) < 2 * _LEAST_COLUMN_LINES:
        return None
    left, right = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    size = median(piece.size for piece in pieces)
    width = right - left
    starts = Counter(round(p.x0) for p in pieces if 0.2 * width < p.x0 - left < 0.8 * width)
    best: tuple[int, float] | None = None
    for start, _ in starts.most_common(8):
        x = start - 0.4 * size
        columns = sum(len(run) for crossing, run in _bands(rows, x) if not crossing)
        if columns and (best is None or columns > best[0]):
            best = columns, x
    return best[1] if best is not None and best[0] >= _LEAST_COLUMN_LINES else None


def _is_columns(rows: list[list[Segment]], gutter: float) -> bool:
    """Tell two columns of running text from the columns of a table, which is read row by row."""
    pieces = [piece for row in rows for piece in row]
    sides = (
        [piece for piece in pieces if piece.x1 <= gutter + 1],
        [piece for piece in pieces if piece.x1 > gutter + 1],
    )
    for side in sides:
        if len(side) < _LEAST_COLUMN_LINES:
            return False
        lines = [_line(row) for row in _rows(side)]
        width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
        size = median(line.size for line in lines)
        if len(lines) < _LEAST_COLUMN_LINES or width < 8 * size:
            return False
        full = sum(line.x1 - line.x0 >= 0.6 * width for line in lines)
        if full < 0.5 * len(lines) or median(len(line.text) for line in lines) < 8:
            return False
    return True


def _line(row: list[Segment]) -> Line:
    text = row[0].text
    cells = 1
    for before, after in pairwise(row):
        gap = after.x0 - before.x1
        size = max(before.size, after.size)
        if gap > 1.8 * size:
            cells += 1
        narrow = gap < 0.7 * size and bool(
            _CJK.match(before.text[-1:]) or _CJK.match(after.text[:1])
        )
        text += after.text if narrow or gap < 0.12 * size else f" {after.text}"
    longest = max(row, key=lambda piece: len(piece.text))
    return Line(
        _SPACE.sub(" ", text).strip(),
        min(piece.x0 for piece in row),
        min(piece.y0 for piece in row),
        max(piece.x1 for piece in row),
        max(piece.y1 for piece in row),
        longest.size,
        cells,
    )


def _join(flow: list[Line]) -> Iterator[Paragraph]:
    lines = [line for line in flow if line.text]
    if not lines:
        return
    pitches = [
        after.y0 - before.y0
        for before, after in pairwise(lines)
        if after.y0 > before.y0 and abs(after.size - before.size) <= 0.15 * before.size
    ]
    pitch = median(pitches) if len(pitches) >= 3 else 0.0
    left = min(line.x0 for line in lines)
    right = max(line.x1 for line in lines)
    current = _start(lines[0])
    for before, after in pairwise(lines):
        table = before.cells > 1 and after.cells > 1
        if table and after.y0 - before.y0 < 3 * before.size:
            _append(current, after, "\n")
        elif not table and _goes_on(before, after, pitch, left, right):
            _append(current, after, None)
        else:
            yield current
            current = _start(after)
    yield current


def _goes_on(before: Line, after: Line, pitch: float, left: float, right: float) -> bool:
    """Tell whether a line continues the paragraph of the one before it."""
    size = max(before.size, after.size)
    if abs(before.size - after.size) > 0.15 * size or before.cells > 1 or after.cells > 1:
        return False
    step = after.y0 - before.y0
    if step <= 0 or step > max(1.35 * pitch, 1.3 * size) or (not pitch and step > 2.4 * size):
        return False
    if step > 3.2 * size:
        return False
    # A paragraph's last line leaves room where the next word would have fitted.
    if right - before.x1 > _first_word(after) + 0.6 * size:
        return False
    ended = _TERMINAL.search(before.text) is not None
    indent = after.x0 - min(left, before.x0)
    if ended and indent >= 1.2 * size and after.x0 - before.x0 >= -0.5 * size and indent < 6 * size:
        return False
    return not (ended and _BLOCK_MARK.match(after.text))


def _first_word(line: Line) -> float:
    """Return the width of what had to stay together at a line's start, in points."""
    word = line.text.split(" ", 1)[0]
    if match := _CJK.search(word):
        word = word[: max(2, match.start() + 1)]
    return (line.x1 - line.x0) * len(word) / max(1, len(line.text))


def _start(line: Line) -> Paragraph:
    return Paragraph(line.text, line.size, line.y0, line.y1, 1, spans=[(0, len(line.text), line)])


def _append(paragraph: Paragraph, line: Line, glue: str | None) -> None:
    if glue is None:
        joined = join_lines(paragraph.text, line.text)
        start = len(joined) - len(line.text)
        last_start, last_end, last = paragraph.spans[-1]
        # A mended hyphen is gone from the end of the line before.
        paragraph.spans[-1] = last_start, min(last_end, start), last
    else:
        joined = paragraph.text + glue + line.text
        start = len(joined) - len(line.text)
    paragraph.text = joined
    paragraph.spans.append((start, len(joined), line))
    paragraph.size = max(paragraph.size, line.size) if paragraph.lines == 1 else paragraph.size
    paragraph.y1 = max(paragraph.y1, line.y1)
    paragraph.lines += 1
