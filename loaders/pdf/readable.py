"""Tells a text layer that can be read from one whose fonts map to the wrong characters."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable

import numpy as np

_FILLING = re.compile(r"[\s.·…_\-–—=*]")
"""White space, leaders and lines: what fills a page without being words."""

_MOST_UNREADABLE = 0.3
_LEAST_SIGNS = 30
_LEAST_LETTERS = 0.35
_LEAST_COMMON = 0.5
_LEAST_VOWELS = 0.2
_ENOUGH_LATIN = 150
_ENOUGH_HAN = 20
_HAN = re.compile("[㐀-鿿豈-﫿]")
_VOWELS = "aeiouy"


def unreadable(text: str, lost: int = 0) -> int:
    """Count the characters that no one can read: private ones, replacements, those lost."""
    if text.isprintable() and "\ufffd" not in text:
        return lost
    return lost + sum(
        text.count(char)
        for char in set(text)
        if (unicodedata.category(char) in ("Cn", "Co", "Cc") and not char.isspace())
        or char == "\ufffd"
    )


def is_readable(texts: Iterable[str], lost: int = 0) -> bool:
    """Tell whether a page's text can be what it shows.

    A font without a true mapping gives characters of no language: private or unassigned ones, signs
    in place of letters, Chinese characters hardly anyone writes, letters without vowels. The common
    Chinese characters are those of the first levels of GB 2312 and Big5: they make up more than
    nine tenths of real text, and less than a third of characters drawn at random.
    """
    # A page has thousands of characters: what each of them is, is looked up for all at once.
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    traits = _TRAITS[codes]
    if not traits.all():
        for code in np.unique(codes[traits == 0]).tolist():
            _TRAITS[code] = _traits(chr(code))
        traits = _TRAITS[codes]
    length, odd, known, han, common, latin, vowels = (
        np.bincount(traits, minlength=len(_WHAT_TRAITS_TELL)) @ _WHAT_TRAITS_TELL
    ).tolist()
    if not length:
        return lost == 0
    if odd + lost > _MOST_UNREADABLE * (length + lost):
        return False
    if length < _LEAST_SIGNS:
        return True
    if known < _LEAST_LETTERS * length:
        return False
    if han >= _ENOUGH_HAN and common < _LEAST_COMMON * han:
        return False
    return not (latin >= _ENOUGH_LATIN and vowels < _LEAST_VOWELS * latin)


_FILLS = 1 << 7
_TRAITS = np.zeros(0x110000, np.uint8)
"""What each character is, as bits in the order of `_traits`; 0 before it was asked for."""

_WHAT_TRAITS_TELL = (np.arange(256)[:, None] >> np.arange(7)) & 1


def _traits(char: str) -> int:
    """Return what a character is and which letter it is made of, as bits."""
    if _FILLING.match(char):
        return _FILLS
    letters = unicodedata.normalize("NFD", char.lower())
    han = _HAN.match(char) is not None
    answers = (
        True,
        bool(unreadable(char)),
        char.isalnum(),
        han,
        han and _is_common(char),
        any(letter in string.ascii_lowercase for letter in letters),
        any(letter in _VOWELS for letter in letters),
    )
    return sum(answer << place for place, answer in enumerate(answers))


def _is_common(char: str) -> bool:
    simplified = char.encode("gb2312", "ignore")
    if simplified and simplified[0] <= 0xD7:
        return True
    traditional = char.encode("big5", "ignore")
    return bool(traditional) and traditional[0] <= 0xC6
