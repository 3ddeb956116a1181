"""Links the sentences of an answer to the passages that support them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.text.normalise import compact
from kb.text.splitter import split_lines
from kb.types import Citation, Sentence

# Share of a sentence's character pairs that a passage must contain to count as its support.
_SUPPORT = 0.5
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def ground(answer: str, citations: Sequence[Citation]) -> list[Sentence]:
    """Split an answer into sentences and find the passages that support each.

    A sentence is supported by the passages that contain most of it, character pair by character
    pair; its numbers must all stand in one of them.
    """
    pairs = {
        citation.number: _pairs(compact(f"{citation.hit.heading}\n{citation.hit.text}"))
        for citation in citations
    }
    texts = {citation.number: compact(citation.hit.text) for citation in citations}
    sentences = []
    for line in split_lines(answer):
        text = line.strip()
        own = _pairs(compact(text))
        if not own:
            continue
        shares = {number: len(own & found) / len(own) for number, found in pairs.items()}
        numbers = [compact(number) for number in _NUMBER.findall(text)]
        supporting = sorted(
            (
                number
                for number, share in shares.items()
                if share >= _SUPPORT and all(value in texts[number] for value in numbers)
            ),
            key=lambda number: -shares[number],
        )
        best = [number for number in supporting if shares[number] >= shares[supporting[0]] - 0.05]
        sentences.append(Sentence(text, bool(best), tuple(sorted(best))))
    return sentences


def cited(sentences: Sequence[Sentence], citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Keep the citations that support a sentence; all of them where none does."""
    used = {number for sentence in sentences for number in sentence.citations}
    kept = tuple(citation for citation in citations if citation.number in used)
    return kept or tuple(citations)


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or ({text} if text else set())
