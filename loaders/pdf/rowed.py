"""Tables whose rows alone are ruled or shaded: rules part the rows, white space the columns.

Pure geometry: knows no PDF. Rules of equal extent, one above the other, are one stack; so are the
edges of shaded rows. What lies between two of them is a row, or, as in books, where one rule stands
above the header, one below it and one at the end, the whole of the rows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import median

from loaders.pdf.bands import HALF_LINE, HALF_PITCH, Band, bands_of, gap_between, row_groups
from loaders.pdf.pieces import Segment, around
from loaders.pdf.prose import is_cut_prose, is_prose
from loaders.pdf.ruled import Rules, joined
from loaders.pdf.stripes import NUMBER, Chunk, chunks_of, cuts_between, place
from loaders.pdf.tables import TableBlock
from loaders.pdf.unruled import is_table, texts_of

_SAME_END = 4.0
"""Points by which the ends of rules of one stack may differ."""

_LEAST_RULES = 3
_MOST_RULES = 2000
_LEAST_WIDTH = 60.0
_MANY_ZONES = 4
"""So many parts between rules, the header's aside, are rows; fewer may be groups of rows."""

_NEAR = 0.95
"""In sizes of the text: white space between lines of one cell."""

_PARAGRAPH_GAP = 1.1
_WIDE_GAP = 1.3
_MOST_OPEN = 2
"""Rows above the first rule: a header and, where every second row is shaded, one more."""

_NAMED_VALUE = re.compile(r"[^：:]{1,14}[：:]\s*\S")
"""As in the line that names a company and a unit above a table."""

_LONGEST_CAPTION = 2
"""Parts that wide spaces make of a line between two tables: a number and a title."""

_MANY_LINES = 5
_TALL_CELL = 8


@dataclass(slots=True)
class _Stack:
    """Rules one above the other; ``ys`` holds their heights."""

    x0: float
    x1: float
    ys: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Zone:
    """What stands between two rules: its lines from the top, each with its chunks."""

    top: float
    bottom: float
    bands: list[Band]
    chunks: list[list[Segment]]

    @property
    def white(self) -> float:
        """The white space below its upper rule."""
        return min(p.middle - HALF_LINE * p.size for p in self.bands[0]) - self.top

    @property
    def white_below(self) -> float:
        """The white space above its lower rule."""
        return self.bottom - max(p.middle + HALF_LINE * p.size for p in self.bands[-1])


def rowed_tables(
    segments: Sequence[Segment], rules: Rules
) -> tuple[list[TableBlock], list[Segment]]:
    """Return the tables whose rows rules or shades part, and the pieces that stand in none."""
    rest = list(segments)
    tables: list[TableBlock] = []
    for stack in _stacks(joined(rules.horizontal)):
        for zones in _runs(_zones(stack, rest)):
            found = _table(stack, zones, rest)
            if found is not None:
                table, pieces = found
                tables.append(table)
                taken = {id(piece) for piece in pieces}
                rest = [piece for piece in rest if id(piece) not in taken]
    return sorted(tables, key=lambda table: table.box[1]), rest


def _stacks(lines: Sequence[tuple[float, float, float]]) -> list[_Stack]:
    """Gather rules of equal extent, the largest stack first."""
    stacks: list[_Stack] = []
    if len(lines) > _MOST_RULES:
        return stacks
    for y, x0, x1 in sorted(lines):
        if x1 - x0 < _LEAST_WIDTH:
            continue
        for stack in stacks:
            if abs(stack.x0 - x0) <= _SAME_END and abs(stack.x1 - x1) <= _SAME_END:
                stack.ys.append(y)
                break
        else:
            stacks.append(_Stack(x0, x1, [y]))
    found = [stack for stack in stacks if len(stack.ys) >= _LEAST_RULES]
    return sorted(found, key=lambda stack: -len(stack.ys))


def _zones(stack: _Stack, segments: Sequence[Segment]) -> Iterator[_Zone]:
    inside = [
        piece
        for piece in segments
        if piece.block is None
        and stack.ys[0] < piece.middle < stack.ys[-1]
        and stack.x0 - piece.size < piece.x0
        and piece.x1 < stack.x1 + piece.size
    ]
    for top, bottom in pairwise(stack.ys):
        pieces = [piece for piece in inside if top < piece.middle <= bottom]
        bands = bands_of(pieces)
        yield _Zone(top, bottom, bands, [_chunks(band) for band in bands])


def _chunks(band: Iterable[Segment]) -> list[Segment]:
    return [chunk for piece in band for chunk in chunks_of(piece)]


