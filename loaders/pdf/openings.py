"""What the rules of a grid leave open and white space parts. Pure geometry."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from loaders.pdf.pieces import Segment
from loaders.pdf.stripes import Chunk, chunks_of, cuts_between

_LEAST_OPEN_ROWS = 3


def open_cuts(
    xs: Sequence[float], ys: Sequence[float], inside: Sequence[tuple[int, int, Segment]]
) -> list[tuple[float, float, float]]:
    """Return rules for the columns that white space alone parts, where few are ruled.

    As in tables with rules between the rows and one beside the first column.
    """
    row_count = len(ys) - 1
    if row_count < _LEAST_OPEN_ROWS:
        return []
    found: list[tuple[float, float, float]] = []
    for column in range(len(xs) - 1):
        chunks = [
            Chunk(chunk, row)
            for row, place, piece in inside
            if place == column
            for chunk in chunks_of(piece)
        ]
        if len({chunk.band for chunk in chunks}) < _LEAST_OPEN_ROWS:
            continue
        size = median(chunk.piece.size for chunk in chunks)
        for cut in cuts_between(chunks, row_count, size, sure=True):
            left = {chunk.band for chunk in chunks if chunk.piece.x1 <= cut}
            right = {chunk.band for chunk in chunks if chunk.piece.x0 >= cut}
            crossing = {chunk.band for chunk in chunks if chunk.piece.x0 < cut < chunk.piece.x1}
            headed = 0 in (left & right) | crossing
            if len(left & right) < (0.35 if headed else 0.8) * row_count:
                continue
            found.extend(
                (cut, ys[row], ys[row + 1]) for row in range(row_count) if row not in crossing
            )
    return found


def open_row(xs: Sequence[float], pieces: Sequence[Segment]) -> dict[int, list[Segment]]:
    """Return the texts of a row without upright rules, if most columns have one of their own.

    As where the cells of every second row are shaded.
    """
    count = len(xs) - 1
    columns: defaultdict[int, list[Segment]] = defaultdict(list)
    for piece in pieces:
        for chunk in chunks_of(piece):
            column = min(max(bisect_right(xs, chunk.x0 + 1) - 1, 0), count - 1)
            if chunk.x1 > xs[column + 1] + 1:
                return {}
            columns[column].append(chunk)
    return columns if len(columns) >= max(3, 0.6 * count) else {}
