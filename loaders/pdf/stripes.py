"""The columns that white space parts: words that stand together, and the stripes between them.

Pure geometry: knows no PDF.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loaders.pdf.pieces import Segment, cut_at, words_of

_WORD_GAP = 0.5
"""In sizes of the text, as are all of these."""

_GUTTER = 0.55
_MANY_BANDS = 8
NUMBER = re.compile(r"[-+(（]?[¥￥$€£]?[\d.,，%‰)）–—-]+")


@dataclass(slots=True)
class Chunk:
    """Words of one band that no gap parts; ``low`` and ``high`` are the columns it covers."""

    piece: Segment
    band: int
    low: int = 0
    high: int = 0


def chunks_of(piece: Segment) -> Iterator[Segment]:
    """Yield the parts of a piece between gaps wider than a space."""
    if piece.gap is not None and piece.gap < _WORD_GAP * piece.size:
        yield piece
        return
    words = list(words_of(piece))
    if len(words) == 1:
        yield from words
        return
    cuts = [
        (before.x1 + after.x0) / 2
        for before, after in pairwise(words)
        if after.x0 - before.x1 >= _WORD_GAP * piece.size
    ]
    yield from cut_at(piece, cuts) if cuts else (piece,)


def cuts_between(
    chunks: Sequence[Chunk], band_count: int, size: float, *, sure: bool = False
) -> list[float]:
    """Return where to cut between columns: in the white stripes that all bands but a few leave.

    ``sure`` tells that it is a table, in which narrower stripes part columns.
    """
    events: list[tuple[float, int, int]] = []
    for chunk in chunks:
        events.append((chunk.piece.x0, 1, chunk.band))
        events.append((chunk.piece.x1, -1, chunk.band))
    events.sort(key=lambda event: (event[0], event[1]))
    # A title over several columns, or a long cell, may cross; in a small table none may.
    most = band_count // 8 + (band_count >= 4)
    least = (_GUTTER if sure or band_count >= _MANY_BANDS else _WORD_GAP + 0.3) * size
    depth: Counter[int] = Counter()
    stripe: list[tuple[int, float, float]] = []
    cuts: list[float] = []
    before = events[0][0]
    for x, step, band in events:
        if x > before:
            if len(depth) <= most:
                stripe.append((len(depth), before, x))
            elif stripe:
                cuts.extend(_best_cut(chunks, stripe, least, band_count))
                stripe = []
            before = x
        depth[band] += step
        if not depth[band]:
            del depth[band]
    return _without_halves(chunks, cuts)


def _best_cut(
    chunks: Sequence[Chunk], stripe: list[tuple[int, float, float]], least: float, band_count: int
) -> Iterator[float]:
    """Yield the middle of a stripe's emptiest part, if enough bands have text on both sides."""
    if stripe[-1][2] - stripe[0][1] < least:
        return
    fewest = min(depth for depth, _, _ in stripe)
    _, low, high = max(
        (part for part in stripe if part[0] == fewest), key=lambda part: part[2] - part[1]
    )
    middle = (low + high) / 2
    left: dict[int, float] = {}
    right: dict[int, float] = {}
    for chunk in chunks:
        piece = chunk.piece
        if piece.x1 <= middle:
            left[chunk.band] = max(left.get(chunk.band, piece.x1), piece.x1)
        elif piece.x0 >= middle:
            right[chunk.band] = min(right.get(chunk.band, piece.x0), piece.x0)
    both = sum(right[band] - left[band] >= least for band in left.keys() & right.keys())
    share = 0.25 if band_count >= _MANY_BANDS else 0.4
    # A column that only its header and a note or two fill stands well apart.
    if both >= 2 and (both >= share * band_count or (not fewest and high - low > 3 * least)):
        yield middle


def _without_halves(chunks: Sequence[Chunk], cuts: list[float]) -> list[float]:
    """Drop the cut within a column whose words stand at its left edge and its numbers at the right.

    No band has text on both sides of such a cut.
    """
    kept: list[float] = []
    for index, cut in enumerate(cuts):
        low = kept[-1] if kept else float("-inf")
        high = cuts[index + 1] if index + 1 < len(cuts) else float("inf")
        left = [c for c in chunks if c.piece.x1 <= cut and c.piece.x0 >= low]
        right = [c for c in chunks if c.piece.x0 >= cut and c.piece.x1 <= high]
        if (
            {chunk.band for chunk in left} & {chunk.band for chunk in right}
            or sum(map(_is_number, right)) < 0.8 * len(right)
            or sum(map(_is_number, left)) > 0.2 * len(left)
        ):
            kept.append(cut)
    return kept


def _is_number(chunk: Chunk) -> bool:
    text = chunk.piece.text
    return NUMBER.fullmatch(text) is not None and any(char.isdigit() for char in text)


def place(chunks: Sequence[Chunk], cuts: Sequence[float]) -> None:
    """Note for each chunk the columns that it covers."""
    for chunk in chunks:
        chunk.low = bisect_right(cuts, chunk.piece.x0)
        chunk.high = max(chunk.low, bisect_left(cuts, chunk.piece.x1))
