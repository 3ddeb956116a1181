"""Text in pictures: lines with their places, upright however the page was put on the scanner."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from loaders.pdf.pieces import Segment
from loaders.pictures import ocr_engine
from loaders.pictures.ocr_engine import available

if TYPE_CHECKING:
    from PIL.Image import Image

    from loaders.pictures.ocr_engine import Pixels, Quads

__all__ = ["OcrResult", "available", "read_picture"]

_LONGEST_SIDE = 4000
"""Pixels; an A4 page at 340 dots an inch. Larger pictures are scaled down to it."""

_RASTER = 1280
"""Longer side of the raster on which lines are found: an A4 page at 110 dots an inch."""

_FINEST_RASTER = 2400
_SMALL_TYPE = 9
_TYPE = 13
"""Sizes of type on the raster: lines set closely in type smaller than the one are not told apart,
those of the other are."""

_LARGEST_SCALE = 2.5
_BORDER = 16

_ENOUGH_HEIGHT = 24
_NARROWED = 0.8
"""Lines of this many pixels are read narrowed: as well, in four fifths of the time. Lower ones keep
their width, since thin Latin letters of small type would run together."""

_LEAST_SCORE = 0.5
_GOOD_SCORE = 0.85
"""From here on lines are taken to stand as they were read; below, other turns are tried."""

_TALL = 1.5
_SAMPLE = 6
_LEVEL = 0.003
"""A slope that shifts no line by its own height across a page: not worth correcting."""

_EM = 0.75
"""Size of type by the height of the detector's box, for lines too short to be measured."""

_LEAST_MEASURED = 4
_LATIN = 0.55
_NARROW = 0.32
_SAME_SIZE = 0.15


@dataclass(frozen=True, slots=True)
class OcrResult:
    """What stands in a picture.

    ``segments`` are in pixels of the upright picture, whose size is ``width`` by ``height``;
    ``turn`` says by how many degrees clockwise the given picture was turned to stand upright.
    ``confidence`` is the mean score (0-1) of the lines, long ones counting more; 0 without text.
    Where the page lies askew the segments are level: ``slope`` (down for each step right) was taken
    out of them around the middle of the page, as `loaders.pdf.layout` puts it back. On the picture
    as it was given, text of ``segment.turn`` stands turned by ``segment.turn - turn``.
    ``unread`` counts what looks like lines of text and could not be read.
    """

    segments: tuple[Segment, ...]
    confidence: float
    turn: int
    width: int
    height: int
    slope: float = 0.0
    unread: int = 0


@dataclass(slots=True)
class _Reading:
    """A line as read: its corners clockwise from where the text begins, and its turn."""

    quad: Quads
    text: str
    score: float
    turn: int = 0


def read_picture(picture: Image) -> OcrResult:
    """Read the lines of a picture.

    Raises OcrUnavailableError where the OCR is not installed or its models are damaged.
    """
    import numpy as np

    pixels = _pixels(picture)
    scale = max(picture.size) / max(pixels.shape[:2])
    quads = _detect(pixels, _RASTER)
    turn = 0
    if _sideways_share(quads) > 0.5:
        turn = _sideways_turn(pixels, quads)
        pixels, quads = _turned(pixels, quads, turn)
    readings = _read(pixels, quads)
    if readings and _confidence(readings) < _GOOD_SCORE and _is_upside_down(pixels, readings):
        pixels, quads = _turned(pixels, quads, 180)
        turn = (turn + 180) % 360
        readings = _read(pixels, quads)
    if side := _finer_raster(pixels, readings):
        readings = _read(pixels, _detect(pixels, side))
    width, height = picture.size[::-1] if turn % 180 else picture.size
    kept = [line for line in readings if line.text and line.score >= _LEAST_SCORE]
    for line in kept:
        line.quad = line.quad * np.float32(scale)
    slope = _slope(kept)
    return OcrResult(
        tuple(_segments(kept, slope, width, height)),
        round(_confidence(kept), 4),
        turn,
        width,
        height,
        slope,
        len(readings) - len(kept),
    )


def _pixels(picture: Image) -> Pixels:
    """Return rows of blue, green, red."""
    import numpy as np

    from loaders.pictures.raster import flattened

    return np.ascontiguousarray(np.asarray(flattened(picture, _LONGEST_SIDE))[:, :, ::-1])


