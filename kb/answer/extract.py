"""Answers without a chat model: the sentences of the passages that say most about the question."""

from __future__ import annotations

from collections.abc import Sequence

from kb.answer_types import Citation
from kb.text.splitter import split_lines
from kb.text.tokenise import content_tokens

_SENTENCES = 2
_ENDS = frozenset("。！？；.!?;…”」』）)")


def best_sentences(question: str, citations: Sequence[Citation]) -> str:
    """The best sentences in the order of the passages; "" where none shares a word with it."""
    words = set(content_tokens(question))
    scored = []
    for citation in citations:
        for position, line in enumerate(split_lines(citation.hit.text)):
            shared = words & set(content_tokens(line))
            if shared:
                # Better passages first among equals.
                weight = sum(len(word) for word in shared) - 0.1 * citation.number
                scored.append((weight, citation.number, position, line.strip()))
    best = sorted(scored, key=lambda entry: -entry[0])[:_SENTENCES]
    lines = [line for _w, _n, _p, line in sorted(best, key=lambda entry: entry[1:3])]
    # A row of a table or a heading has no end of its own.
    return "".join(line if line[-1:] in _ENDS else line + "\n" for line in lines).rstrip("\n")
