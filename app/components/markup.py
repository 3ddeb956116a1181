"""Texts of others, made harmless: nothing of a document, a name or an answer is interpreted."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from kb.answer.quoting import BEGINS_QUOTATION, said_by_itself
from kb.answer_types import Sentence

# Markdown's own escape covers every ASCII punctuation character.
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Bare addresses become links even when escaped; a word joiner, which nobody sees, prevents that.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_LABEL_LIMIT = 120


def label(text: str, *, limit: int = _LABEL_LIMIT) -> str:
    """Escape a text for a place that only takes Markdown: a button, an expander, a badge."""
    one_line = " ".join(text.split())
    if len(one_line) > limit:
        one_line = one_line[: limit - 1] + "…"
    joined = _ADDRESS.sub(_WORD_JOINER, one_line)
    return _PUNCTUATION.sub(r"\\\1", joined)


def block(text: str, css: str) -> str:
    """Return a text as a block of one of our own styles."""
    return f'<div class="{css}">{html.escape(text)}</div>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a small table; every cell is a text, whatever stands in it."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<div class="zk-scroll"><table class="zk-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def changes(lines: Sequence[str]) -> str:
    """Return what two texts differ in, lines of a unified difference, as one block."""
    kinds = {"+": "ins", "-": "del", "@": "hr"}
    shown = []
    for line in lines:
        kind = kinds.get(line[:1], "p")
        shown.append("<hr>" if kind == "hr" else f"<{kind}>{html.escape(line[1:])}</{kind}>")
    return f'<div class="zk-changes">{"".join(shown)}</div>'


def passage(window: str, found: str) -> str:
    """Return a window with the passage that was found in it marked."""
    start = window.find(found)
    if start < 0 or not found:
        return block(window, "zk-passage")
    end = start + len(found)
    parts = (window[:start], window[start:end], window[end:])
    before, marked, after = (html.escape(part) for part in parts)
    return f'<div class="zk-passage">{before}<mark>{marked}</mark>{after}</div>'


def answer(text: str, sentences: Sequence[Sentence], *, unsupported: str) -> str:
    """Return an answer with the numbers of its sources; what no source supports is greyed."""
    pieces = _located(text, sentences)
    if pieces is None:
        return block(text, "zk-answer")
    shown = []
    for between, sentence in pieces:
        shown.append(html.escape(between.removesuffix(BEGINS_QUOTATION)))
        if sentence is None:
            continue
        numbers = "".join(f"<sup>[{number}]</sup>" for number in sentence.citations)
        body = html.escape(sentence.text)
        if not sentence.supported:
            body = f'<span class="zk-unsupported" title="{html.escape(unsupported)}">{body}</span>'
        if between.endswith(BEGINS_QUOTATION):
            shown.append(f"<blockquote>{body}{numbers}</blockquote>")
        else:
            shown.append(body + numbers)
    return f'<div class="zk-answer">{"".join(shown)}</div>'


def streaming(text: str) -> str:
    """Return an answer that is still being written."""
    said = said_by_itself(text)
    return f'<div class="zk-answer">{html.escape(said)}<span class="zk-cursor"></span></div>'


def _located(text: str, sentences: Sequence[Sentence]) -> list[tuple[str, Sentence | None]] | None:
    """Find the sentences in the answer, with what is between them; None when one is not there."""
    pieces: list[tuple[str, Sentence | None]] = []
    position = 0
    for sentence in sentences:
        start = text.find(sentence.text, position)
        if start < 0 or not sentence.text:
            return None
        pieces.append((text[position:start], sentence))
        position = start + len(sentence.text)
    pieces.append((text[position:], None))
    return pieces if sentences else None
