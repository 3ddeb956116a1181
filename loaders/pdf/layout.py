"""From pieces of text on a page to paragraphs in reading order. Pure geometry: knows no PDF.

Coordinates are points on the upright page, origin top left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from loaders.pdf.pieces import Line as Line  # others take both from here
from loaders.pdf.pieces import Segment as Segment
from loaders.pdf.pieces import line_of, placed_box, rows_of
from loaders.pdf.tables import TableBlock
from loaders.pdf.unruled import find_tables
from loaders.records import Box, Span
from loaders.text.plain import join_lines

_COLUMN_DEPTH = 3
_LEAST_COLUMN_LINES = 4
_TERMINAL = re.compile(r"[。！？；：.!?;:…]['\"”’」』）)\]]*$")
_BLOCK_MARK = re.compile(
    r"第[零〇一二三四五六七八九十百千两\d]{1,7}[编篇章节条]|[一二三四五六七八九十]{1,3}、"
    r"|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,3}(?:[.．]\d{1,3})*[.、．)]?\s|\d{1,3}[.、．][^\d]|[•●◆■▪◇○*–-]\s?"
)
_CJK = re.compile(r"[⺀-鿿豈-﫿＀-￯　-〿]")


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

    def placed(self, width: float, height: float, slope: float = 0.0) -> tuple[Span, ...]:
        """Return the spans with boxes as fractions of the upright page of this size.

        ``slope`` is by how much lines fall for each step to the right on a page that lay askew when
        its lines were made level around its middle.
        """
        return tuple(
            Span(
                start,
                end,
                placed_box(
                    _askew(line, slope, width, height, self.turn), self.turn, (width, height)
                ),
            )
            for start, end, line in self.spans
        )


Block = Paragraph | TableBlock


def paragraphs(segments: list[Segment]) -> list[Paragraph]:
    """Put a page's pieces into reading order and join them to paragraphs."""
    found: list[Paragraph] = []
    for turn, pieces in _by_turn(segments):
        for rows in _flows(pieces, _COLUMN_DEPTH):
            lines = [line_of(row) for row in rows]
            found.extend(_finished(_join(lines, _Measure(lines)), turn))
    return found


def blocks(segments: list[Segment], tables: Sequence[TableBlock] = ()) -> list[Block]:
    """Put a page's pieces, and tables found in it before, into reading order.

    Columns that white space parts become tables too; the rest is joined to paragraphs.
    """
    known = list(tables)
    found: list[Block] = []
    seen: set[int] = set()
    for turn, pieces in _by_turn([*segments, *_stand_ins_of(known, 0)]):
        # A table's columns must not be taken for columns of the page: tables come first.
        before = len(known)
        plain = _without_tables(pieces, known)
        searched = len(plain) if len(known) == before else 0
        for rows in _flows(plain, _COLUMN_DEPTH):
            for block in _flow_blocks(rows, searched):
                if isinstance(block, int):
                    # A column beside a table may have parted its stand-ins.
                    if block not in seen:
                        seen.add(block)
                        found.append(known[block])
                else:
                    if isinstance(block, Paragraph):
                        _finish(block, turn)
                    found.append(block)
    return found


def _without_tables(pieces: list[Segment], known: list[TableBlock]) -> list[Segment]:
    """Replace the pieces of unruled tables, which join the tables known, by stand-ins."""
    tables, rest = find_tables(pieces)
    first_new = len(known)
    known.extend(tables)
    return [*rest, *_stand_ins_of(known, first_new)]


def _stand_ins_of(tables: list[TableBlock], first: int) -> Iterator[Segment]:
    for number in range(first, len(tables)):
        yield from _stand_ins(number, tables[number])


def _by_turn(segments: list[Segment]) -> Iterator[tuple[int, list[Segment]]]:
    weights: Counter[int] = Counter()
    for segment in segments:
        weights[segment.turn] += len(segment.text)
    for turn, _ in weights.most_common():
        yield turn, [piece for piece in segments if piece.turn == turn]


def _finished(paragraphs_: Iterator[Paragraph], turn: int) -> Iterator[Paragraph]:
    for paragraph in paragraphs_:
        _finish(paragraph, turn)
        yield paragraph


def _finish(paragraph: Paragraph, turn: int) -> None:
    paragraph.turn = turn
    # Only line ends mend this hyphen; elsewhere it is one to be seen.
    paragraph.text = paragraph.text.replace("\u00ad", "-")


