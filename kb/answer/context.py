"""Numbers the passages for the prompt and fits them to the model's context."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.answer.orders import orders_quoted
from kb.answer.prompts import Prompt
from kb.answer_types import Citation, Hit
from kb.errors import ContextTooLongError
from kb.llms.base import ChatMessage
from kb.llms.endpoint import ChatEndpoint

_HEAD = re.compile(r"^[ \t]*\[(\d+)\](?=[ \t]*《)", re.MULTILINE)


def number(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Number hits from 1 in their order."""
    return tuple(Citation(position, hit) for position, hit in enumerate(hits, start=1))


def context_text(citations: Sequence[Citation]) -> str:
    """The passages as the prompt shows them."""
    return "\n".join(
        f"[{citation.number}] {_plain(_origin(citation.hit))}\n{_plain(citation.hit.text)}"
        for citation in citations
    )


def fit(
    prompt: Prompt,
    question: str,
    citations: Sequence[Citation],
    chat: ChatEndpoint,
    max_tokens: int,
) -> tuple[ChatMessage, tuple[Citation, ...]]:
    """Fill the prompt with as many passages as the context has room for, worst dropped first.

    The instruction and the question are never cut.

    Raises:
        ContextTooLongError: they alone do not fit.
    """
    kept = tuple(citations)
    while True:
        message = ChatMessage(
            "user",
            prompt.fill(context=context_text(kept), question=question),
        )
        room = chat.context_length - max_tokens
        # A token is at least one byte of text, so short prompts need not be counted.
        if len(message.content.encode()) <= room // 2 or chat.count_tokens([message]) <= room:
            return message, kept
        if not kept:
            raise ContextTooLongError("instruction and question exceed the model's context")
        kept = kept[:-1]


def _plain(text: str) -> str:
    """Keep a passage from looking like several, and from giving orders to who reads it."""
    # What heads a passage here is no head in a document.
    return orders_quoted(_HEAD.sub("〔\\1〕", text))


def _origin(hit: Hit) -> str:
    """Where a passage comes from, in the words a reader would use."""
    name = hit.document.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return f"《{name}》{hit.heading}".rstrip()
