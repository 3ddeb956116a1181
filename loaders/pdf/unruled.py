"""Tables without rules: columns that white space parts over many rows. Pure geometry.

The way of the "stream" readers (A. Nurminen, "Algorithmic extraction of data in tables in PDF
documents", Tampere 2013; T. Kieninger, "Table structure recognition based on robust block
segmentation", 1998): runs of rows with wide gaps are candidates; the white stripes that go through
nearly all rows of a run are the gutters between its columns; lines closer than others are lines of
one cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from loaders.pdf.pieces import Segment, around
from loaders.pdf.stripes import NUMBER, Chunk, chunks_of, cuts_between, place
from loaders.pdf.tables import TableBlock, cell_text

_CELL_GAP = 0.9
"""In sizes of the text, as are all of these: the gap that makes a row a candidate."""

HALF_LINE = 0.3
"""How far above and below its middle a line's ink certainly reaches; boxes are taller."""

_ROW_PITCH = 3.2
_ALIGNED = 0.5
_MOST_BETWEEN = 12
_LEAST_ROWS = 3
_RUNNING_WIDTH = 12
_LEAST_STEP = 0.15
"""By how much the white between rows is more than that between lines of a cell."""

_TALL_CELL = 8
"""Lines; several cells of a row as tall as this are columns of the page."""

_LEADER = re.compile(r"\.{4}|…{2}|·{4}|_{6}|(?:\. ){4}")
_MARK = re.compile(
    r"[•●◆■▪◇○▫□✓*–\-·]|[(（\[【]?[\dA-Za-z一二三四五六七八九十]{1,3}[)）\]】]?[.．、:：]?"
    r"|[(（\[]?\w{1,12}[)）\]]|\d{1,3}(?:\.\d{1,3}){1,4}\.?"
)

_PUNCTUATION = re.compile(r"[，。；？！]|[,.;?!](?=\s)")

Band = list[Segment]


def find_tables(segments: Sequence[Segment]) -> tuple[list[TableBlock], list[Segment]]:
    """Return the tables that white space makes, from the top, and the pieces in none of them."""
    bands = bands_of(segments)
    tables: list[TableBlock] = []
    rest: list[Segment] = []
    start = 0
    if len(bands) > 1:
        x0, _, x1, _ = around(segments)
        for begin, stop in _candidates(bands, x0, x1):
            if begin < start:
                continue
            first, end = _with_edges(bands, begin, stop, start)
            table = _table(bands[first:end])
            if table is not None:
                tables.append(table)
                rest.extend(piece for band in bands[start:first] for piece in band)
                start = end
    if not tables:
        return [], list(segments)
    rest.extend(piece for band in bands[start:] for piece in band)
    return tables, rest


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


def _parts(band: Band) -> int:
    """Count the parts of a band that stand apart."""
    chunks = sorted((chunk for piece in band for chunk in chunks_of(piece)), key=lambda c: c.x0)
    count, end = 1, chunks[0].x1 if chunks else 0.0
    for chunk in chunks:
        count += chunk.x0 - end > _CELL_GAP * chunk.size
        end = max(end, chunk.x1)
    return count


def _candidates(bands: Sequence[Band], left: float, right: float) -> Iterator[tuple[int, int]]:
    """Yield runs of bands that begin and end with bands of several parts."""
    first = last = None
    bottom = 0.0
    for index, band in enumerate(bands):
        several = _parts(band) > 1
        x0, y0, x1, y1 = around(band)
        if first is not None and last is not None:
            size = band[0].size
            across = x0 - left < 2 * size and x1 - x0 > 0.7 * (right - left)
            if y0 - bottom > _ROW_PITCH * size or (
                not several and (across or index - last > _MOST_BETWEEN)
            ):
                yield first, last + 1
                first = last = None
        if several and not any(piece.block is not None for piece in band):
            first = index if first is None else first
            last = index
        bottom = y1
    if first is not None and last is not None:
        yield first, last + 1


