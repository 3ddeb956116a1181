"""Reads pages of a PDF, or pictures on them, by their looks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pypdfium2 as pdfium

from loaders.pdf.pieces import Segment
from loaders.pictures import ocr
from loaders.records import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_MOST_PIXELS = 10_000_000
_LEAST_SHARE = 1 / 8
_MOST_COVERED = 5

_WRITING = 3
"""So many lines that cannot be read are writing; fewer may be the pattern of a photograph."""

_LEAST_CONFIDENCE = 0.7
"""Below it, few characters are right: among more lines that cannot be read, they tell nothing."""

_REDUCED = 6
_DARK = 48
_LEAST_INK = 0.001


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read from a page, in points; ``slope`` as in `pictures.ocr`.

    Where nothing was read, ``shows`` tells what is there all the same.
    """

    segments: list[Segment]
    confidence: float
    slope: float = 0.0
    shows: Literal["nothing", "something", "writing"] = "something"


def scan_page(page: pdfium.PdfPage) -> Scan | None:
    """Read a page's picture; None where nothing at all shows on it.

    Raises OcrUnavailableError where the OCR is damaged.
    """
    scale = _scale(*page.get_size())
    picture = page.render(scale=scale).to_pil().convert("RGB")
    if all(low == high for low, high in picture.getextrema()):
        return None
    found = ocr.read_picture(picture)
    points = page.get_width() / picture.width
    is_lost = found.confidence < _LEAST_CONFIDENCE and found.unread > len(found.segments)
    if is_lost and found.unread >= _WRITING:
        return Scan([], 0.0, shows="writing")
    segments = [
        _scaled(segment, points, (segment.turn - found.turn) % 360) for segment in found.segments
    ]
    if segments:
        return Scan(segments, found.confidence, found.slope)
    return Scan([], 0.0, shows="nothing" if _is_blank(picture) else "something")


def scan_picture(page: pdfium.PdfPage, box: Box) -> list[Segment]:
    """Read the part of a page inside a box of the upright page."""
    width, height = page.get_size()
    x0, y0, x1, y1 = max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3])
    scale = _scale(x1 - x0, y1 - y0)
    picture = page.render(scale=scale, crop=(x0, height - y1, width - x1, y0)).to_pil()
    found = ocr.read_picture(picture.convert("RGB"))
    points = (x1 - x0) / picture.width
    segments = (
        _scaled(segment, points, (segment.turn - found.turn) % 360) for segment in found.segments
    )
    return [_moved(segment, (x0, y0, x1, y1), width, height) for segment in segments]


def pictures_to_read(pictures: Iterable[Box], segments: list[Segment], page: Box) -> list[Box]:
    """Return the pictures of a worthwhile size under which no text lies."""
    area = (page[2] - page[0]) * (page[3] - page[1])
    found: list[Box] = []
    for box in sorted(pictures, key=_area, reverse=True):
        x0, y0 = max(box[0], page[0]), max(box[1], page[1])
        x1, y1 = min(box[2], page[2]), min(box[3], page[3])
        if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < _LEAST_SHARE * area:
            continue
        if any(_covers(other, (x0, y0, x1, y1)) for other in found):
            continue
        covered = sum(
            len(segment.text)
            for segment in segments
            if not segment.turn
            and x0 <= (segment.x0 + segment.x1) / 2 <= x1
            and y0 <= segment.middle <= y1
        )
        if covered <= _MOST_COVERED:
            found.append((x0, y0, x1, y1))
    return found


def _is_blank(picture: Image) -> bool:
    """Tell an empty sheet, with what dust a scanner may add, from one that shows something."""
    grey = picture.convert("L").reduce(_REDUCED)
    counts = grey.histogram()
    paper = counts.index(max(counts))
    ink = sum(count for value, count in enumerate(counts) if abs(value - paper) > _DARK)
    return ink < _LEAST_INK * grey.width * grey.height


def _scale(width: float, height: float) -> float:
    """Return pixels per point: enough to read, never more than memory should hold."""
    most = math.sqrt(_MOST_PIXELS / max(1.0, width * height))
    return min(_DOTS_PER_INCH / _POINTS_PER_INCH, most)


def _scaled(segment: Segment, points: float, turn: int) -> Segment:
    return replace(
        segment,
        x0=segment.x0 * points,
        y0=segment.y0 * points,
        x1=segment.x1 * points,
        y1=segment.y1 * points,
        size=segment.size * points,
        turn=turn,
    )


def _moved(segment: Segment, box: Box, width: float, height: float) -> Segment:
    """Put a piece of a picture into the page turned back as the piece is."""
    x0, y0, x1, y1 = box
    x, y = {
        0: (x0, y0),
        90: (y0, width - x1),
        180: (width - x1, height - y1),
        270: (height - y1, x0),
    }[segment.turn]
    return replace(
        segment, x0=segment.x0 + x, y0=segment.y0 + y, x1=segment.x1 + x, y1=segment.y1 + y
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _covers(outer: Box, inner: Box) -> bool:
    overlap = max(0.0, min(outer[2], inner[2]) - max(outer[0], inner[0])) * max(
        0.0, min(outer[3], inner[3]) - max(outer[1], inner[1])
    )
    return overlap > 0.5 * _area(inner)
