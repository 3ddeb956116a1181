"""A small stand-in for the English language model that Unstructured would fetch from the internet.

Unstructured uses it only to guess whether a text is a narrative: it counts sentences and looks for
a verb. For Chinese the guess is worthless, for English rough rules do; a model is not worth 2 s and
a download.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")
_SENTENCE = re.compile(r".+?(?:[。！？!?]+[”’」』）)]*|\.(?=\s|$)|\n|$)", re.DOTALL)


def sent_tokenize(text: str) -> list[str]:
    """Cut a text at the ends of sentences."""
    return [part for match in _SENTENCE.finditer(text) if (part := match.group().strip())]


def word_tokenize(text: str) -> list[str]:
    """Cut a text into words and punctuation marks."""
    return _WORD.findall(text)


def pos_tag(text: str) -> list[tuple[str, str]]:
    """Tag every word as a verb when the text has the length of a sentence, as a noun otherwise."""
    words = word_tokenize(text)
    tag = "VB" if len(words) >= 8 or len(text) >= 30 else "NN"
    return [(word, tag) for word in words]