def _finer_raster(pixels: Pixels, readings: Sequence[_Reading]) -> int:
    """Return the side of a raster that small type needs, 0 where the common one serves."""
    sizes = [
        _type_size(line.text, max(_sides(line.quad)), min(_sides(line.quad))) for line in readings
    ]
    size = median(sizes) * _raster_scale(pixels, _RASTER) if sizes else _TYPE
    if size >= _SMALL_TYPE:
        return 0
    side = min(_FINEST_RASTER, round(_RASTER * _TYPE / size))
    return side if _raster_scale(pixels, side) > _raster_scale(pixels, _RASTER) else 0


def _raster_scale(pixels: Pixels, side: int) -> float:
    return min(side / float(max(pixels.shape[:2])), _LARGEST_SCALE)


def _detect(pixels: Pixels, side: int) -> Quads:
    """Find the lines on a raster whose longer side is this long."""
    import cv2
    import numpy as np

    scale = _raster_scale(pixels, side)
    height, width = pixels.shape[:2]
    raster = cv2.resize(
        pixels,
        (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
    )
    # Lines that touch the edge are not found, as in a picture of one line.
    raster = cv2.copyMakeBorder(raster, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE)
    found = (ocr_engine.detect(raster.astype(np.uint8)) - _BORDER) / scale
    quads: Quads = np.clip(found, 0, np.array([width, height])).astype(np.float32)
    return quads


def _read(pixels: Pixels, quads: Quads) -> list[_Reading]:
    """Recognise each line; tall ones as text that runs down, or up where that reads better."""
    readings = [_Reading(quad, "", 0.0, 90 if _is_tall(quad) else 0) for quad in quads]
    _recognise(pixels, readings)
    doubtful = [line for line in readings if line.turn == 90 and line.score < _GOOD_SCORE]
    others = [_Reading(line.quad, "", 0.0, 270) for line in doubtful]
    _recognise(pixels, others)
    for line, other in zip(doubtful, others, strict=True):
        if other.score > line.score:
            line.text, line.score, line.turn = other.text, other.score, other.turn
    return readings


def _recognise(pixels: Pixels, readings: Sequence[_Reading]) -> None:
    patches = [_patch(pixels, line.quad, line.turn) for line in readings]
    for line, (text, score) in zip(readings, ocr_engine.recognise(patches), strict=True):
        line.text, line.score = text, score


def _patch(pixels: Pixels, quad: Quads, turn: int) -> Pixels:
    """Cut a line out, so that text turned clockwise by ``turn`` comes to stand upright."""
    import cv2
    import numpy as np

    corners = np.roll(quad, -turn // 90, axis=0)
    width, height = (max(2, round(side)) for side in _sides(corners))
    if height >= _ENOUGH_HEIGHT:
        width = max(2, round(_NARROWED * width))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    patch: Pixels = cv2.warpPerspective(  # type: ignore[assignment]
        pixels,
        cv2.getPerspectiveTransform(corners, target),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_CUBIC,
    )
    return patch


def _sides(quad: Quads) -> tuple[float, float]:
    """Return width and height of a quadrangle, the longer of its opposite sides."""
    import numpy as np

    lengths = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return float(max(lengths[0], lengths[2])), float(max(lengths[1], lengths[3]))


def _is_tall(quad: Quads) -> bool:
    width, height = _sides(quad)
    return height >= _TALL * width


def _sideways_share(quads: Quads) -> float:
    """Return how much of the text, by length, stands in tall boxes."""
    tall = total = 0.0
    for quad in quads:
        length = max(_sides(quad))
        total += length
        tall += length * _is_tall(quad)
    return tall / total if total else 0.0


def _sideways_turn(pixels: Pixels, quads: Quads) -> int:
    """Return by how much to turn a page of tall boxes clockwise; 0 where it is set in columns."""
    tall = sorted((quad for quad in quads if _is_tall(quad)), key=lambda quad: -max(_sides(quad)))
    down = [_Reading(quad, "", 0.0, 90) for quad in tall[:_SAMPLE]]
    up = [_Reading(quad, "", 0.0, 270) for quad in tall[:_SAMPLE]]
    _recognise(pixels, [*down, *up])
    return 270 if _confidence(down) >= _confidence(up) else 90


def _is_upside_down(pixels: Pixels, readings: Sequence[_Reading]) -> bool:
    sample = sorted(
        (line for line in readings if not line.turn), key=lambda line: -max(_sides(line.quad))
    )[:_SAMPLE]
    turned = [_Reading(line.quad, "", 0.0, 180) for line in sample]
    _recognise(pixels, turned)
    return _confidence(turned) > _confidence(sample)


def _turned(pixels: Pixels, quads: Quads, turn: int) -> tuple[Pixels, Quads]:
    """Turn a picture and the corners in it clockwise."""
    import numpy as np

    quarters = turn // 90
    points = np.stack([_turned_points(quad, turn, *pixels.shape[1::-1]) for quad in quads])
    # What was bottom left becomes top left with each quarter.
    return np.ascontiguousarray(np.rot90(pixels, -quarters)), np.roll(points, quarters, axis=1)


def _turned_points(points: Quads, turn: int, width: int, height: int) -> Quads:
    """Move points of a picture of this size to where they lie when it is turned clockwise."""
    import numpy as np

    x, y = points[:, 0], points[:, 1]
    if turn == 90:
        x, y = height - y, x
    elif turn == 180:
        x, y = width - x, height - y
    elif turn == 270:
        x, y = y, width - x
    return np.stack([x, y], axis=1).astype(np.float32)


def _confidence(readings: Sequence[_Reading]) -> float:
    total = sum(len(line.text) for line in readings)
    return sum(line.score * len(line.text) for line in readings) / total if total else 0.0


def _slope(readings: Sequence[_Reading]) -> float:
    """Return how far the lines fall for each step to the right; 0 where they are level."""
    slopes = []
    for line in readings:
        width, height = _sides(line.quad)
        if not line.turn and width >= 5 * height:
            (x0, y0), (x1, y1) = line.quad[0], line.quad[1]
            slopes.append(float((y1 - y0) / (x1 - x0)))
    slope = median(slopes) if slopes else 0.0
    return round(slope, 5) if abs(slope) >= _LEVEL else 0.0


def _segments(readings: Sequence[_Reading], slope: float, width: int, height: int) -> list[Segment]:
    segments = []
    for line in readings:
        points = _turned_points(line.quad, -line.turn % 360, width, height)
        corners = _rolled(points, line.turn)
        across, middle = corners[:, 0], (height if line.turn % 180 else width) / 2
        levels = corners[:, 1] - slope * (across - middle)
        top, bottom = float(levels[:2].mean()), float(levels[2:].mean())
        left, right = float(across.min()), float(across.max())
        size = _type_size(line.text, right - left, bottom - top)
        # The detector leaves a margin around the ink, so wide for small type that lines overlap.
        margin = max(0.0, (bottom - top - size) / 2)
        segments.append(
            Segment(
                line.text,
                left + margin,
                top + 0.8 * margin,
                max(left + margin + 1, right - margin),
                bottom - 0.8 * margin,
                size,
                line.turn,
            )
        )
    _even_out_sizes(segments)
    return segments


def _type_size(text: str, length: float, height: float) -> float:
    """Estimate the size of a line's type by the room its characters take.

    The detector's boxes are no measure of it: their margin is as wide for small type as for large.
    """
    advance = sum(_advance(character) for character in text)
    if advance < _LEAST_MEASURED:
        return _EM * height
    return min(height, max(0.4 * height, (length - height) / (advance - 1)))


def _advance(character: str) -> float:
    """Return about how wide a character is set, in sizes of the type."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return _NARROW if character in " .,:;'|!iljtfrI1()[]" else _LATIN


def _even_out_sizes(segments: Sequence[Segment]) -> None:
    """Give lines of about the same size exactly the same, so that they count as such."""
    left = list(segments)
    while left:
        weights: Counter[int] = Counter()
        for segment in left:
            weights[round(segment.size)] += len(segment.text)
        common = weights.most_common(1)[0][0]
        near = [piece for piece in left if abs(piece.size - common) <= _SAME_SIZE * common + 1]
        size = median(piece.size for piece in near)
        for segment in near:
            segment.size = size
        taken = set(map(id, near))
        left = [segment for segment in left if id(segment) not in taken]


def _rolled(points: Quads, turn: int) -> Quads:
    """Let corners begin where text begins that is turned clockwise by ``turn``."""
    import numpy as np

    return np.roll(points, -turn // 90, axis=0)
