"""The columns that white space parts: words that stand together, and the stripes between them.

Pure geometry: knows no PDF.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loaders.pdf.pieces import Segment, cut_at, gaps_in

_WORD_GAP = 0.5
"""In sizes of the text, as are all of these."""

_GUTTER = 0.55
_MANY_BANDS = 8
_BESIDE = 0.9
"""Lines of one text are further from each other."""

NUMBER = re.compile(r"[-+(（]?[¥￥$€£]?[\d.,，%‰)）–—-]+")


@dataclass(slots=True)
class Chunk:
    """Words of one band that no gap parts; ``low`` and ``high`` are the columns it covers."""

    piece: Segment
    band: int
    low: int = 0
    high: int = 0


def chunks_of(piece: Segment) -> tuple[Segment, ...]:
    """Return the parts of a piece between gaps wider than a space."""
    if piece.chunks is None:
        piece.chunks = tuple(_chunks(piece))
    return piece.chunks


def _chunks(piece: Segment) -> list[Segment]:
    least = _WORD_GAP * piece.size
    if piece.gap is not None and piece.gap < least:
        return [piece]
    return cut_at(piece, [(low + high) / 2 for low, high in gaps_in(piece) if high - low >= least])


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
    events.sort()
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
        x0, x1 = chunk.piece.x0, chunk.piece.x1
        if x1 <= middle:
            if x1 > left.get(chunk.band, -math.inf):
                left[chunk.band] = x1
        elif x0 >= middle and x0 < right.get(chunk.band, math.inf):
            right[chunk.band] = x0
    both = sum(right[band] - left[band] >= least for band in left.keys() & right.keys())
    share = 0.25 if band_count >= _MANY_BANDS else 0.4
    # A column that only its header and a note or two fill stands well apart.
    if both >= 2 and (both >= share * band_count or (not fewest and high - low > 3 * least)):
        yield middle


def _without_halves(chunks: Sequence[Chunk], cuts: list[float]) -> list[float]:
    """Drop cuts within a column whose texts stand at its left edge, in its middle or at its right.

    No line has text on both sides of such a cut. Numbers on both sides are two columns, such as
    debit and credit.
    """
    kept: list[float] = []
    for index, cut in enumerate(cuts):
        low = kept[-1] if kept else float("-inf")
        high = cuts[index + 1] if index + 1 < len(cuts) else float("inf")
        left = [c for c in chunks if c.piece.x1 <= cut and c.piece.x0 >= low]
        right = [c for c in chunks if c.piece.x0 >= cut and c.piece.x1 <= high]
        if _stand_beside(left, right) or (
            sum(map(_is_number, left)) > 0.2 * len(left)
            and sum(map(_is_number, right)) > 0.2 * len(right)
        ):
            kept.append(cut)
    return kept


def _stand_beside(left: Sequence[Chunk], right: Sequence[Chunk]) -> bool:
    """Tell whether a text stands beside another one, or midway beside two lines of it."""
    if {chunk.band for chunk in left} & {chunk.band for chunk in right}:
        return True
    heights = sorted(chunk.piece.middle for chunk in left)
    for chunk in right:
        reach = _BESIDE * chunk.piece.size
        found = bisect_left(heights, chunk.piece.middle - reach)
        if found < len(heights) and heights[found] < chunk.piece.middle + reach:
            return True
    return False


def _is_number(chunk: Chunk) -> bool:
    text = chunk.piece.text
    return NUMBER.fullmatch(text) is not None and any(char.isdigit() for char in text)


def place(chunks: Sequence[Chunk], cuts: Sequence[float]) -> None:
    """Note for each chunk the columns that it covers."""
    for chunk in chunks:
        chunk.low = bisect_right(cuts, chunk.piece.x0)
        chunk.high = max(chunk.low, bisect_left(cuts, chunk.piece.x1))
