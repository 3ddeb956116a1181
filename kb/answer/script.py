"""Gives an answer back the characters of its sources: 劉裕 where the documents write 劉裕."""

from __future__ import annotations

from collections.abc import Sequence

from kb.text.normalise import simplified

# Shorter agreements are chance: single characters are left as the model wrote them.
_SHORTEST = 2


def is_traditional(text: str) -> bool:
    """Whether a text holds characters that only traditional Chinese writes."""
    return simplified(text) != text


def in_words_of(answer: str, passages: Sequence[str]) -> str:
    """Write what an answer quotes as the passages write it, traditional or simplified.

    Models trained on simplified Chinese fold the names they quote. Going from left to right, the
    longest piece that stands in a passage, the two scripts being alike, takes the passage's
    characters; everything else stays.
    """
    source = "\n".join(passages)
    folded_source, folded = simplified(source), simplified(answer)
    pieces: list[str] = []
    start = 0
    while start < len(answer):
        end, found = start, -1
        while end < len(answer):
            place = folded_source.find(folded[start : end + 1])
            if place < 0:
                break
            end, found = end + 1, place
        if end - start >= _SHORTEST:
            pieces.append(source[found : found + end - start])
            start = end
        else:
            pieces.append(answer[start])
            start += 1
    return "".join(pieces)
