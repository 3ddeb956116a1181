"""Reads pages of a PDF, or pictures on them, by their looks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pypdfium2 as pdfium

from loaders.pdf.pieces import Segment
from loaders.pictures import ocr
from loaders.records import Box

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_MOST_PIXELS = 10_000_000
_LEAST_SHARE = 1 / 8
_MOST_COVERED = 5


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read from a picture, in points of the page; ``slope`` as in `pictures.ocr`."""

    segments: list[Segment]
    confidence: float
    slope: float = 0.0


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
    segments = [
        _scaled(segment, points, (segment.turn - found.turn) % 360) for segment in found.segments
    ]
    return Scan(segments, found.confidence, found.slope)


def scan_picture(page: pdfium.PdfPage, box: Box) -> list[Segment]:
    """Read the part of a page inside a box of the upright page."""
    width, height = page.get_size()
    x0, y0, x1, y1 = max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3])
    scale = _scale(x1 - x0, y1 - y0)
    picture = page.render(scale=scale, crop=(x0, height - y1, width - x1, y0)).to_pil()
    found = ocr.read_picture(picture.convert("RGB"))
    if found.turn:
        # Its places would need turning as well; text in a picture set sideways is rare.
        return []
    points = (x1 - x0) / picture.width
    upright = [segment for segment in found.segments if not segment.turn]
    return [_moved(_scaled(segment, points, 0), x0, y0) for segment in upright]


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


def _moved(segment: Segment, x: float, y: float) -> Segment:
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
