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

from loaders.pdf.pieces import Segment
from loaders.records import Box

Codes: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Numbers: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"

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

    A page has thousands of characters, so those that only go on with a run as the one before them
    did are taken together: `_Characters` has found them out for all of the page at once.
    """
    frame = Frame(page)
    characters = _characters(text, frame, found)
    x0s, y0s, x1s, y1s = characters.boxes
    chars: list[str] = []
    sizes: list[float] = []
    starts: list[float] = []
    left = top = right = bottom = last_size = widest = 0.0
    breaks = iter(characters.breaks)
    end = index = 0
    count = len(characters.text)
    while index < count:
        char, ended = characters.text[index], characters.ended[index]
        if frame.rotation:
            x0, y0, x1, y1 = frame.upright(*characters.drawn(index))
        else:
            x0, y0, x1, y1 = x0s[index], y0s[index], x1s[index], y1s[index]
        size = y1 - y0
        gap = x0 - right
        larger = size if size > last_size else last_size
        shorter = size if size < bottom - top else bottom - top
        overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
        if (
            chars
            and -0.6 * larger <= gap <= 1.8 * larger
            and overlap >= 0.5 * shorter
            and not (ended and gap < -0.05 * larger)
        ):
            if gap > 0.1 * size and (
                # PDFium sees no space between a label and what was filled in beside it.
                characters.spaced[index]
                or (gap > 0.6 * size and (char.isascii() or chars[-1][-1].isascii()))
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
            frame.follow(text, int(characters.indices[index]))
            widest = 0.0
            left, top, right, bottom = frame.upright(*characters.drawn(index))
            last_size = bottom - top
            chars, sizes, starts = [char], [last_size], [left]
        index += 1
        while end < index:
            end = next(breaks)
        if end > index and not frame.rotation and right == x1s[index - 1]:
            more, places, gap = characters.stretch(index, end)
            chars.append(more)
            starts.extend(places)
            sizes.extend([last_size] * (end - index))
            widest = gap if gap > widest else widest
            right = x1s[end - 1]
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

    text: str
    indices: Codes
    spaced: list[bool]
    ended: list[bool]
    boxes: tuple[list[float], list[float], list[float], list[float]]
    drawn_boxes: Numbers
    breaks: list[int]
    joined: str
    places: list[float]
    offsets: list[int]
    gaps: list[float]

    def drawn(self, index: int) -> tuple[float, float, float, float]:
        """Return a box as PDFium has it: left, bottom, right, top."""
        left, top, right, bottom = self.drawn_boxes[index].tolist()
        return left, bottom, right, top

    def stretch(self, start: int, end: int) -> tuple[str, list[float], float]:
        """Return the text of a simple stretch, where its characters begin, and its widest gap."""
        low, high = self.offsets[start - 1] + 1, self.offsets[end - 1] + 1
        gaps = self.gaps[low - start : high - end]
        return self.joined[low:high], self.places[low:high], max(gaps, default=0.0)


def _characters(text: object, frame: Frame, found: PageText) -> _Characters:
    count = raw.FPDFText_CountChars(text)
    codes, drawn, has_box = _ask(text, count)
    blank = ((codes <= 32) | (codes == 0xA0)) & (codes != _BROKEN_WORD)
    found.lost += int(np.count_nonzero(blank & (codes < 9)))
    spaces = np.cumsum(blank & ((codes == 32) | (codes == 0xA0)))
    ends = np.cumsum(blank & ((codes == 10) | (codes == 13)))
    kept = np.flatnonzero(~blank & _whole_characters(codes) & has_box)
    codes, drawn = codes[kept], drawn[kept]
    codes[(codes == _BROKEN_WORD) | (codes == 0xFFFE)] = 0xAD
    visible = codes.astype("<u4").tobytes().decode("utf-32-le", "replace")
    spaced = np.diff(spaces[kept], prepend=0) > 0
    ended = np.diff(ends[kept], prepend=0) > 0
    x0, y0 = drawn[:, 0] - frame.left, frame.top - drawn[:, 1]
    x1, y1 = drawn[:, 2] - frame.left, frame.top - drawn[:, 3]
    # What `_read` asks of each character, where the one before it has the same height.
    size = y1 - y0
    gap = x0[1:] - x1[:-1]
    own = size[1:]
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
    places = np.insert(x0, before, x1[before - 1])
    joined = np.insert(codes, before, 32).astype("<u4").tobytes().decode("utf-32-le", "replace")
    offsets = np.arange(len(codes))
    offsets[1:] += np.cumsum(parted)
    return _Characters(
        text=visible,
        indices=kept,
        spaced=spaced.tolist(),
        ended=ended.tolist(),
        boxes=(x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist()),
        drawn_boxes=drawn,
        breaks=[0, *(np.flatnonzero(~simple) + 1).tolist(), len(codes)],
        joined=joined,
        places=places.tolist(),
        offsets=offsets.tolist(),
        gaps=gap[before - 1].tolist(),
    )


def _ask(text: object, count: int) -> tuple[Codes, Numbers, Flags]:
    """Return the codes of all characters, their boxes (left, top, right, bottom), which have one.

    A call into PDFium for each of them: plain numbers as arguments and a loop in C make these twice
    as fast as structures that Python makes for each.
    """
    boxes = (raw.FS_RECTF * count)()
    start, step = ctypes.addressof(boxes), ctypes.sizeof(raw.FS_RECTF)
    handle = ctypes.cast(text, ctypes.c_void_p).value  # type: ignore[arg-type]
    box_of = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
        ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
    )
    places = range(start, start + step * count, step)
    has_box = np.fromiter(map(box_of, repeat(handle), range(count), places), np.bool_, count)
    drawn = np.frombuffer(boxes, np.float32).reshape(count, 4) if count else np.empty((0, 4))
    return _codes(text, count), drawn.astype(np.float64), has_box


def _codes(text: object, count: int) -> Codes:
    code_of = raw.FPDFText_GetUnicode
    # Two for each, should the library write pairs for characters beyond the first plane.
    units = (ctypes.c_ushort * (2 * count + 2))()
    if raw.FPDFText_GetText(text, 0, count, units) == count + 1:
        codes = np.frombuffer(memoryview(units), np.uint16, count).astype(np.int64)
        if not np.any((codes >= 0xD800) & (codes < 0xE000)):
            # Stands for all that is not text, of which only the single character says what it is.
            for index in np.flatnonzero(codes == 0xFFFE).tolist():
                codes[index] = code_of(text, index)
            return codes
    # The text as a whole leaves out what has no code: then it does not tell which is which.
    each: Codes = np.fromiter((code_of(text, index) for index in range(count)), np.int64, count)
    return each


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
