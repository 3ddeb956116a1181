"""Columns of running text, told from those of a table. Pure geometry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from loaders.pdf.pieces import Segment, around
from loaders.pdf.stripes import Chunk

_LEAST_ROWS = 3
_RUNNING_WIDTH = 12
"""In sizes of the text."""

_TALL_CELL = 8
"""Lines; several cells of a row as tall as this are columns of the page."""

_PUNCTUATION = re.compile(r"[，。；？！]|[,.;?!](?=\s)")


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


def is_cut_prose(zones: Sequence[Sequence[Chunk]], count: int, size: float) -> bool:
    """Tell columns of running text that rules across the page cut: their lines end at one height.

    Those of the cells in a row end where they like.
    """
    prose = total = 0
    for chunks in zones:
        columns: list[dict[int, list[Segment]]] = [{} for _ in range(count)]
        for chunk in chunks:
            columns[chunk.low].setdefault(chunk.band, []).append(chunk.piece)
        filled = [lines for lines in columns if lines]
        most = max(map(len, filled), default=0)
        total += most
        if (
            len(filled) > 1
            and most - min(map(len, filled)) <= 1
            and all(_reads_on(list(lines.values()), size) for lines in filled)
        ):
            prose += most
    return prose > 0.5 * total


def _reads_on(lines: list[list[Segment]], size: float) -> bool:
    """Tell running text: punctuated, and all lines but the last of paragraphs full."""
    boxes = [around(line) for line in lines]
    width = max(box[2] for box in boxes) - min(box[0] for box in boxes)
    full = sum(box[2] - box[0] >= 0.85 * width for box in boxes)
    text = " ".join(piece.text for line in lines for piece in line)
    return (
        len(lines) > 1
        and width >= _RUNNING_WIDTH * size
        and full >= 0.6 * (len(lines) - 1)
        and len(_PUNCTUATION.findall(text)) * 60 >= len(text)
    )