def _runs(zones: Iterator[_Zone]) -> Iterator[list[_Zone]]:
    """Yield the runs of zones that no text between two tables parts."""
    filled = list(zones)
    pads = [zone.white for zone in filled if any(len(line) > 1 for line in zone.chunks)]
    if not pads:
        return
    pad = median(pads)
    run: list[_Zone] = []
    for zone in filled:
        if _is_between(zone, pad) and not _is_aligned(zone, run):
            if run:
                yield run
            run = []
        elif zone.bands:
            run.append(zone)
    if run:
        yield run


def _is_aligned(zone: _Zone, run: list[_Zone]) -> bool:
    """Tell a tall row, whose cells begin where two cells of a row before it do."""
    starts = [[chunk.x0 for chunk in line] for row in run for line in row.chunks if len(line) > 1]
    for line in zone.chunks:
        near = line[0].size / 2
        for known in starts:
            met = {
                number
                for chunk in line
                for number, x0 in enumerate(known)
                if abs(chunk.x0 - x0) < near
            }
            if len(met) > 1:
                return True
    return False


def _is_between(zone: _Zone, pad: float) -> bool:
    """Tell the white space, captions and paragraphs between two tables from a row."""
    if not zone.bands:
        return zone.bottom - zone.top > 12 + 2 * pad
    if any(len(line) > _LONGEST_CAPTION for line in zone.chunks):
        return False
    size = zone.bands[0][0].size
    end = max(p.middle + HALF_LINE * p.size for p in zone.bands[-1])
    # The tallest cell of a row fills it but for the usual white above and below.
    return max(zone.white, zone.bottom - end) > 1.6 * max(pad, 0.0) + 0.2 * size or _is_parted(
        zone, _PARAGRAPH_GAP
    )


def _is_parted(zone: _Zone, most: float) -> bool:
    """Tell paragraphs, and rows without rules between them, from the lines of one row."""
    return any(
        gap_between(before, after) > most * before[0].size for before, after in pairwise(zone.bands)
    )


def _table(
    stack: _Stack, zones: list[_Zone], segments: Sequence[Segment]
) -> tuple[TableBlock, list[Segment]] | None:
    cuts = _cuts(zones)
    if not cuts:
        return None
    count = len(zones)
    zones = [
        *_beyond(stack, zones, segments, cuts, above=True),
        *zones,
        *_beyond(stack, zones, segments, cuts, above=False),
    ]
    if len(zones) > count:
        cuts = _cuts(zones) or cuts
    pieces = [piece for zone in zones for band in zone.bands for piece in band]
    size = median(piece.size for piece in pieces)
    many = len(zones) > _MANY_ZONES
    chunks: list[list[Chunk]] = []
    number = 0
    for zone in zones:
        chunks.append([])
        for line in zone.chunks:
            chunks[-1].extend(Chunk(piece, number) for piece in line)
            number += 1
    count = len(cuts) + 1
    for zone_chunks in chunks:
        place(zone_chunks, cuts)
    if is_cut_prose(chunks, count, size):
        return None
    single = sum(len(zone.bands) == 1 for zone in zones[1:])
    are_rows = many and single >= 0.5 * (len(zones) - 1)
    groups: list[list[Chunk]] = []
    for zone, zone_chunks in zip(zones, chunks, strict=True):
        strict = many or (not groups and len(zones) > 1)
        if are_rows or not _holds_rows(zone_chunks, count, strict=strict):
            if _is_parted(zone, _WIDE_GAP):
                return None
            groups.append(zone_chunks)
        else:
            groups.extend(row_groups(zone_chunks, count, size))
    if not _is_sound(groups, count, size, many=many):
        return None
    edges = list(pairwise([stack.x0, *cuts, stack.x1]))
    boxes = [around(chunk.piece for chunk in group) for group in groups]
    top = min(zones[0].top, boxes[0][1])
    bottom = max(zones[-1].bottom, boxes[-1][3])
    table = TableBlock(
        [texts_of(group, edges) for group in groups],
        [(stack.x0, box[1], stack.x1, box[3]) for box in boxes],
        edges,
        (stack.x0, top, stack.x1, bottom),
        size,
        pieces[0].turn,
    )
    return table, pieces


def _cuts(zones: Sequence[_Zone]) -> list[float]:
    """Return where white space parts the columns, each row or each line having its say."""
    many = len(zones) > _MANY_ZONES
    chunks: list[Chunk] = []
    number = 0
    for row, zone in enumerate(zones):
        for line in zone.chunks:
            chunks.extend(Chunk(piece, row if many else number) for piece in line)
            number += 1
    size = median(chunk.piece.size for chunk in chunks)
    return cuts_between(chunks, len(zones) if many else number, size, sure=True)


