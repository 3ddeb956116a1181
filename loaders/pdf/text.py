"""The characters of a PDF page as pieces of text, whichever way they run.

PDFium is fast and permissively licensed; it gives characters with boxes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.calls import number_of, quick
from loaders.pdf.directions import direction_at, runs_down, set_in_columns
from loaders.pdf.pieces import Segment
from loaders.pdf.words import Words, words_of
from loaders.records import Box

_SLANT = 8
"""Degrees from which on text stands askew: a watermark, in practice."""

_angle_of = quick(raw.FPDFText_GetCharAngle, ctypes.c_float, ctypes.c_void_p, ctypes.c_int)
_size_of = quick(raw.FPDFText_GetFontSize, ctypes.c_double, ctypes.c_void_p, ctypes.c_int)


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

    Words that only go on with a run as the one before them did are taken together: `_Words` has
    found them out for all of the page at once.
    """
    frame = Frame(page)
    told = words_of(text)
    found.lost += told.lost
    words = _Words(told, frame)
    boxes, right_of = words.boxes, words.rights
    chars: list[str] = []
    sizes: list[float] = []
    starts: list[float] = []
    left = top = right = bottom = last_size = widest = 0.0
    spaced, ended = words.spaced, words.ended
    breaks = iter(words.breaks)
    end = index = 0
    count = len(told.starts)
    if 2 * len(words.breaks) > len(told.visible):
        frame.in_columns = set_in_columns(text, told.visible.tolist())
    while index < count:
        if frame.rotation:
            x0, y0, x1, y1 = frame.upright(*words.drawn(index))
        else:
            x0, y0, x1, y1 = boxes[index]
        size = y1 - y0
        gap = x0 - right
        larger = size if size > last_size else last_size
        shorter = size if size < bottom - top else bottom - top
        overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
        word, places = words.at(index)
        if (
            chars
            and -0.6 * larger <= gap <= 1.8 * larger
            and overlap >= 0.5 * shorter
            and not (ended[index] and gap < -0.05 * larger)
            # A word of several characters stands level: it goes on with no line that is turned.
            and not (frame.rotation and len(word) > 1)
        ):
            if gap > 0.1 * size and (
                # PDFium sees no space between a label and what was filled in beside it.
                spaced[index]
                or (gap > 0.6 * size and (word[0].isascii() or chars[-1][-1].isascii()))
            ):
                chars.append(" ")
                starts.append(right)
                widest = gap if gap > widest else widest
            chars.append(word)
            starts.extend(places if not frame.rotation else [x0])
            sizes.extend([size] * len(word))
            last_size = size
            right = x1 if x1 > right else right
            top = y0 if y0 < top else top
            bottom = y1 if y1 > bottom else bottom
        else:
            if chars and not frame.slanted:
                yield _segment(chars, starts, sizes, (left, top, right, bottom), frame.turn, widest)
            if frame.follow(text, told.visible.item(told.starts.item(index))):
                x0, y0, x1, y1 = frame.upright(*words.drawn(index))
            if frame.rotation:
                step = (x1 - x0) / len(word)
                places = [x0 + step * number for number in range(len(word))]
            widest = 0.0
            left, top, right, bottom = x0, y0, x1, y1
            last_size = bottom - top
            chars, sizes, starts = [word], [last_size] * len(word), places
        index += 1
        while end < index:
            end = next(breaks)
        if end > index and not frame.rotation and right == right_of[index - 1]:
            more, places, gap, spaces = words.stretch(index, end)
            chars.append(more)
            starts.extend(places)
            sizes.extend([last_size] * (len(more) - spaces))
            widest = gap if gap > widest else widest
            right = right_of[end - 1]
            index = end
    if chars and not frame.slanted:
        yield _segment(chars, starts, sizes, (left, top, right, bottom), frame.turn, widest)


class _Words:
    """The words of a page with their boxes on the page as it is held unturned, origin top left.

    ``breaks`` are those that do not simply go on with a run: another height, a step back or a wide
    gap; behind the last stands the count. ``spaced`` and ``ended`` tell whether a space or a line
    end stands before a word.
    """

    def __init__(self, told: Words, frame: Frame) -> None:
        self._told = told
        x0, y0 = told.left - frame.left, frame.top - told.top
        x1, y1 = told.right - frame.left, frame.top - told.bottom
        self.rights: list[float] = x1.tolist()
        self.boxes = list(zip(x0.tolist(), y0.tolist(), self.rights, y1.tolist(), strict=True))
        self.spaced, self.ended = told.spaced.tobytes(), told.ended.tobytes()
        # What `_read` asks of each word, where the one before it has the same height.
        own = y1[1:] - y0[1:]
        gap = x0[1:] - x1[:-1]
        simple = (
            (y0[1:] == y0[:-1])
            & (y1[1:] == y1[:-1])
            & (x1[1:] >= x1[:-1])
            & (own >= 0)
            & (-0.6 * own <= gap)
            & (gap <= 1.8 * own)
            & ~(told.ended[1:] & (gap < -0.05 * own))
        )
        self.breaks = [0, *(np.flatnonzero(~simple) + 1).tolist(), len(x0)]
        ascii_ = told.codes < 128
        lasts = told.starts + told.lengths - 1
        besides_ascii = ascii_[told.starts[1:]] | ascii_[lasts[:-1]]
        parted = (gap > 0.1 * own) & (told.spaced[1:] | ((gap > 0.6 * own) & besides_ascii))
        before = np.flatnonzero(parted) + 1
        # The text with the spaces of such runs, and where each word and character is in it.
        spaces = np.zeros(len(x0), np.int64)
        spaces[1:] = np.cumsum(parted)
        offsets = told.starts + spaces
        of_characters = np.arange(len(told.codes)) + np.repeat(spaces, told.lengths)
        joined = np.full(len(told.codes) + len(before), 32, "<u4")
        joined[of_characters] = told.codes
        places = np.empty(len(joined))
        places[of_characters] = told.lefts - frame.left
        places[offsets[before] - 1] = x1[before - 1]
        self._joined = joined.tobytes().decode("utf-32-le", "replace")
        self._places: list[float] = places.tolist()
        self._spaces: list[int] = spaces.tolist()
        self._offsets: list[int] = offsets.tolist()
        self._ends: list[int] = (offsets + told.lengths).tolist()
        self._gaps: list[float] = gap[before - 1].tolist()

    def at(self, index: int) -> tuple[str, list[float]]:
        """Return a word and where its characters begin."""
        low, high = self._offsets[index], self._ends[index]
        return self._joined[low:high], self._places[low:high]

    def drawn(self, index: int) -> tuple[float, float, float, float]:
        """Return a box as PDFium has it: left, bottom, right, top."""
        told = self._told
        return (
            told.left.item(index),
            told.bottom.item(index),
            told.right.item(index),
            told.top.item(index),
        )

    def stretch(self, start: int, end: int) -> tuple[str, list[float], float, int]:
        """Return the text of a simple stretch, where its characters begin, its widest gap, and how
        many spaces it has.
        """
        low, high = self._ends[start - 1], self._ends[end - 1]
        gaps = self._gaps[self._spaces[start - 1] : self._spaces[end - 1]]
        return self._joined[low:high], self._places[low:high], max(gaps, default=0.0), len(gaps)


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
