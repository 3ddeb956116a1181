"""The characters of a PDF page as pieces of text, whichever way they run.

PDFium is fast and permissively licensed; it gives characters with boxes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.pieces import Segment
from loaders.records import Box

_SLANT = 8
"""Degrees from which on text stands askew: a watermark, in practice."""

_BROKEN_WORD = 2
"""What PDFium puts for the hyphen of a word broken at the end of a line; U+FFFE in old releases."""


@dataclass(slots=True)
class PageText:
    """The pieces of text on a page; ``lost`` counts characters that its fonts map to nothing."""

    segments: list[Segment] = field(default_factory=list)
    lost: int = 0


def read_text(page: pdfium.PdfPage) -> PageText:
    """Gather a page's characters into pieces, in coordinates of the upright page."""
    textpage = page.get_textpage()
    try:
        found = PageText()
        found.segments.extend(_read(page, textpage.raw, found))
        return found
    finally:
        textpage.close()


def _read(page: pdfium.PdfPage, text: object, found: PageText) -> Iterator[Segment]:
    """Yield runs of characters that follow each other on a line, whichever way the line runs.

    Each character costs two calls into PDFium and this loop; hence local names and plain
    comparisons.
    """
    get_unicode, get_box = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox
    rect = raw.FS_RECTF()
    rect_ref = ctypes.byref(rect)
    frame = Frame(page)
    chars: list[str] = []
    sizes: list[float] = []
    starts: list[float] = []
    left = top = right = bottom = last_size = widest = 0.0
    space = ended = False
    high_surrogate = 0
    for index in range(raw.FPDFText_CountChars(text)):
        code = get_unicode(text, index)
        if code <= 32 or code == 0xA0:
            ended = ended or code in (10, 13)
            space = space or code in (32, 0xA0)
            found.lost += code < 9
            if code != _BROKEN_WORD:
                continue
            found.lost -= 1
        if 0xD800 <= code < 0xE000:
            if code < 0xDC00:
                high_surrogate = code
                continue
            if not high_surrogate:
                continue
            code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00)
            high_surrogate = 0
        if not get_box(text, index, rect_ref):
            continue
        char = "\u00ad" if code in (_BROKEN_WORD, 0xFFFE, 0xAD) else chr(code)
        if frame.rotation:
            x0, y0, x1, y1 = frame.upright(rect.left, rect.bottom, rect.right, rect.top)
        else:
            x0, y0, x1, y1 = (
                rect.left - frame.left,
                frame.top - rect.top,
                rect.right - frame.left,
                frame.top - rect.bottom,
            )
        size = y1 - y0
        if chars:
            gap = x0 - right
            larger = size if size > last_size else last_size
            shorter = size if size < bottom - top else bottom - top
            overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
            if (
                -0.6 * larger <= gap <= 1.8 * larger
                and overlap >= 0.5 * shorter
                and not (ended and gap < -0.05 * larger)
            ):
                if gap > 0.1 * size and (
                    # PDFium sees no space between a label and what was filled in beside it.
                    space or (gap > 0.6 * size and (char.isascii() or chars[-1].isascii()))
                ):
                    chars.append(" ")
                    starts.append(right)
                    widest = gap if gap > widest else widest
                chars.append(char)
                starts.append(x0)
                sizes.append(size)
                last_size = size
                right = x1 if x1 > right else right
                top = y0 if y0 < top else top
                bottom = y1 if y1 > bottom else bottom
                space = ended = False
                continue
            if not frame.slanted:
                box = left, top, right, bottom
                yield _segment(chars, starts, sizes, box, frame.turn, widest)
        frame.follow(text, index)
        widest = 0.0
        left, top, right, bottom = frame.upright(rect.left, rect.bottom, rect.right, rect.top)
        last_size = bottom - top
        chars, sizes, starts = [char], [last_size], [left]
        space = ended = False
    if chars and not frame.slanted:
        yield _segment(chars, starts, sizes, (left, top, right, bottom), frame.turn, widest)


def _segment(
    chars: list[str], starts: list[float], sizes: list[float], box: Box, turn: int, gap: float
) -> Segment:
    size = max(0.1, sorted(sizes)[len(sizes) // 2])
    text = "".join(chars)
    stripped = text.strip()
    if len(stripped) != len(text):
        begin = len(text) - len(text.lstrip())
        starts = starts[begin : begin + len(stripped)]
    return Segment(stripped, *box, size, turn, starts, gap=gap)


def _direction(text: object, index: int) -> int:
    """Return which way a character's successor lies, in degrees clockwise."""
    here, there = raw.FS_RECTF(), raw.FS_RECTF()
    if not (
        raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(here))
        and raw.FPDFText_GetLooseCharBox(text, index + 1, ctypes.byref(there))
    ):
        return 0
    across = there.left + there.right - here.left - here.right
    up = there.top + there.bottom - here.top - here.bottom
    if abs(across) >= abs(up):
        return 0 if across >= 0 else 180
    return 270 if up > 0 else 90


class Frame:
    """Turns PDF coordinates into those of the page as one holds it to read the text at hand.

    ``turn`` is how far that is turned against the upright page; ``slanted`` marks text that stands
    askew, in practice a watermark.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page_rotation = self.rotation = page.get_rotation()
        self.left, self._bottom, self._right, self.top = page.get_bbox()
        self.turn = 0
        self.slanted = False

    def follow(self, text: object, index: int) -> None:
        """Take over the direction of the run that starts with this character."""
        # Clockwise, and negative where PDFium cannot tell.
        degrees = math.degrees(max(0.0, raw.FPDFText_GetCharAngle(text, index)))
        self.slanted = _SLANT < degrees % 90 < 90 - _SLANT
        direction = round(degrees / 90) * 90 % 360
        if direction:
            # Mirrored coordinates give an angle too, yet the characters go on to the right.
            direction = _direction(text, index)
        self.turn = (direction + self._page_rotation) % 360
        self.rotation = -direction % 360

    def upright(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Return a box with its origin top left."""
        rotation = self.rotation
        if rotation == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        if rotation == 90:
            return (
                bottom - self._bottom,
                left - self.left,
                top - self._bottom,
                right - self.left,
            )
        if rotation == 180:
            return (
                self._right - right,
                bottom - self._bottom,
                self._right - left,
                top - self._bottom,
            )
        return self.top - top, self._right - right, self.top - bottom, self._right - left
