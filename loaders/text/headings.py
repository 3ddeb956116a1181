"""Recognise headings by their Chinese or decimal numbering, where a file marks none."""

from __future__ import annotations

import re

_NUMBER = r"[零〇一二三四五六七八九十百千两\d]{1,7}"
_END = re.compile(r"[。；;！？!?，,：:、]$")
_MAX_LENGTH = 40

_KINDS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"第{_NUMBER}\s?(?:编|分编|篇|部分|卷)(?=[\s　:：、]|\S)")),
    (2, re.compile(rf"第{_NUMBER}\s?章(?=\s|　|$|\S)")),
    (3, re.compile(rf"第{_NUMBER}\s?节(?=\s|　|$|\S)")),
    (4, re.compile(r"[一二三四五六七八九十]{1,3}、\S")),
    (5, re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）]\s?\S")),
    (6, re.compile(r"\d{1,2}[\s　]+(?=[^\W\d_])(?!年|月|日|个|万|元|人|岁|号|时|分|秒|次|天|%)")),
    (
        7,
        re.compile(
            r"\d{1,2}[.．]\d{1,2}[\s　]*(?=[^\W\d_])(?!万|亿|元|倍|米|吨|个|年|月|日|分|秒)"
        ),
    ),
    (8, re.compile(r"\d{1,2}(?:[.．]\d{1,2}){2}[\s　]*(?=[^\W\d_])")),
    (9, re.compile(r"\d{1,2}(?:[.．]\d{1,2}){3}[\s　]*(?=[^\W\d_])")),
)
_ARTICLE = re.compile(rf"第{_NUMBER}条")


def is_article(text: str) -> bool:
    """Tell whether a paragraph is a statute article, which is text and no heading."""
    return _ARTICLE.match(text) is not None


class NumberedHeadings:
    """Give numbered headings of one document their levels, in the order of the document.

    A chapter is level 1 in a document without parts and level 2 beneath a part, and so on: the
    level counts the senior kinds of numbering seen so far.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def level(self, text: str) -> int | None:
        """Return the level of a heading from 1, or None for a paragraph that is none."""
        if len(text) > _MAX_LENGTH or "\n" in text or _END.search(text):
            return None
        for kind, pattern in _KINDS:
            if pattern.match(text):
                if kind <= 3 and "。" in text:
                    return None
                # Leaving a chapter ends the numbering that was used inside it.
                self._seen = {seen for seen in self._seen if seen < kind} | {kind}
                return len(self._seen)
        return None