def _stand_ins(number: int, table: TableBlock) -> Iterator[Segment]:
    """Yield full lines in place of a table, so that columns are found as if it were text."""
    x0, y0, x1, y1 = table.box
    count = max(1, round((y1 - y0) / (1.5 * table.size)))
    step = (y1 - y0) / count
    for index in range(count):
        top = y0 + index * step
        yield Segment(
            "\ufffc" * 40, x0, top, x1, top + 0.8 * step, table.size, table.turn, None, number
        )


def _flow_blocks(rows: list[list[Segment]], searched: int) -> Iterator[Block | int]:
    """Yield the paragraphs and tables of a flow, and the numbers of tables found before.

    Where ``searched`` pieces, all those of the page, are one flow, it holds no further table.
    """
    plain: list[list[Segment]] = []
    parts: list[list[list[Segment]] | int] = [plain]
    for row in rows:
        text = [piece for piece in row if piece.block is None]
        if text:
            plain.append(text)
        for piece in row:
            if piece.block is not None and (plain or parts[-2:-1] != [piece.block]):
                plain = []
                parts.extend((piece.block, plain))
    measure = _Measure([line_of(row) for part in parts if isinstance(part, list) for row in part])
    for part in parts:
        if isinstance(part, int):
            yield part
            continue
        rest = [piece for row in part for piece in row]
        tables: list[TableBlock] = []
        if len(rest) != searched:
            tables, rest = find_tables(rest)
        lines = [line_of(row) for row in rows_of(rest)]
        for table in tables:
            above = [line for line in lines if line.y0 < table.box[1]]
            lines = lines[len(above) :]
            yield from _join(above, measure)
            yield table
        yield from _join(lines, measure)


def line_paragraph(line: Line, turn: int) -> Paragraph:
    """Return a line as a paragraph of its own."""
    paragraph = _start(line)
    _finish(paragraph, turn)
    return paragraph


def _askew(line: Line, slope: float, width: float, height: float, turn: int) -> Box:
    middle = (height if turn % 180 else width) / 2
    shifts = sorted((slope * (line.x0 - middle), slope * (line.x1 - middle)))
    return line.x0, line.y0 + shifts[0], line.x1, line.y1 + shifts[1]


def _flows(segments: list[Segment], depth: int) -> Iterator[list[list[Segment]]]:
    """Yield the runs of rows to read one after the other: bands across the page, then columns."""
    rows = rows_of(segments)
    gutter = _gutter(rows) if depth else None
    if gutter is None:
        yield rows
        return
    across: list[list[Segment]] = []
    for crossing, band in _bands(rows, gutter):
        if crossing:
            across.extend(band)
            continue
        if across:
            yield across
            across = []
        pieces = [piece for row in band for piece in row]
        yield from _flows([piece for piece in pieces if piece.x1 <= gutter + 1], depth - 1)
        yield from _flows([piece for piece in pieces if piece.x1 > gutter + 1], depth - 1)
    if across:
        yield across


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
        # Most places that are not the best one need no closer look.
        if sum(not _crosses(row, x) for row in rows) <= (best[0] if best is not None else 0):
            continue
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
    if min(map(len, sides)) < _LEAST_COLUMN_LINES:
        return False
    for side in sides:
        lines = [line_of(row) for row in rows_of(side)]
        width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
        size = median(line.size for line in lines)
        if len(lines) < _LEAST_COLUMN_LINES or width < 8 * size:
            return False
        full = sum(line.x1 - line.x0 >= 0.6 * width for line in lines)
        if full < 0.5 * len(lines) or median(len(line.text) for line in lines) < 8:
            return False
    return True


class _Measure:
    """How the lines of a flow are set: their pitch, and the edges of the column."""

    def __init__(self, lines: list[Line]) -> None:
        pitches = [
            after.y0 - before.y0
            for before, after in pairwise(lines)
            if after.y0 > before.y0 and abs(after.size - before.size) <= 0.15 * before.size
        ]
        self.pitch = median(pitches) if len(pitches) >= 3 else 0.0
        self.left = min((line.x0 for line in lines), default=0.0)
        self.right = max((line.x1 for line in lines), default=0.0)


def _join(flow: list[Line], measure: _Measure) -> Iterator[Paragraph]:
    lines = [line for line in flow if line.text]
    if not lines:
        return
    current = _start(lines[0])
    for before, after in pairwise(lines):
        table = before.cells > 1 and after.cells > 1
        if table and after.y0 - before.y0 < 3 * before.size:
            _append(current, after, "\n")
        elif not table and _goes_on(before, after, measure):
            _append(current, after, None)
        else:
            yield current
            current = _start(after)
    yield current


def _goes_on(before: Line, after: Line, measure: _Measure) -> bool:
    """Tell whether a line continues the paragraph of the one before it."""
    pitch, left, right = measure.pitch, measure.left, measure.right
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
