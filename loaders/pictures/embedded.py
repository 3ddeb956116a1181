"""What is written in the pictures inside a document: screenshots, scanned pages, diagrams."""

from __future__ import annotations

import hashlib
import io
import logging

from PIL import Image, ImageChops

from loaders.errors import DamagedFileError, LimitExceededError, UnsupportedFormatError
from loaders.pdf.layout import paragraphs
from loaders.pictures import ocr
from loaders.pictures.raster import flattened, open_picture, read_page
from loaders.source import Source

logger = logging.getLogger(__name__)

_LEAST_WIDTH = 100
_LEAST_HEIGHT = 30
_LEAST_ASKED_WIDTH = 24
_LEAST_ASKED_HEIGHT = 10
"""Where a person asks for the OCR, all is read that has room for a character."""

_LONGEST_SHAPE = 20
"""Width by height, or the other way round, from which on a picture is a rule or an ornament."""

_MOST_PICTURES = 100
_MOST_PIXELS = 200_000_000
"""For one document; a page-sized picture of 2 million pixels takes some seconds to read."""

_LEAST_CONFIDENCE = 0.7
"""Below it, what seems to be writing is the pattern of a photograph."""

_THUMBNAIL = 256
_FAINT = 24


def embedded_text(data: bytes, source: Source) -> str | None:
    """Return the text of a picture inside a document, its lines joined by newlines.

    None where there is none, where the picture is too small or was read before in this file, and
    where it cannot be read; ``source`` is warned of the last. ``source.force_ocr`` has small and
    many pictures read too, and doubtful text kept.
    """
    digest = hashlib.sha256(data).digest()
    if digest in source.pictures_seen:
        return None
    source.pictures_seen.add(digest)
    try:
        return _read(data, source)
    except (DamagedFileError, LimitExceededError, UnsupportedFormatError) as exc:
        logger.info("a picture in a document was not read: %s", exc)
        source.warn("pictures_skipped")
        return None


def _read(data: bytes, source: Source) -> str | None:
    file = io.BytesIO(data)
    with open_picture(file, source.name) as picture:
        size = picture.size
    if not _is_worthwhile(size, source):
        return None
    pixels = size[0] * size[1]
    if (
        not ocr.available()
        or (source.pictures_read >= _MOST_PICTURES and not source.force_ocr)
        or source.picture_pixels + pixels > _MOST_PIXELS
    ):
        source.warn("pictures_skipped")
        return None
    upright = read_page(file, 1, source.name).picture
    if not _is_worthwhile(_content_size(upright), source):
        return None
    source.pictures_read += 1
    source.picture_pixels += pixels
    found = ocr.read_picture(upright)
    if found.confidence < _LEAST_CONFIDENCE and not source.force_ocr:
        return None
    text = "\n".join(paragraph.text for paragraph in paragraphs(list(found.segments)))
    return text or None


def _is_worthwhile(size: tuple[int, int], source: Source) -> bool:
    short, long = sorted(size)
    if source.force_ocr:
        return short >= _LEAST_ASKED_HEIGHT and long >= _LEAST_ASKED_WIDTH
    return short >= _LEAST_HEIGHT and long >= _LEAST_WIDTH and long <= _LONGEST_SHAPE * short


def _content_size(picture: Image.Image) -> tuple[int, int]:
    """Return the size of what stands out from the colour of the corner."""
    small = flattened(picture, _THUMBNAIL)
    corner = Image.new("RGB", small.size, small.getpixel((0, 0)))
    box = ImageChops.difference(small, corner).convert("L").point(_stands_out).getbbox()
    if box is None:
        return 0, 0
    scale = picture.width / small.width
    return round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale)


def _stands_out(difference: int) -> int:
    return 255 if difference > _FAINT else 0
