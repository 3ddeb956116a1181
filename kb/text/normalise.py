"""Texts made comparable: for matching, for comparing answers, and clean enough to show."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Line ends of other systems, vertical tab, form feed, NEL, Unicode line and paragraph separators.
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Control characters, soft hyphen, zero-width space, direction marks, word joiner, byte order mark.
_INVISIBLE = (
    r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e"
    r"\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
)
_INVISIBLE_RUN = re.compile(f"[{_INVISIBLE}]+")
# A zero-width joiner means something in emoji and in Arabic and Indic words; elsewhere it is dirt.
_STRAY_JOINER = re.compile(
    "(?<![\u0600-\u0dff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = "[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_BLANK_RUN = re.compile(f"{_BLANK}+")
_BLANK_AT_TAB = re.compile(" ?\t ?")
_BLANK_AT_EDGE = re.compile("[ \t]*\n *")


def clean(text: str) -> str:
    r"""Make a loader's text fit to be split, stored and shown; characters keep their form.

    Every line end becomes "\n"; control, zero-width and direction characters go; each run of blanks
    (no-break and ideographic ones too) becomes one space, and none is left at the edges of a line.
    Tabs stay, they part the cells of a table.
    """
    text = _LINE_END.sub("\n", text)
    text = _INVISIBLE_RUN.sub("", text)
    text = _STRAY_JOINER.sub("", text)
    # Half of a surrogate pair cannot be written as UTF-8, so no store would take the text.
    text = _SURROGATE.sub("\ufffd", text)
    text = _BLANK_RUN.sub(" ", text)
    text = _BLANK_AT_TAB.sub("\t", text)
    return _BLANK_AT_EDGE.sub("\n", text).strip(" ")


def normalise(text: str) -> str:
    """Fold width, case, traditional and simplified characters, and white space."""
    text = _INVISIBLE_RUN.sub("", text)
    text = _SURROGATE.sub("", text)
    # Lower-casing can leave a decomposed character ("İ"), hence the second round.
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return " ".join(text.translate(_simplified()).split())


def simplified(text: str) -> str:
    """Fold traditional characters to simplified ones, one for one: the length stays."""
    table = _simplified()
    return "".join(
        folded if len(folded := table.get(ord(char), char)) == 1 else char for char in text
    )


def compact(text: str) -> str:
    """Normalise and drop white space and punctuation, to compare answers.

    A decimal point between digits and the signs of per cent and per mille stay: they are values.
    """
    return _DECIMAL_POINT.sub(_KEPT_POINT, normalise(text)).translate(_WITHOUT_PUNCTUATION)


_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_KEPT_POINT = "\x00"  # normalise leaves no control character, so this one is free


class _PunctuationRemover(dict[int, str | None]):
    """A table for `str.translate` that decides on each character when it is first met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char == _KEPT_POINT:
            kept: str | None = "."
        elif char in "%‰":
            kept = char
        else:
            kept = None if unicodedata.category(char)[0] in "PZC" else char
        self[code] = kept
        return kept


_WITHOUT_PUNCTUATION = _PunctuationRemover()


@cache
def _simplified() -> dict[int, str]:
    """Map each traditional character to its simplified form, built from OpenCC's dictionaries.

    Characters are mapped one by one: for matching it does no harm that 乾 in 乾隆 becomes 干 too,
    since question and document change alike, and a fixed map is many times as fast.
    """
    from opencc import OpenCC  # loads its dictionaries

    ranges = ((0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))
    chars = [chr(code) for first, last in ranges for code in range(first, last)]
    simplified = OpenCC("t2s").convert("\n".join(chars)).split("\n")
    table = {ord(old): new for old, new in zip(chars, simplified, strict=True) if old != new}
    # A few results are themselves traditional for another character; follow them to the end.
    for old, new in table.items():
        while len(new) == 1 and ord(new) in table:
            new = table[ord(new)]
        table[old] = new
    return table
