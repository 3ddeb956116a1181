"""The characters of a PDF page with their places, asking PDFium for as few of them as will do.

A page has thousands of characters, and the call that tells where one stands costs more than all the
rest that is done for it. What one operator of the page shows stands on one line with the widths of
its font: of a word within it, the places of the first and the last character tell the others'.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import TypeAlias

import numpy as np
import pypdfium2.raw as raw

from loaders.pdf.calls import quick

Codes: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Numbers: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"
Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"

_BROKEN_WORD = 2
"""What PDFium puts for the hyphen of a word broken at the end of a line; U+FFFE in old releases."""

_MANY_LOST = 0.05
_MOST_NAMELESS = 0.5
_SAMPLE = 100

_LEVEL = 0.01
"""Points by which the characters of a word may stand higher than each other."""

_MOST_ASKED = 0.4
_FIRST_ASKED = 60
"""Where more are asked than this share and this many, each character is set on its own."""

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
_object_of = quick(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_error_of = quick(raw.FPDFText_HasUnicodeMapError, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True, slots=True)
class Words:
    """The visible characters of a page in the order of PDFium, as words: characters of one operator
    that stand level without a space between them. One that does not is a word of its own.

    ``visible`` are the characters' numbers in PDFium, ``codes`` and ``lefts`` what they are and
    where they begin. For each word, ``starts`` gives its first character among these and
    ``lengths`` how many it has; ``left``, ``bottom``, ``right`` and ``top`` are its edges in points
    of the page as it is held unturned; ``spaced`` and ``ended`` tell whether a space or a line end
    stands before it.

    ``lost`` counts characters that are no text.
    """

    visible: Codes
    codes: Codes
    lefts: Numbers
    starts: Codes
    lengths: Codes
    left: Numbers
    bottom: Numbers
    right: Numbers
    top: Numbers
    spaced: Flags
    ended: Flags
    lost: int


def words_of(text: int) -> Words:
    """Return the words of a text page of PDFium, given by its number."""
    codes = _codes(text, _count_of(text))
    blank = ((codes <= 32) | (codes == 0xA0)) & (codes != _BROKEN_WORD)
    lost = _lost(text, codes, blank)
    spaces = np.cumsum(blank & ((codes == 32) | (codes == 0xA0)))
    ends = np.cumsum(blank & ((codes == 10) | (codes == 13)))
    visible = np.flatnonzero(~blank & _whole_characters(codes))
    boxes = _Boxes(text, visible)
    begins = _rises(visible - np.arange(len(visible)))
    begins[:1] = True
    _part_at_operators(text, visible, ends[visible], begins)
    starts = np.flatnonzero(begins)
    lasts = np.append(starts[1:], len(visible))[: len(starts)] - 1
    boxes.ask(np.union1d(starts, lasts))
    uneven = (starts < lasts) & ~boxes.are_level(starts, lasts)
    if uneven.any():
        within = np.repeat(uneven, lasts + 1 - starts)
        begins |= within
        boxes.ask(np.flatnonzero(within))
        starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=len(visible))
    # A character without a box is a word of its own by now.
    has_box = boxes.found[starts]
    if not has_box.all():
        kept = np.repeat(has_box, lengths)
        visible, boxes = visible[kept], boxes.only(kept)
        lengths = lengths[has_box]
        starts = np.cumsum(lengths) - lengths
    codes = codes[visible]
    codes[(codes == _BROKEN_WORD) | (codes == 0xFFFE)] = 0xAD
    lasts = starts + lengths - 1
    edges = boxes.edges
    return Words(
        visible=visible,
        codes=codes,
        lefts=_lefts(edges, starts, lengths),
        starts=starts,
        lengths=lengths,
        left=edges[starts, 0],
        bottom=edges[starts, 3],
        right=edges[lasts, 2],
        top=edges[starts, 1],
        spaced=_rises(spaces[visible])[starts],
        ended=_rises(ends[visible])[starts],
        lost=lost,
    )


class _Boxes:
    """Left, top, right and bottom edges of characters, as far as they were asked for."""

    def __init__(self, text: int, visible: Codes) -> None:
        self._text = text
        self._visible = visible
        self._edges = np.zeros((len(visible), 4), np.float32)
        self.found = np.zeros(len(visible), np.bool_)

    @property
    def edges(self) -> Numbers:
        return self._edges.astype(np.float64)

    def ask(self, positions: Codes) -> None:
        """Ask for these characters, by their places among the visible ones."""
        places = self._edges.ctypes.data + self._edges.strides[0] * positions
        asked = map(_box_of, repeat(self._text), self._visible[positions].tolist(), places.tolist())
        self.found[positions] = np.fromiter(asked, np.bool_, len(positions))

    def are_level(self, firsts: Codes, lasts: Codes) -> Flags:
        """Tell which of these stand at the same height, the last one to the right."""
        first, last = self._edges[firsts], self._edges[lasts]
        level: Flags = (
            self.found[firsts]
            & self.found[lasts]
            & (np.abs(first[:, 1] - last[:, 1]) < _LEVEL)
            & (np.abs(first[:, 3] - last[:, 3]) < _LEVEL)
            & (first[:, 0] < last[:, 0])
            & (first[:, 2] < last[:, 2])
        )
        return level

    def only(self, kept: Flags) -> _Boxes:
        """Return those of some of the characters."""
        rest = _Boxes(self._text, self._visible[kept])
        rest._edges, rest.found = self._edges[kept], self.found[kept]
        return rest


def _lefts(edges: Numbers, starts: Codes, lengths: Codes) -> Numbers:
    """Return where each character begins: as told at the ends of a word, evenly between them."""
    lasts = starts + lengths - 1
    base = np.where(lengths == 2, edges[lasts, 0], edges[starts, 2])
    step = (edges[lasts, 0] - base) / np.maximum(1, lengths - 2)
    inside = np.arange(len(edges)) - np.repeat(starts + 1, lengths)
    lefts: Numbers = np.repeat(base, lengths) + inside * np.repeat(step, lengths)
    lefts[starts] = edges[starts, 0]
    return lefts


def _part_at_operators(text: int, visible: Codes, ends: Codes, begins: Flags) -> None:
    """Mark where another operator of the page begins to show characters.

    What one operator shows follows each other, and mostly is a whole line: it is searched for by
    halves in each line.
    """
    count = len(visible)
    bounds = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), count]
    numbers = visible.tolist()
    asked = 0
    for start, end in pairwise(bounds):
        if end - start < 2:
            continue
        parts = [
            (start, end - 1, _object_of(text, numbers[start]), _object_of(text, numbers[end - 1]))
        ]
        asked += 2
        while parts:
            low, high, first, last = parts.pop()
            if first == last:
                continue
            if high - low == 1:
                begins[high] = True
                continue
            middle = (low + high) // 2
            between = _object_of(text, numbers[middle])
            asked += 1
            parts.append((low, middle, first, between))
            parts.append((middle, high, between, last))
        if asked > _FIRST_ASKED and asked > _MOST_ASKED * end:
            begins[start:] = True
            return


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


def _rises(counts: Codes) -> Flags:
    """Tell where a number is larger than the one before it."""
    rises = np.empty(len(counts), np.bool_)
    rises[:1] = counts[:1] > 0
    rises[1:] = counts[1:] > counts[:-1]
    return rises


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
