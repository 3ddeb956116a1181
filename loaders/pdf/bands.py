"""Lines of a page, and which of them are the lines of one row of a table. Pure geometry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from loaders.pdf.pieces import Segment, around
from loaders.pdf.stripes import NUMBER, Chunk

HALF_LINE = 0.3
"""How far above and below its middle a line's ink certainly reaches, in sizes of the text, as are
all of these; boxes are taller."""

HALF_PITCH = 0.3
"""Less white than this is between lines of two cells only."""

_LEAST_STEP = 0.15
"""By how much the white between rows is more than that between lines of a cell."""

_NEXT_ROW = 0.9
_WORD = re.compile(r"[!-~\u00c0-\u024f\u0370-\u04ff]+")
"""What no line break parts, unlike Chinese."""

Band = list[Segment]


def bands_of(segments: Sequence[Segment]) -> list[Band]:
    """Group pieces whose heights overlap, so that lines set midway between others join them."""
    bands: list[Band] = []
    bottom = 0.0
    for piece in sorted(segments, key=lambda piece: piece.middle):
        reach = HALF_LINE * piece.size
        if bands and piece.middle - reach < bottom:
            bands[-1].append(piece)
            bottom = max(bottom, piece.middle + reach)
        else:
            bands.append([piece])
            bottom = piece.middle + reach
    return bands


def gap_between(before: Sequence[Segment], after: Sequence[Segment]) -> float:
    """Return the white between the ink of two bands."""
    return min(p.middle - HALF_LINE * p.size for p in after) - max(
        p.middle + HALF_LINE * p.size for p in before
    )


def row_groups(chunks: list[Chunk], count: int, size: float) -> list[list[Chunk]]:
    """Gather the chunks of each row of the table, whose cells may have several lines."""
    bands: list[list[Chunk]] = []
    for chunk in chunks:
        if not bands or bands[-1][0].band != chunk.band:
            bands.append([])
        bands[-1].append(chunk)
    if len(bands) < 2:
        return bands
    gaps = [
        gap_between([c.piece for c in before], [c.piece for c in after])
        for before, after in pairwise(bands)
    ]
    limit = line_gap(gaps, size)
    if limit and min(gaps) < HALF_PITCH * size:
        midway = limit if limit < HALF_PITCH * size else 0.0
        limit = max(midway, _line_gap_in_columns(bands, size)) or limit
    partial = [len({chunk.low for chunk in band}) < count for band in bands]
    close = [gap <= limit for gap in gaps]
    room = _widths(chunks)
    breaks = [
        near and _may_break(before, band, room)
        for (before, band), near in zip(pairwise(bands), close, strict=True)
    ]
    wraps = sum(
        p or q or goes_on
        for (p, q), near, goes_on in zip(pairwise(partial), close, breaks, strict=True)
        if near
    )
    wrapped = limit > 0 and wraps >= 0.5 * sum(close)
    groups = [[bands[0]]]
    for before, band, near, gap in zip(bands, bands[1:], close, gaps, strict=False):
        if (
            (wrapped and near)
            or (not limit and _continues(before, band, count))
            or (gap < HALF_PITCH * size and _by_column(before).keys().isdisjoint(_by_column(band)))
        ):
            groups[-1].append(band)
        else:
            groups.append([band])
    return [row for group in groups for row in _rows_of_group(group, count, room)]


def _line_gap_in_columns(bands: Sequence[list[Chunk]], size: float) -> float:
    """Return the largest gap between lines of one cell where short cells stand midway beside them.

    There the white to look at is that between lines of a column.
    """
    columns = [{chunk.low for chunk in band} for band in bands]
    gaps = []
    for index in range(1, len(bands)):
        for above in range(index - 1, max(index - 3, -1), -1):
            if columns[above] & columns[index]:
                gaps.append(
                    gap_between([c.piece for c in bands[above]], [c.piece for c in bands[index]])
                )
                break
    # Less white than that is beside a line of another column in the same band.
    gaps = [gap for gap in gaps if gap >= HALF_PITCH * size]
    least = min(gaps, default=0.0)
    return line_gap([gap for gap in gaps if gap <= least + _NEXT_ROW * size], size)


def _widths(chunks: Sequence[Chunk]) -> dict[int, float]:
    """Return how wide the widest line of each column is."""
    lines: dict[tuple[int, int], tuple[float, float]] = {}
    for chunk in chunks:
        if chunk.low == chunk.high:
            x0, x1 = lines.get((chunk.low, chunk.band), (chunk.piece.x0, chunk.piece.x1))
            lines[chunk.low, chunk.band] = min(x0, chunk.piece.x0), max(x1, chunk.piece.x1)
    widths: dict[int, float] = {}
    for (column, _), (x0, x1) in lines.items():
        widths[column] = max(widths.get(column, 0.0), x1 - x0)
    return widths


def _may_break(before: list[Chunk], band: list[Chunk], room: dict[int, float]) -> bool:
    """Tell whether all that goes on in the line below did not fit into the line above."""
    above, below = _by_column(before), _by_column(band)
    for column in above.keys() & below.keys():
        first, second = above[column], below[column]
        if NUMBER.fullmatch(first[-1].text) and NUMBER.fullmatch(second[0].text):
            return False
        x0, _, x1, _ = around(first)
        if x1 - x0 + _first_word(second[0]) <= room.get(column, 0.0):
            return False
    return True


def _by_column(band: Sequence[Chunk]) -> dict[int, list[Segment]]:
    columns: dict[int, list[Segment]] = {}
    for chunk in band:
        columns.setdefault(chunk.low, []).append(chunk.piece)
    return columns


def _first_word(piece: Segment) -> float:
    """Return how wide the least is that a line break would have taken along."""
    word = _WORD.match(piece.text)
    return (piece.x1 - piece.x0) * (word.end() if word else 1) / max(len(piece.text), 1)


def _rows_of_group(
    group: list[list[Chunk]], count: int, room: dict[int, float]
) -> Iterator[list[Chunk]]:
    """Part lines that stood close although each is a row, as between blank lines."""
    full = sum(len({chunk.low for chunk in band}) >= max(2, 0.6 * count) for band in group)
    if (
        len(group) > 2
        and full >= 0.8 * len(group)
        and not all(_may_break(before, band, room) for before, band in pairwise(group))
    ):
        yield from group
    else:
        yield [chunk for band in group for chunk in band]


def line_gap(gaps: list[float], size: float) -> float:
    """Return the largest gap between lines of one cell, 0 where all gaps are alike."""
    ordered = sorted(gaps)
    best, limit = _LEAST_STEP * size, 0.0
    for low, high in pairwise(ordered):
        if low > 1.2 * size:
            break
        if high - low > best and high + 0.6 * size >= 1.12 * (low + 0.6 * size):
            best, limit = high - low, low
    return limit


def _continues(before: list[Chunk], band: list[Chunk], count: int) -> bool:
    """Tell a line that only goes on with cells of the row above, the first one being empty."""
    columns = {chunk.low for chunk in band}
    return (
        0 not in columns
        and len(columns) <= count // 2
        and len({chunk.low for chunk in before}) > len(columns)
        and columns <= {chunk.low for chunk in before}
        and not any(NUMBER.fullmatch(chunk.piece.text) for chunk in band)
    )
