"""The words of a text, for the keyword index and for BM25: the same for questions and documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Protocol

from kb.text.normalise import normalise
from kb.text.numerals import arabic_numerals

TOKEN_LIMIT = 64
"""Longer tokens are cut; nobody types more, and an index chokes on a file of one endless word."""

_WORD = "0-9a-z\u00df-\u024f\u0370-\u052f"
_CHUNK = re.compile(
    r"(?P<ordinal>第\d+(?:条|章|节|款|项|编|届|次|期|卷|册|号|季度)(?:之\d+)?)"
    rf"|(?P<latin>[{_WORD}]+(?:[.,\-_/:@&'’+][{_WORD}]+)*(?:\+\+|#)?)"
    "|(?P<han>[\u3005\u3007\u3400-\u9fff\U00020000-\U000323af]+)"
    "|(?P<other>[^\\W_]+)"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PIECE = re.compile(rf"[{_WORD}]+")
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")
# Scripts whose words no dictionary here knows: kana, Thai, Lao, Khmer, Hangul.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\uac00-\ud7af]")


class _Segmenter(Protocol):
    def __call__(self, text: str) -> list[str]: ...


@cache
def _segmenter() -> _Segmenter:
    import rjieba  # reads its dictionary, 0.1 s

    cut: _Segmenter = rjieba.cut_for_search
    return cut


def tokens(text: str) -> list[str]:
    """Cut a text into normalised words, in order, with what a person may type instead of them.

    Chinese is segmented as for a search engine (long words and the words inside them). Numbers,
    model numbers, versions, dates and addresses come whole and in pieces: "HX-200B" gives hx-200b,
    hx200b, hx, 200b, 200, b. 第十二条 and 第12条 give the same token. Punctuation gives none.
    """
    segment = _segmenter()
    found: list[str] = []
    for match in _CHUNK.finditer(arabic_numerals(normalise(text))):
        kind, chunk = match.lastgroup, match[0]
        if kind == "han":
            found.extend(segment(chunk) if len(chunk) > 1 else (chunk,))
        elif kind == "latin":
            if chunk.isascii() and (chunk.isalpha() or (chunk.isdecimal() and chunk[0] != "0")):
                found.append(chunk[:TOKEN_LIMIT])
            else:
                found.extend(dict.fromkeys(_latin_tokens(chunk)))
        elif kind == "ordinal":
            found.extend(_ordinal_tokens(chunk))
        else:
            found.extend(_other_tokens(chunk))
    return found


def segments(text: str) -> list[str]:
    """Cut a text into words as they stand, none twice: joined again they are the text."""
    import rjieba

    found: list[str] = rjieba.cut(text)
    return found


def _latin_tokens(chunk: str) -> Iterator[str]:
    if "," in chunk:
        if _THOUSANDS.fullmatch(chunk):
            chunk = chunk.replace(",", "")
        else:  # a list without spaces, "a,b,c"
            for part in chunk.split(","):
                if part:
                    yield from _latin_tokens(part)
            return
    yield chunk[:TOKEN_LIMIT]
    pieces = _PIECE.findall(chunk)
    if len(pieces) > 1 or pieces[0] != chunk:
        if chunk[0] == "v" and chunk[1:2].isdigit():
            yield chunk[1:TOKEN_LIMIT]
        if ("-" in chunk or "_" in chunk) and not chunk.replace("-", "").isdigit():
            yield "".join(pieces)[:TOKEN_LIMIT]
    for piece in pieces:
        yield piece[:TOKEN_LIMIT]
        if piece.isdecimal():
            yield (piece.lstrip("0") or "0")[:TOKEN_LIMIT]
        elif not piece.isalpha():
            for part in _LETTERS_OR_DIGITS.findall(piece):
                yield part[:TOKEN_LIMIT]


def _ordinal_tokens(chunk: str) -> Iterator[str]:
    yield chunk
    if "之" in chunk:  # who asks for 第120条 wants 第120条之1 too
        yield chunk[: chunk.index("之")]


def _other_tokens(chunk: str) -> Iterator[str]:
    yield chunk[:TOKEN_LIMIT]
    if len(chunk) > 2 and _UNSPACED.match(chunk):
        for start in range(len(chunk) - 1):
            yield chunk[start : start + 2]


_EMPTY_WORDS = """
    的 地 得 了 着 过 是 在 有 和 与 及 或 而 于 为 以 被 把 对 从 到 向 由 之 其 这 那 哪 谁 何
    吗 呢 吧 啊 呀 嘛 什么 怎么 怎样 怎么样 如何 为何 为什么 多少 几 哪个 哪些 哪里 哪儿 哪一 哪年
    何时 何地 是否 是不是 有没有 能否 可以 请 请问 请教 告诉 我 我们 你 您 一下 关于 根据 其中
    这个 那个 这些 那些 以及 它 他 她 也 都 就 还 并 个 一个 分别 叫 叫做 称为 指 a an the of in
    on at to for and or is are was were be do does did how what which who whom whose when where
    why it its this that these those by with from as can could please tell me i you we there many
    much
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())


def content_tokens(text: str) -> list[str]:
    """Give the words of a question without particles and question words."""
    return [token for token in tokens(text) if token not in _EMPTY]