def _with_edges(bands: Sequence[Band], first: int, end: int, start: int) -> tuple[int, int]:
    """Take the lines above and below a run that belong to cells of its first and last row."""
    limit = _line_gap(
        [gap_between(before, after) for before, after in pairwise(bands[first:end])],
        bands[first][0].size,
    )
    if limit:
        while first > start and _is_near(bands[first - 1], bands[first], limit):
            first -= 1
        while end < len(bands) and _is_near(bands[end - 1], bands[end], limit):
            end += 1
    return first, end


def _is_near(before: Band, after: Band, limit: float) -> bool:
    return gap_between(before, after) <= limit and all(
        piece.block is None for piece in (*before, *after)
    )


def gap_between(before: Sequence[Segment], after: Sequence[Segment]) -> float:
    """Return the white between the ink of two bands."""
    return min(p.middle - HALF_LINE * p.size for p in after) - max(
        p.middle + HALF_LINE * p.size for p in before
    )


def _table(bands: Sequence[Band]) -> TableBlock | None:
    pieces = [piece for band in bands for piece in band]
    if any(piece.block is not None for piece in pieces):
        return None
    size = median(piece.size for piece in pieces)
    chunks = [
        Chunk(chunk, number)
        for number, band in enumerate(bands)
        for piece in band
        for chunk in chunks_of(piece)
    ]
    cuts = cuts_between(chunks, len(bands), size)
    if not cuts:
        return None
    place(chunks, cuts)
    count = len(cuts) + 1
    groups = row_groups(chunks, count, size)
    if is_prose(groups, count, size) or not is_table(groups, count, size):
        return None
    x0, y0, x1, y1 = around(pieces)
    edges = list(pairwise([x0, *cuts, x1]))
    return TableBlock(
        [texts_of(group, edges) for group in groups],
        [
            (x0, min(c.piece.y0 for c in group), x1, max(c.piece.y1 for c in group))
            for group in groups
        ],
        edges,
        (x0, y0, x1, y1),
        size,
        pieces[0].turn,
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
    limit = _line_gap(gaps, size)
    partial = [len({chunk.low for chunk in band}) < count for band in bands]
    close = [gap <= limit for gap in gaps]
    wraps = sum(p or q for (p, q), near in zip(pairwise(partial), close, strict=True) if near)
    wrapped = limit > 0 and wraps >= 0.5 * sum(close)
    groups = [[bands[0]]]
    for before, band, near in zip(bands, bands[1:], close, strict=False):
        if (wrapped and near) or (not limit and _continues(before, band, count)):
            groups[-1].append(band)
        else:
            groups.append([band])
    return [row for group in groups for row in _rows_of_group(group, count)]


def _rows_of_group(group: list[list[Chunk]], count: int) -> Iterator[list[Chunk]]:
    """Part lines that stood close although each is a row, as between blank lines."""
    full = sum(len({chunk.low for chunk in band}) >= max(2, 0.6 * count) for band in group)
    if len(group) > 2 and full >= 0.8 * len(group):
        yield from group
    else:
        yield [chunk for band in group for chunk in band]


def is_prose(groups: Sequence[Sequence[Chunk]], count: int, size: float) -> bool:
    """Tell columns of running text, which are read one after the other, from those of a table.

    The lines of running text fill their column, and go on at the same pitch where the rows of a
    table would part them.
    """
    running = 0
    most_lines = []
    for column in range(count):
        lines: dict[tuple[int, int], list[Segment]] = {}
        for number, group in enumerate(groups):
            for chunk in group:
                if chunk.low == column:
                    lines.setdefault((number, chunk.band), []).append(chunk.piece)
        most_lines.append(max(Counter(number for number, _ in lines).values(), default=0))
        running += _is_running(lines, size)
    tall = sum(number > _TALL_CELL for number in most_lines)
    return running >= 2 or tall >= 2 or (count == 2 and tall > 0 and len(groups) <= _LEAST_ROWS)


def _is_running(lines: dict[tuple[int, int], list[Segment]], size: float) -> bool:
    boxes = {place: around(line) for place, line in lines.items()}
    if not boxes:
        return False
    width = max(box[2] for box in boxes.values()) - min(box[0] for box in boxes.values())
    full = sum(box[2] - box[0] >= 0.6 * width for box in boxes.values())
    if width < _RUNNING_WIDTH * size or full < 0.5 * len(boxes):
        return False
    text = " ".join(piece.text for line in lines.values() for piece in line)
    words = text.count(" ") + 1
    justified = sum(box[2] - box[0] >= 0.95 * width for box in boxes.values())
    if (
        len(_PUNCTUATION.findall(text)) * 40 <= len(text)
        and words < 4 * len(lines)
        and justified < 0.7 * len(boxes)
    ):
        return False
    within: list[float] = []
    across: list[float] = []
    for (before, first), (after, second) in pairwise(boxes.items()):
        step = second[1] - first[1]
        (within if before[0] == after[0] else across).append(step)
    return not within or not across or median(across) < 1.2 * median(within)


def _line_gap(gaps: list[float], size: float) -> float:
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


def is_table(groups: list[list[Chunk]], count: int, size: float) -> bool:
    """Tell a table from lists, tables of contents, formulas and text that happens to align."""
    if len(groups) < _LEAST_ROWS:
        every = all(len({chunk.low for chunk in group}) == count for group in groups)
        if len(groups) < _LEAST_ROWS - 1 or count <= _LEAST_ROWS or not every:
            return False
    texts = [" ".join(chunk.piece.text for chunk in group) for group in groups]
    if sum(_LEADER.search(text) is not None for text in texts) > 0.3 * len(groups):
        return False
    filled = [{chunk.low for chunk in group} for group in groups]
    if sum(len(columns) > 1 for columns in filled) < 0.6 * len(groups):
        return False
    first = [[chunk for chunk in group if chunk.low == 0] for group in groups]
    if count == 2:
        heads = [" ".join(chunk.piece.text for chunk in cell) for cell in first if cell]
        values = [" ".join(c.piece.text for c in group if c.low) for group in groups]
        numeric = sum(NUMBER.fullmatch(value) is not None for value in values)
        if numeric < 0.5 * len(values) and sum(
            _MARK.fullmatch(head) is not None for head in heads
        ) > 0.5 * len(heads):
            return False
    aligned = 0
    for column in range(count):
        cells = [
            around(chunk.piece for chunk in group if chunk.low == column)
            for group, columns in zip(groups, filled, strict=True)
            if column in columns
        ]
        if len(cells) < max(2, 0.2 * len(groups)):
            continue
        aligned += _is_aligned(cells, size)
    return aligned >= max(2, 0.6 * count)


def _is_aligned(cells: Sequence[tuple[float, float, float, float]], size: float) -> bool:
    for places in (
        [cell[0] for cell in cells],
        [cell[2] for cell in cells],
        [(cell[0] + cell[2]) / 2 for cell in cells],
    ):
        middle = median(places)
        if sum(abs(x - middle) <= _ALIGNED * size for x in places) >= 0.6 * len(places):
            return True
    # Words at the left edge and numbers at the right one.
    low, high = min(cell[0] for cell in cells), max(cell[2] for cell in cells)
    either = sum(min(c[0] - low, high - c[2]) <= _ALIGNED * size for c in cells)
    return either >= 0.8 * len(cells)


def texts_of(group: list[Chunk], edges: list[tuple[float, float]]) -> list[str]:
    """Return the cells of a row; a text over several columns stands in each of them."""
    row = []
    for column in range(len(edges)):
        pieces = [chunk.piece for chunk in group if chunk.low <= column <= chunk.high]
        row.append(cell_text(pieces))
    return row
