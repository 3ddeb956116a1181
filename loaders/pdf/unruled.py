"""Tables without rules: columns that white space parts over many rows. Pure geometry.

The way of the "stream" readers (A. Nurminen, "Algorithmic extraction of data in tables in PDF
documents", Tampere 2013; T. Kieninger, "Table structure recognition based on robust block
segmentation", 1998): runs of rows with wide gaps are candidates; the white stripes that go through
nearly all rows of a run are the gutters between its columns; lines closer than others are lines of
one cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from loaders.pdf.bands import HALF_PITCH, Band, bands_of, gap_between, line_gap, row_groups
from loaders.pdf.pieces import Segment, around
from loaders.pdf.prose import is_cut_prose, is_prose
from loaders.pdf.stripes import NUMBER, Chunk, chunks_of, cuts_between, place
from loaders.pdf.tables import TableBlock, cell_text

_CELL_GAP = 0.9
"""In sizes of the text, as are all of these: the gap that makes a row a candidate."""

_ROW_PITCH = 3.2
_ALIGNED = 0.5
_MOST_BETWEEN = 12
_LEAST_ROWS = 3
_LEADER = re.compile(r"\.{4}|…{2}|·{4}|_{6}|(?:\. ){4}")
_MARK = re.compile(
    r"[•●◆■▪◇○▫□✓*–\-·]|[(（\[【]?[\dA-Za-z一二三四五六七八九十]{1,3}[)）\]】]?[.．、:：]?"
    r"|[(（\[]?\w{1,12}[)）\]]|\d{1,3}(?:\.\d{1,3}){1,4}\.?"
)

_NAMED_VALUE = re.compile(r"[^\s：:\d][^：:]{0,13}[：:]\s*\S")
"""As in the line that names a company and a unit."""

_PAGE = re.compile(r"[1-9]\d{0,3}")
_LEAST_PAGES = 5
_MOST_COLUMNS_OF_TITLES = 3
_PAGES_OF_A_TITLE = 60
"""More between one and the next is a table of amounts that happen to rise."""

_CAPTION = re.compile(
    r"(?:续?表|附表|Table)\s*[\d一二三四五六七八九十A-Z]+(?:[-–.]\d+)*(?:[\s:：.]|$)", re.IGNORECASE
)


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
            while first < end and _is_caption(bands[first]):
                first += 1
            if first == end:
                continue
            table = _table(bands[first:end])
            if table is not None:
                tables.append(table)
                rest.extend(piece for band in bands[start:first] for piece in band)
                start = end
    if not tables:
        return [], list(segments)
    rest.extend(piece for band in bands[start:] for piece in band)
    return tables, rest


def _is_caption(band: Band) -> bool:
    return _CAPTION.match(min(band, key=lambda piece: piece.x0).text) is not None


def _parts(band: Band) -> int:
    """Count the parts of a band that stand apart."""
    chunks = [chunk for piece in band for chunk in chunks_of(piece)]
    if len(chunks) < 2:
        return 1
    chunks.sort(key=lambda chunk: chunk.x0)
    count, end = 1, chunks[0].x1
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
            across = (
                x0 - left < 2 * size
                and x1 - x0 > 0.7 * (right - left)
                and not _has_beside(bands, index)
            )
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


def _has_beside(bands: Sequence[Band], index: int) -> bool:
    """Tell a line of a cell beside which another one stands midway between this and its next."""
    limit = HALF_PITCH * bands[index][0].size
    near = bands[max(index - 1, 0) : index + 2]
    return any(gap_between(before, after) < limit for before, after in pairwise(near))


def _with_edges(bands: Sequence[Band], first: int, end: int, start: int) -> tuple[int, int]:
    """Take the lines above and below a run that belong to cells of its first and last row."""
    limit = line_gap(
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
    if (
        is_prose(groups, count, size)
        or is_cut_prose(groups, count, size)
        or _is_list(groups, count)
        or not is_table(groups, count, size)
    ):
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


def _is_list(groups: Sequence[Sequence[Chunk]], count: int) -> bool:
    """Tell the blanks of a form with their names, and titles with their pages, from a table."""
    texts = [chunk.piece.text for group in groups for chunk in group]
    if sum(_NAMED_VALUE.match(text) is not None for text in texts) > 0.6 * len(texts):
        return True
    pages = []
    for group in groups:
        last = [chunk.piece.text for chunk in group if chunk.low == count - 1]
        if len(last) == 1 and len(group) > 1 and _PAGE.fullmatch(last[0]):
            pages.append(int(last[0]))
    return (
        count <= _MOST_COLUMNS_OF_TITLES
        and len(pages) >= max(_LEAST_PAGES, 0.6 * len(groups))
        and pages == sorted(pages)
        and len(set(pages)) > _LEAST_PAGES // 2
        and pages[-1] - pages[0] < _PAGES_OF_A_TITLE * len(pages)
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
