"""Chinese and Arabic numerals, and the article numbers of statutes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "○": 0,
    "两": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SECTIONS = {"万": 10**4, "亿": 10**8}
_NUMERAL = f"[{''.join((*_DIGITS, *_UNITS, *_SECTIONS))}]"
_LIMIT = 20  # longer runs of digits are no numbers that a person counts with


def parse_numeral(text: str) -> int | None:
    """Read "一百二十", "二〇二三", "12" or "１２"; None if it is no whole number from 0."""
    if not text or len(text) > _LIMIT:
        return None
    if text.isdecimal():
        return int(text)
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    return _parse_counted(text)


def _parse_counted(text: str) -> int | None:
    total = section = digit = 0
    last_unit = 10**5
    for char in text:
        if char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
        elif char in _UNITS:
            unit = _UNITS[char]
            if unit >= last_unit:
                return None
            section += (digit or 1) * unit
            digit, last_unit = 0, unit
        elif char in _SECTIONS:
            section += digit
            total = (total + section) * _SECTIONS[char] if char == "亿" else total + section * 10**4
            section = digit = 0
            last_unit = 10**5
        else:
            return None
    return total + section + digit


def to_chinese(number: int) -> str:
    """Write 0 … 99,999,999 as a Chinese numeral: 120 → 一百二十, 12 → 十二."""
    if not 0 <= number < 10**8:
        raise ValueError(f"no Chinese numeral for {number}: expected 0 to 99,999,999")
    if number >= 10**4:
        high, low = divmod(number, 10**4)
        gap = "零" if 0 < low < 1000 else ""
        return f"{to_chinese(high)}万{gap}{to_chinese(low) if low else ''}"
    digits = "零一二三四五六七八九"
    written = ""
    pending_zero = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += ("零" if pending_zero else "") + digits[digit] + name
            pending_zero = False
        elif written:
            pending_zero = True
    return (written.removeprefix("一") if 10 <= number < 20 else written) or "零"


_ORDINAL = re.compile(
    rf"第\s?({_NUMERAL}{{1,{_LIMIT}}}|\d{{1,9}})\s?(条|章|节|款|项|编|届|次|期|卷|册|号|季度)"
    rf"(?:\s?之\s?({_NUMERAL}{{1,3}}|\d{{1,3}}))?"
)
_YEAR = re.compile(r"[一二][零〇○一二三四五六七八九]{3}(?=年)")
# 万 and 亿 stay words, as in 300万元; the 一 of 统一, 单一, 之一 … counts nothing.
_COUNT = f"[{''.join((*_DIGITS, *_UNITS))}]"
_AMOUNT = re.compile(rf"{_COUNT}{{1,{_LIMIT}}}(?=个月|周岁|年|月|日|天|岁|元|万元|亿元|倍|世纪)")
_BEFORE_WORDS_WITH_ONE = frozenset("第统单同唯惟专划归不进逐之任其合")
_PER_CENT = re.compile(rf"百分之({_NUMERAL}{{1,{_LIMIT}}}|\d+(?:\.\d+)?)")


def arabic_numerals(text: str) -> str:
    """Write ordinals, years, dates, amounts and percentages with Arabic digits, for matching.

    第一百二十条之一 → 第120条之1, 二〇二三年 → 2023年, 十四周岁 → 14周岁, 百分之三十 → 30%. Expects
    normalised text; the result is meant for comparison, not for show.
    """
    text = _ORDINAL.sub(_write_ordinal, text)
    text = _YEAR.sub(lambda found: str(parse_numeral(found[0])), text)
    text = _PER_CENT.sub(lambda found: _arabic(found[1]) + "%", text)
    return _AMOUNT.sub(_write_amount, text)


def _write_amount(found: re.Match[str]) -> str:
    numeral = found[0]
    before = found.string[found.start() - 1 : found.start()]
    # Neither the end of 三万二千元, nor a word: 百年, 统一年度.
    if before in _SECTIONS or numeral[0] in "百佰千仟":
        return numeral
    if numeral[0] == "一" and before in _BEFORE_WORDS_WITH_ONE:
        return numeral
    return _arabic(numeral)


def _arabic(numeral: str) -> str:
    number = parse_numeral(numeral)
    return numeral if number is None else str(number)


def _write_ordinal(found: re.Match[str]) -> str:
    number = parse_numeral(found[1])
    if number is None:
        return found[0]
    if found[3] is None:
        return f"第{number}{found[2]}"
    sub = parse_numeral(found[3])
    return found[0] if sub is None else f"第{number}{found[2]}之{sub}"


@dataclass(frozen=True, slots=True)
class ArticleReference:
    """An article that a text names. ``title`` is the statute in 《》 before it, "" where none is.

    ``sub`` is the 一 of 第一百二十条之一, else 0.
    """

    title: str
    number: int
    sub: int = 0

    @property
    def label(self) -> str:
        """The article's number as statutes print it: 第一百二十条之一."""
        return article_label(self.number, self.sub)


_ARTICLE = re.compile(
    rf"第\s?({_NUMERAL}{{1,{_LIMIT}}}|\d{{1,9}})\s?[条條](?:\s?之\s?({_NUMERAL}{{1,3}}|\d{{1,3}}))?"
)
_TITLE_OR_ARTICLE = re.compile(
    rf"《(?P<title>[^《》\n]{{1,100}})》|(?P<article>{_ARTICLE.pattern})"
    r"|\barticle\s{1,3}(?P<english>\d{1,6})\b|(?P<end>[。！？!?\n])",
    re.IGNORECASE,
)


def article_references(text: str) -> list[ArticleReference]:
    """Find the articles that a question names, in order, each once.

    A title holds for the articles after it up to the end of the sentence: 《甲法》第3条和第4条.
    """
    found: dict[ArticleReference, None] = {}
    title = ""
    for match in _TITLE_OR_ARTICLE.finditer(text):
        if match["title"]:
            title = match["title"].strip()
        elif match["english"]:
            found[ArticleReference(title, int(match["english"]))] = None
        elif match["article"]:
            position = article_position(match["article"])
            if position is not None:
                found[ArticleReference(title, *position)] = None
        else:
            title = ""
    return list(found)


def without_articles(text: str) -> str:
    """Cut the numbers of articles out of a text: 《甲法》第3条的内容 → 《甲法》的内容."""
    return _TITLE_OR_ARTICLE.sub(
        lambda match: "" if match["article"] or match["english"] else match[0], text
    )


def article_position(text: str) -> tuple[int, int] | None:
    """Read the article number a text begins with, else None.

    第十二条 → (12, 0), 第120条之一 → (120, 1).
    """
    match = _ARTICLE.match(text)
    if match is None:
        return None
    number = parse_numeral(match[1])
    sub = parse_numeral(match[2]) if match[2] else 0
    return None if number is None or sub is None else (number, sub)


def article_number(text: str) -> int | None:
    """Read the article number a text begins with, without its 之一: 第十二条 → 12."""
    position = article_position(text)
    return None if position is None else position[0]


def article_label(number: int, sub: int = 0) -> str:
    """Write an article's number as statutes print it: (120, 1) → 第一百二十条之一."""
    label = f"第{to_chinese(number)}条"
    return f"{label}之{to_chinese(sub)}" if sub else label
