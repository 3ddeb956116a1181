"""The characters of a PDF page as pieces of text, whichever way they run.

PDFium is fast and permissively licensed; it gives characters with boxes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import TypeAlias

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.calls import number_of, quick
from loaders.pdf.directions import direction_at, runs_down, set_in_columns
from loaders.pdf.pieces import Segment
from loaders.records import Box

Codes: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Numbers: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"
Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"

_SLANT = 8
"""Degrees from which on text stands askew: a watermark, in practice."""

_BROKEN_WORD = 2
"""What PDFium puts for the hyphen of a word broken at the end of a line; U+FFFE in old releases."""

_MANY_LOST = 0.05
_MOST_NAMELESS = 0.5
_SAMPLE = 100

_count_of = quick(raw.FPDFText_CountChars, ctypes.c_int, ctypes.c_void_p)
_code_of = quick(raw.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_text_of = quick(
    raw.FPDFText_GetText,
    ctypes.c_int,
    *(ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p),
)
_box_of = quick(
    raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_angle_of = quick(raw.FPDFText_GetCharAngle, ctypes.c_float, ctypes.c_void_p, ctypes.c_int)
_size_of = quick(raw.FPDFText_GetFontSize, ctypes.c_double, ctypes.c_void_p, ctypes.c_int)
_error_of = quick(raw.FPDFText_HasUnicodeMapError, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


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
        found.segments.extend(_read(page, number_of(textpage.raw), found))
        return found
    finally:
        textpage.close()


def _read(page: pdfium.PdfPage, text: int, found: PageText) -> Iterator[Segment]:
    """Yield runs of characters that follow each other on a line, whichever way the line runs.

    A page has thousands of characters, so those that only go on with a run as the one before them
    did are taken together: `_Characters` has found them out for all of the page at once.
    """
    frame = Frame(page)
    characters = _characters(text, frame, found)
    # Of most characters nothing is asked: single numbers cost less than lists of all.
    x0_of, y0_of, x1_of, y1_of = (numbers.item for numbers in characters.boxes)
    chars: list[str] = []
    sizes: list[float] = []
    starts: list[float] = []
    left = top = right = bottom = last_size = widest = 0.0
    joined, spaced, ended = characters.joined, characters.spaced, characters.ended
    offset_of = characters.offsets.item
    breaks = iter(characters.breaks)
    end = index = 0
    count = len(characters.indices)
    if 2 * len(characters.breaks) > count:
        frame.in_columns = set_in_columns(text, characters.indices.tolist())
    while index < count:
        if frame.rotation:
            x0, y0, x1, y1 = frame.upright(*characters.drawn(index))
        else:
            x0, y0, x1, y1 = x0_of(index), y0_of(index), x1_of(index), y1_of(index)
        size = y1 - y0
        gap = x0 - right
        larger = size if size > last_size else last_size
        shorter = size if size < bottom - top else bottom - top
        overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
        char = joined[offset_of(index)]
        if (
            chars
            and -0.6 * larger <= gap <= 1.8 * larger
            and overlap >= 0.5 * shorter
            and not (ended[index] and gap < -0.05 * larger)
        ):
            if gap > 0.1 * size and (
                # PDFium sees no space between a label and what was filled in beside it.
                spaced[index] or (gap > 0.6 * size and (char.isascii() or chars[-1][-1].isascii()))
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
        else:
            if chars and not frame.slanted:
                yield _segment(chars, starts, sizes, (left, top, right, bottom), frame.turn, widest)
            if frame.follow(text, characters.indices.item(index)):
                x0, y0, x1, y1 = frame.upright(*characters.drawn(index))
            widest = 0.0
            left, top, right, bottom = x0, y0, x1, y1
            last_size = bottom - top
            chars, sizes, starts = [char], [last_size], [left]
        index += 1
        while end < index:
            end = next(breaks)
        if end > index and not frame.rotation and right == x1_of(index - 1):
            more, places, gap = characters.stretch(index, end)
            chars.append(more)
            starts.extend(places)
            sizes.extend([last_size] * (end - index))
            widest = gap if gap > widest else widest
            right = x1_of(end - 1)
            index = end
    if chars and not frame.slanted:
        yield _segment(chars, starts, sizes, (left, top, right, bottom), frame.turn, widest)


@dataclass(frozen=True, slots=True)
class _Characters:
    """The visible characters of a page with their boxes on the page as it is held unturned.

    ``indices`` are their numbers in PDFium, ``spaced`` and ``ended`` tell whether a space or a line
    end stands before them. ``breaks`` are those that do not simply go on with a run: another
    height, a step back or a wide gap; behind the last stands the count. ``joined`` is the text with
    the spaces of such runs, ``places`` where its characters begin, ``offsets`` where in it each
    visible one stands, ``gaps`` the widths of its spaces.
    """

    indices: Codes
    spaced: bytes
    ended: bytes
    boxes: tuple[Numbers, ...]
    drawn_boxes: Numbers
    breaks: list[int]
    joined: str
    places: Numbers
    offsets: Codes
    gaps: list[float]

    def drawn(self, index: int) -> tuple[float, float, float, float]:
        """Return a box as PDFium has it: left, bottom, right, top."""
        left, top, right, bottom = self.drawn_boxes[:, index].tolist()
        return left, bottom, right, top

    def stretch(self, start: int, end: int) -> tuple[str, list[float], float]:
        """Return the text of a simple stretch, where its characters begin, and its widest gap."""
        low, high = self.offsets.item(start - 1) + 1, self.offsets.item(end - 1) + 1
        gaps = self.gaps[low - start : high - end]
        return self.joined[low:high], self.places[low:high].tolist(), max(gaps) if gaps else 0.0


def _lost(text: int, codes: Codes, blank: Flags) -> int:
    """Count the characters that are not text.

    Control characters, besides tabs and line ends, stand for glyphs without a meaning. Fonts that
    name none of theirs have PDFium give numbers of glyphs, of which only the first look like that;
    other such fonts have letters for numbers, as they should, and use no control characters.
    """
    count = int(
        np.count_nonzero(blank & (codes < 32) & (codes != 9) & (codes != 10) & (codes != 13))
    )
    if count < _MANY_LOST * len(codes):
        return count
    asked = np.flatnonzero(~blank)[:: max(1, len(codes) // _SAMPLE)].tolist()
    nameless = sum(_error_of(text, index) > 0 for index in asked)
    return len(codes) if asked and nameless >= _MOST_NAMELESS * len(asked) else count


def _characters(text: int, frame: Frame, found: PageText) -> _Characters:
    codes = _codes(text, _count_of(text))
    blank = ((codes <= 32) | (codes == 0xA0)) & (codes != _BROKEN_WORD)
    found.lost += _lost(text, codes, blank)
    spaces = np.cumsum(blank & ((codes == 32) | (codes == 0xA0)))
    ends = np.cumsum(blank & ((codes == 10) | (codes == 13)))
    kept, drawn = _boxes(text, np.flatnonzero(~blank & _whole_characters(codes)))
    codes = codes[kept]
    codes[(codes == _BROKEN_WORD) | (codes == 0xFFFE)] = 0xAD
    spaced, ended = _rises(spaces[kept]), _rises(ends[kept])
    x0, y0 = drawn[0] - frame.left, frame.top - drawn[1]
    x1, y1 = drawn[2] - frame.left, frame.top - drawn[3]
    # What `_read` asks of each character, where the one before it has the same height.
    own = y1[1:] - y0[1:]
    gap = x0[1:] - x1[:-1]
    simple = (
        (y0[1:] == y0[:-1])
        & (y1[1:] == y1[:-1])
        & (x1[1:] >= x1[:-1])
        & (own >= 0)
        & (-0.6 * own <= gap)
        & (gap <= 1.8 * own)
        & ~(ended[1:] & (gap < -0.05 * own))
    )
    ascii_ = codes < 128
    parted = (gap > 0.1 * own) & (spaced[1:] | ((gap > 0.6 * own) & (ascii_[1:] | ascii_[:-1])))
    before = np.flatnonzero(parted) + 1
    offsets = np.arange(len(codes))
    offsets[1:] += np.cumsum(parted)
    joined = np.full(len(codes) + len(before), 32, "<u4")
    joined[offsets] = codes
    places = np.empty(len(joined))
    places[offsets] = x0
    places[offsets[before] - 1] = x1[before - 1]
    return _Characters(
        indices=kept,
        spaced=spaced.tobytes(),
        ended=ended.tobytes(),
        boxes=(x0, y0, x1, y1),
        drawn_boxes=drawn,
        breaks=[0, *(np.flatnonzero(~simple) + 1).tolist(), len(codes)],
        joined=joined.tobytes().decode("utf-32-le", "replace"),
        places=places,
        offsets=offsets,
        gaps=gap[before - 1].tolist(),
    )


def _rises(counts: Codes) -> Flags:
    """Tell where a number is larger than the one before it."""
    rises = np.empty(len(counts), np.bool_)
    rises[:1] = counts[:1] > 0
    rises[1:] = counts[1:] > counts[:-1]
    return rises


def _boxes(text: int, indices: Codes) -> tuple[Codes, Numbers]:
    """Return which of these characters have a box, and all left, top, right and bottom edges."""
    count = len(indices)
    boxes = np.zeros((count, 4), np.float32)
    start, step = boxes.ctypes.data, 4 * boxes.itemsize
    places = range(start, start + step * count, step)
    asked = map(_box_of, repeat(text), indices.tolist(), places)
    has_box = np.fromiter(asked, np.bool_, count)
    if not has_box.all():
        indices, boxes = indices[has_box], boxes[has_box]
    return indices, np.ascontiguousarray(boxes.T, np.float64)


def _codes(text: int, count: int) -> Codes:
    # Two for each, should the library write pairs for characters beyond the first plane.
    units = np.zeros(2 * count + 2, np.uint16)
    if _text_of(text, 0, count, units.ctypes.data) == count + 1:
        codes = units[:count].astype(np.int64)
        if not np.any((codes >= 0xD800) & (codes < 0xE000)):
            # Stands for all that is not text, of which only the single character says what it is.
            for index in np.flatnonzero(codes == 0xFFFE).tolist():
                codes[index] = _code_of(text, index)
            return codes
    # The text as a whole leaves out what has no code: then it does not tell which is which.
    return np.fromiter(map(_code_of, repeat(text), range(count)), np.int64, count)


def _whole_characters(codes: Codes) -> Flags:
    """Join the halves of characters beyond the first plane at the second of them; tell the rest."""
    whole = np.ones(len(codes), np.bool_)
    high = 0
    for index in np.flatnonzero((codes >= 0xD800) & (codes < 0xE000)).tolist():
        code = int(codes[index])
        if code < 0xDC00:
            high = code
            whole[index] = False
        elif high:
            codes[index] = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
            high = 0
        else:
            whole[index] = False
    return whole


def _segment(
    chars: list[str], starts: list[float], sizes: list[float], box: Box, turn: int, gap: float
) -> Segment:
    sizes.sort()
    size = max(0.1, sizes[len(sizes) // 2])
    text = "".join(chars)
    stripped = text.strip()
    if len(stripped) != len(text):
        begin = len(text) - len(text.lstrip())
        starts = starts[begin : begin + len(stripped)]
    return Segment(stripped, *box, size, turn, starts, gap=gap)


class Frame:
    """Turns PDF coordinates into those of the page as one holds it to read the text at hand.

    ``turn`` is how far that is turned against the upright page; ``in_columns`` tells that the page
    is set in columns from the right; ``slanted`` marks text that stands askew, in practice a
    watermark.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        rotation: int = page.get_rotation()
        self._page_rotation = self.rotation = rotation
        self.left, self._bottom, self._right, self.top = page.get_bbox()
        self.turn = 0
        self.slanted = False
        self.in_columns = self._runs_down = False

    def follow(self, text: int, index: int) -> bool:
        """Take over the direction of the run starting with this character; tell if it changes."""
        before = self.rotation
        # Clockwise, and negative where PDFium cannot tell.
        angle = _angle_of(text, index)
        degrees = math.degrees(angle) if angle > 0.0 else 0.0
        self.slanted = _SLANT < degrees % 90 < 90 - _SLANT
        direction = round(degrees / 90) * 90 % 360
        if direction or _size_of(text, index) < 0:
            # Mirrored coordinates give an angle too, yet the characters go on to the right; type of
            # a size below zero stands on its head, and has no angle.
            direction = direction_at(text, index)
        if self.in_columns and not direction:
            self._runs_down = runs_down(text, index, goes_on=self._runs_down)
        if self._runs_down and not direction:
            # Upright characters one beneath the other, columns from the right: in places and order
            # no other than lines turned to the right.
            direction = 90
        self.turn = (direction + self._page_rotation) % 360
        self.rotation = -direction % 360
        return self.rotation != before

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
