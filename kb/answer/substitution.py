"""Puts the words of a follow-up in the place of those that they replace, where it is plain.

"病假工资怎么发？" and "那事假呢？" give "事假工资怎么发？": what ends alike is of one kind.
"""

from __future__ import annotations

import re

from kb.text.tokenise import content_tokens, segments

# A longer follow-up says more than what is to be replaced.
_LONGEST_FRAGMENT = 14
_MOST_ENGLISH_WORDS = 5

_LEAD = re.compile(
    r"^(?:那么|那|还有|另外|然后|如果是|要是|换成|换作|改成|至于|对于|关于|[，,、\s])+"
    r"|^(?:(?:and|but|so|then|ok|okay|what about|how about|for|in|of|the|a|an)\b[\s,]*)+",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:的话)?[呢吧]?[\s？?。.!！]*$")
_ASKS = re.compile(
    r"什么|多少|多久|几|哪|谁|怎|如何|为何|吗|是否|能否|没有|是不是|原因|例外"
    r"|\b(?:what|which|who|when|where|why|how|is|are|do|does|did|can|should|it|they|this|that)\b",
    re.IGNORECASE,
)
# Shapes of which one stands for another: "2022年" for "2023年".
_SHAPES = (
    re.compile(r"(?:19|20)\d\d年?第?[一二三四1-4]季度"),
    re.compile(r"(?:19|20)\d\d(?:年度?)?|\d\d年"),
    re.compile(r"第?[一二三四1-4]季度|上半年|下半年|Q[1-4]\b", re.IGNORECASE),
    re.compile(r"(?<!\d)\d{1,2}月份?"),
    re.compile(r"第[一二三四五六七八九十百零\d]+[条章节款项]"),
)
_WORD = re.compile(r"[A-Za-z0-9][\w'’-]*")


def fragment(question: str) -> str | None:
    """What a follow-up of one phrase names, "事假" of "那事假呢？"; None for any other question."""
    bare = _TAIL.sub("", _LEAD.sub("", question.strip())).strip()
    if not bare or _ASKS.search(bare) or not content_tokens(bare):
        return None
    if bare.isascii():
        return bare if len(_WORD.findall(bare)) <= _MOST_ENGLISH_WORDS else None
    return bare if len(bare) <= _LONGEST_FRAGMENT and "，" not in bare else None


def substitute(before: str, question: str) -> str | None:
    """Put a follow-up of one phrase into the question before; None where its place is not plain."""
    new = fragment(question)
    if new is None or new.lower() in before.lower():
        return None
    span = _same_shape(before, new) or _same_ending(before, new)
    return None if span is None else before[: span[0]] + new + before[span[1] :]


def _same_shape(before: str, new: str) -> tuple[int, int] | None:
    for shape in _SHAPES:
        if shape.fullmatch(new):
            found = list(shape.finditer(before))
            # Of two years in a question, which one is meant cannot be told.
            return found[0].span() if len(found) == 1 else None
    return None


def _same_ending(before: str, new: str) -> tuple[int, int] | None:
    """The run of words in ``before`` that ends as ``new`` does and is most like it in length."""
    if new.isascii():
        return _same_last_word(before, new)
    bounds, start = [0], 0
    words = segments(before)
    for word in words:
        start += len(word)
        bounds.append(start)
    best: tuple[int, int, int] | None = None
    for last in range(1, len(bounds)):
        end = bounds[last]
        common = _common_ending(before[:end], new)
        if common == 0:
            continue
        starts = [
            bounds[first]
            for first in range(last)
            if end - bounds[first] > common and not any(_parts(word) for word in words[first:last])
        ]
        if not starts:
            continue
        begin = min(starts, key=lambda each: (abs(end - each - len(new)), each))
        # One character in common says little of words of different length.
        if abs(end - begin - len(new)) > common:
            continue
        if best is None or common > best[0]:
            best = (common, begin, end)
        elif common == best[0]:
            return None
    return None if best is None else best[1:]


def _same_last_word(before: str, new: str) -> tuple[int, int] | None:
    wanted = new.lower().split()
    found = list(_WORD.finditer(before))
    last = [number for number, word in enumerate(found) if word[0].lower() == wanted[-1]]
    if len(wanted) < 2 or len(last) != 1 or last[0] < len(wanted) - 1:
        return None
    first = found[last[0] - len(wanted) + 1]
    if not content_tokens(first[0]):
        return None
    return first.start(), found[last[0]].end()


def _common_ending(text: str, new: str) -> int:
    count = 0
    while count < min(len(text), len(new)) and text[-1 - count] == new[-1 - count]:
        count += 1
    return count


def _parts(word: str) -> bool:
    """Whether a word parts two phrases: particles, question words, marks."""
    return not content_tokens(word)