def _holds_rows(chunks: list[Chunk], count: int, *, strict: bool) -> bool:
    """Tell several rows between two rules from the lines of one row."""
    columns: dict[int, set[int]] = {}
    numbers: dict[int, set[int]] = {}
    for chunk in chunks:
        columns.setdefault(chunk.band, set()).add(chunk.low)
        if NUMBER.fullmatch(chunk.piece.text):
            numbers.setdefault(chunk.low, set()).add(chunk.band)
    if len(columns) < 2:
        return False
    if not strict:
        return True
    full = sum(0 in found and len(found) >= max(2, 0.6 * count) for found in columns.values())
    # Numbers do not go on over lines, and hardly ever do all cells of a row over many.
    numeric = max((len(bands) for bands in numbers.values()), default=0)
    return full >= 0.8 * len(columns) and (
        numeric >= 0.8 * len(columns) or len(columns) >= _MANY_LINES
    )


def _is_sound(groups: list[list[Chunk]], count: int, size: float, *, many: bool) -> bool:
    tall = [len({chunk.band for chunk in group}) for group in groups]
    if (not many or max(tall) > _TALL_CELL) and is_prose(groups, count, size):
        return False
    return median(tall) <= _TALL_CELL and is_table(groups, count, size)


def _beyond(
    stack: _Stack,
    zones: list[_Zone],
    segments: Sequence[Segment],
    cuts: Sequence[float],
    *,
    above: bool,
) -> list[_Zone]:
    """Return the rows before the first rule or after the last one: not every table is closed."""
    edge = zones[0].top if above else zones[-1].bottom
    # No further than the next rule: what lies behind it belongs to another run.
    others = [y for y in stack.ys if (y < edge if above else y > edge)]
    bound = (max if above else min)(others, default=-inf if above else inf)
    size = zones[0].bands[0][0].size
    pad = max(0.0, median(zone.white for zone in zones))
    between = pad + max(0.0, median(zone.white_below for zone in zones))
    pieces = [
        piece
        for piece in segments
        if piece.block is None
        and (piece.middle < edge if above else piece.middle > edge)
        and abs(piece.middle - edge) < 12 * size
        and (piece.middle > bound if above else piece.middle < bound)
        and piece.x1 > stack.x0
        and piece.x0 < stack.x1
    ]
    bands = bands_of(pieces)
    if above:
        bands.reverse()
    # Rows from the rule outwards, of their lines too.
    rows: list[list[Band]] = []
    for band in bands:
        x0, _, x1, _ = around(band)
        if x0 < stack.x0 - size or x1 > stack.x1 + size:
            break
        if above and any(_NAMED_VALUE.match(chunk.text) for chunk in _chunks(band)):
            break
        white = _white(rows[-1][-1], band) if rows else _white_to(edge, band)
        if white > (max(_NEAR * size, 1.1 * between) if rows else 1.25 * pad) + 0.1 * size:
            break
        if rows and white < between - 0.1 * size:
            rows[-1].append(band)
        elif len(rows) < (_MOST_OPEN if above else 1):
            rows.append([band])
        else:
            break
    while rows and not _is_row(rows[-1], cuts):
        rows.pop()
    found = [
        _open_zone(row, edge if number == 0 else None, pad, above=above)
        for number, row in enumerate(rows)
    ]
    return found[::-1] if above else found


def _white(one: Band, other: Band) -> float:
    """Return the white between two bands, whichever is the upper one."""
    upper, lower = (one, other) if one[0].middle < other[0].middle else (other, one)
    return gap_between(upper, lower)


def _white_to(edge: float, band: Band) -> float:
    return min(abs(piece.middle - edge) - HALF_LINE * piece.size for piece in band)


def _is_row(row: list[Band], cuts: Sequence[float]) -> bool:
    """Tell a row from a caption and other text, having dropped the lines of these beyond it."""
    while row and len(_chunks(row[-1])) < 2 and not _is_beside(row):
        row.pop()
    filled = {bisect_right(cuts, chunk.x0) for band in row for chunk in _chunks(band)}
    return len(filled) >= max(2, 0.6 * (len(cuts) + 1))


def _is_beside(row: list[Band]) -> bool:
    """Tell whether the outermost line stands midway beside lines of another cell."""
    return len(row) > 1 and _white(row[-2], row[-1]) < HALF_PITCH * row[-1][0].size


def _open_zone(row: list[Band], edge: float | None, pad: float, *, above: bool) -> _Zone:
    bands = row[::-1] if above else row
    top = min(p.middle - HALF_LINE * p.size for p in bands[0]) - pad
    bottom = max(p.middle + HALF_LINE * p.size for p in bands[-1]) + pad
    if edge is not None:
        top, bottom = (top, edge) if above else (edge, bottom)
    return _Zone(top, bottom, bands, [_chunks(band) for band in bands])
