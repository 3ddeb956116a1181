"""Which way text runs where its angle does not tell."""

from __future__ import annotations

import ctypes

import pypdfium2.raw as raw

from loaders.pdf.calls import quick

_FIRST_CJK = 0x2E80
_SAMPLE = 100
_FEWEST = 8
_SAME_COLUMN = 0.3
_CLOSE, _FAR = 0.5, 2.0
"""In sizes of a character: how far those of a column stand to the side, and beneath each other."""

_code_of = quick(raw.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_box_of = quick(
    raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)


def direction_at(text: int, index: int) -> int:
    """Return which way a character's successor lies, in degrees clockwise."""
    here, there = raw.FS_RECTF(), raw.FS_RECTF()
    if not (
        _box_of(text, index, ctypes.addressof(here))
        and _box_of(text, index + 1, ctypes.addressof(there))
    ):
        return 0
    across = there.left + there.right - here.left - here.right
    up = there.top + there.bottom - here.top - here.bottom
    if abs(across) >= abs(up):
        return 0 if across >= 0 else 180
    return 270 if up > 0 else 90


def set_in_columns(text: int, indices: list[int]) -> bool:
    """Tell a page on which most Chinese or Japanese characters stand beneath one another.

    In a narrow cell of a table some do as well, and stay part of their row.
    """
    asked = indices[:: max(1, len(indices) // _SAMPLE)]
    written = [index for index in asked if _code_of(text, index) >= _FIRST_CJK]
    down = sum(runs_down(text, index, goes_on=False) for index in written)
    return len(written) >= _FEWEST and 2 * down > len(written)


def runs_down(text: int, index: int, *, goes_on: bool) -> bool:
    """Tell Chinese or Japanese set in columns: each of some characters stands beneath the last.

    Three must; ``goes_on`` tells that they did before, and that a column may end sooner.
    """
    if _code_of(text, index) < _FIRST_CJK:
        return False
    here, there = raw.FS_RECTF(), raw.FS_RECTF()
    _box_of(text, index, ctypes.addressof(here))
    for step in (1, 2):
        if _code_of(text, index + step) < _FIRST_CJK:
            return goes_on
        _box_of(text, index + step, ctypes.addressof(there))
        size = max(there.right - there.left, there.top - there.bottom)
        aside = abs(here.left + here.right - there.left - there.right) / 2
        beneath = here.top - there.top
        if aside > _SAME_COLUMN * size or not _CLOSE * size < beneath < _FAR * size:
            return goes_on and step > 1
        here, there = there, here
    return True
