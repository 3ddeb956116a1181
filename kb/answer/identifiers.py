"""Numbers by which a question names one thing: of a contract, a model, a licence, a share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.text.normalise import normalise

# Letters, figures and the signs that join them, with a figure among them; neither a part of such a
# word nor of a decimal number.
_WORD = re.compile(
    r"(?<![0-9a-z.,%])(?=[a-z\-_/.]*[0-9])[0-9a-z](?:[0-9a-z\-_/.]*[0-9a-z])?(?![0-9a-z%])"
)
_LEAST_CHARACTERS = 4
# Fewer figures alone are years and quantities.
_LEAST_FIGURES = 6
# What more documents have is their subject, and does not tell one of them from the others.
_MOST_DOCUMENTS = 5


def identifiers(question: str) -> list[str]:
    """Return the identifiers in a question, normalised."""
    found = []
    for match in _WORD.finditer(normalise(question)):
        word = match[0]
        if word.isdigit():
            fits = len(word) >= _LEAST_FIGURES
        else:
            fits = len(word) >= _LEAST_CHARACTERS and any(char.isalpha() for char in word)
        if fits and word not in found:
            found.append(word)
    return found


def having_identifiers(question: str, passages: Mapping[int, tuple[int, str]]) -> list[int]:
    """Return the passages that have an identifier of the question, in the order given.

    One that many documents have is passed over.

    Args:
        question: as it was asked.
        passages: document and text, with its title, of each.
    """
    having: set[int] = set()
    for word in identifiers(question):
        whole = re.compile(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])")
        keys = [key for key, (_document, text) in passages.items() if whole.search(normalise(text))]
        if len({passages[key][0] for key in keys}) <= _MOST_DOCUMENTS:
            having.update(keys)
    return [key for key in passages if key in having]
