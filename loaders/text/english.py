"""What an English paragraph without any markup seems to be.

These are the rules of `unstructured.partition.text` with its default thresholds. They are told
again here since importing them takes a second of the processor, most of it for lists of words and
of languages that they do not look at.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from loaders._tokens import pos_tag, sent_tokenize, word_tokenize
from loaders._unstructured import (
    EMAIL_ADDRESS_PATTERN_RE,
    NUMBERED_LIST_RE,
    UNICODE_BULLETS_RE,
    US_CITY_STATE_ZIP_RE,
)

Kind = Literal["ListItem", "NarrativeText", "Text"]

_MOSTLY_CAPITALS = 0.5
_FEWEST_LETTERS = 0.5
_SENTENCE_WORDS = 3

_ZIP = re.compile(r"\d{5}")


def kind_of(text: str) -> Kind:
    """Tell an item of a list and a narrative from any other text."""
    if UNICODE_BULLETS_RE.match(text):
        return "ListItem"
    if EMAIL_ADDRESS_PATTERN_RE.match(text) or _is_address(text):
        return "Text"
    if NUMBERED_LIST_RE.match(text):
        return "ListItem"
    return "NarrativeText" if _is_narrative(text) else "Text"


def _is_address(text: str) -> bool:
    # The pattern takes as long as all other rules together, and wants a code of five digits.
    return _ZIP.search(text) is not None and US_CITY_STATE_ZIP_RE.match(text) is not None


def _is_narrative(text: str) -> bool:
    sentences = sum(_words(sentence) >= _SENTENCE_WORDS for sentence in sent_tokenize(text))
    words = word_tokenize(text)
    return (
        not text.isnumeric()
        and (sentences > 1 or not _in_capitals(text, words))
        and not _few_letters(text)
        and (sentences > 1 or any(tag == "VB" for _, tag in pos_tag(text)))
    )


def _words(sentence: str) -> int:
    """Count the words, punctuation left out."""
    marks = {ord(mark): None for mark in set(sentence) if unicodedata.category(mark)[0] == "P"}
    return len(sentence.translate(marks).split())


def _in_capitals(text: str, words: list[str]) -> bool:
    """Tell a text most words of which begin with a capital letter, or that has no words."""
    plain = [word for word in words if word.isalpha()]
    capitals = sum(word.istitle() or word.isupper() for word in plain)
    return text.isupper() or not plain or capitals > _MOSTLY_CAPITALS * len(plain)


def _few_letters(text: str) -> bool:
    solid = "".join(text.split())
    return sum(map(str.isalpha, solid)) < _FEWEST_LETTERS * len(solid)
