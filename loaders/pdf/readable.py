"""Tells a text layer that can be read from one whose fonts map to the wrong characters."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_FILLING = re.compile(r"[\s.·…_\-–—=*]+")
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
    text = _FILLING.sub("", "".join(texts))
    if not text:
        return lost == 0
    if unreadable(text, lost) > _MOST_UNREADABLE * (len(text) + lost):
        return False
    if len(text) < _LEAST_SIGNS:
        return True
    counts = Counter(text)
    known = sum(count for char, count in counts.items() if char.isalnum())
    if known < _LEAST_LETTERS * len(text):
        return False
    han = {char: count for char, count in counts.items() if _HAN.match(char)}
    common = sum(count for char, count in han.items() if _is_common(char))
    if sum(han.values()) >= _ENOUGH_HAN and common < _LEAST_COMMON * sum(han.values()):
        return False
    bare = Counter(unicodedata.normalize("NFD", text.lower()))
    latin = sum(bare[char] for char in string.ascii_lowercase)
    vowels = sum(bare[char] for char in _VOWELS)
    return not (latin >= _ENOUGH_LATIN and vowels < _LEAST_VOWELS * latin)


@lru_cache(maxsize=1 << 15)
def _is_common(char: str) -> bool:
    simplified = char.encode("gb2312", "ignore")
    if simplified and simplified[0] <= 0xD7:
        return True
    traditional = char.encode("big5", "ignore")
    return bool(traditional) and traditional[0] <= 0xC6
