"""What a text claims, made comparable: its numbers with their units, its names, its negations."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, Protocol

from kb.text.normalise import normalise
from kb.text.numerals import arabic_numerals, parse_numeral

Kind = Literal["number", "name", "noun", "negation", "opposite"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A run of a text's units, [first, last), that must stand in a source as it is.

    ``value`` compares numbers across spellings; ``unit`` is the one after it, "" where none is
    known.
    """

    kind: Kind
    first: int
    last: int
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text as its units, each a Chinese character, a word of letters or a number's value."""

    units: tuple[str, ...]
    claims: tuple[Claim, ...]

    def of(self, kind: Kind) -> Iterator[Claim]:
        """Yield the claims of a kind, in order."""
        return (claim for claim in self.claims if claim.kind == kind)

    @property
    def is_chinese(self) -> bool | None:
        """Whether most of its words are Chinese; None where it has none, only numbers."""
        words = [unit for unit in self.units if not unit.startswith("#")]
        if not words:
            return None
        return 2 * sum(unit > "\u2e7f" for unit in words) > len(words)


_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: at for at, name in enumerate(_MONTHS.split(), start=1)}
_MONTH |= {name[:3]: at for name, at in _MONTH.items()} | {"sept": 9}
_MONTH_NAME = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATES = re.compile(
    rf"(?<![\d.\-/])(?P<y1>[12]\d{{3}})(?P<sep>[-/.])(?P<m1>0?[1-9]|1[0-2])(?P=sep)"
    rf"(?P<d1>3[01]|[12]\d|0?[1-9])(?![\d.]*\d)"
    rf"|\b(?P<m2>{_MONTH_NAME})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y2>\d{{4}}))?\b"
    rf"|\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m3>{_MONTH_NAME})\.?(?:,?\s+(?P<y3>\d{{4}}))?\b"
    rf"|\b(?P<m4>{_MONTH_NAME})\.?,?\s+(?P<y4>\d{{4}})\b"
)

# The 1980s as decades of the twentieth century.
_DECADE = re.compile(r"(?<!\d)(\d{1,2}) ?世纪 ?(\d)0 ?年代")

_HAN_DIGITS = "零〇一二两三四五六七八九"
_HAN_NUMERAL = f"[{_HAN_DIGITS}十百千万亿]"
# What is counted with, and so tells a numeral from the 四 of 四川.
_MEASURES = (
    "个名人位年月日天岁周元次种条项家座辆张块枚支队倍米里吨克斤名所台套件届期部首篇章节款场级层"
    "只头匹艘架届代世度点分秒时口户间本册集幅颗株棵把对双组批门份根片段排层成折股票"
)
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)"
    r"(?:\s?(?P<scale>万亿|千万|百万|十万|亿|万|[百千](?![米克瓦卡伏赫焦帕分])"
    r"|(?:thousand|million|billion|trillion)\b))?"
    rf"|(?P<numeral>{_HAN_NUMERAL}+)"
    r"|(?P<word>[^\W\d_\u2e80-\u9fff\U00020000-\U000323af]+)"
    r"|(?P<han>[\u3005\u3007\u3400-\u9fff\U00020000-\U000323af])"
)
_SCALES = {
    "百": 10**2,
    "千": 10**3,
    "万": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_SAME_UNIT = {
    "％": "%",
    "percent": "%",
    "per cent": "%",
    "‰": "‰",
    "年代": "年代",
    "年": "年",
    "岁": "岁",
    "周岁": "岁",
    "个月": "个月",
    "月份": "月",
    "月": "月",
    "日": "日",
    "号": "日",
    "天": "日",
    "小时": "小时",
    "分钟": "分钟",
    "秒": "秒",
    "世纪": "世纪",
    "元": "元",
    "块钱": "元",
    "人民币": "元",
    "美元": "美元",
    "美金": "美元",
    "欧元": "欧元",
    "英镑": "英镑",
    "日元": "日元",
    "港元": "港元",
    "港币": "港元",
    "新台币": "新台币",
    "厘米": "厘米",
    "公分": "厘米",
    "cm": "厘米",
    "毫米": "毫米",
    "公厘": "毫米",
    "mm": "毫米",
    "千米": "千米",
    "公里": "千米",
    "km": "千米",
    "平方米": "平方米",
    "平方公里": "平方千米",
    "平方千米": "平方千米",
    "米": "米",
    "公尺": "米",
    "千克": "千克",
    "公斤": "千克",
    "kg": "千克",
    "克": "克",
    "毫克": "毫克",
    "mg": "毫克",
    "吨": "吨",
    "公吨": "吨",
    "倍": "倍",
    "人次": "人次",
    "条": "条",
    "章": "章",
    "款": "款",
}
_SAME_UNIT["%"] = "%"
_UNIT = re.compile(
    r"\s*[多余几]?个?\s*("
    + "|".join(re.escape(unit) for unit in sorted(_SAME_UNIT, key=len, reverse=True))
    + ")"
)

# 哪一年 asks for a year.
_BEFORE_NO_NUMBER = ("哪", "那", "某", "每", "同")
# Characters that say nothing by themselves: a sentence may have them where its source has not.
_FILLERS = frozenset("的了")
_SAME_WORD = {"为": "是"}
_TITLE = re.compile("《([^《》]{1,60})》")
# Proper nouns in the tags of jieba: of people, places, organisations and others.
_PROPER = ("nr", "ns", "nt", "nz")
# 太平洋地区 is the 太平洋 where it is written so.
_REGIONS = ("地区", "地方", "一带", "沿海", "境内")
_NOUNS = ("n", "l", "i", "j")
_LATIN = re.compile(r"[a-z\u00c0-\u024f][a-z\u00c0-\u024f'’.&\-]*[a-z\u00c0-\u024f]")
# The dictionary glues these to names that it does not know.
_GLUED = "由于在和与及或被把对向从是为以自至经因而其该将等之即曾"
_NEGATION = re.compile(
    "不(?![仅但过同断少久管论止只锈惜禁])|没(?![收落])|未(?![来遂])|无(?![论线锡数疑非])"
    "|非(?![常洲典凡裔遗但])|勿|禁(?=止)|严禁|拒绝|除外|免于"
)
_OPPOSITES = (
    ("增长 增加 上升 提高 上涨 升高 攀升 扩大 回升", "下降 减少 降低 下跌 下滑 回落 缩小 跌"),
    ("高于 大于 多于 超过 以上 不低于 不少于", "低于 小于 少于 不足 以下 不高于 不超过"),
    ("允许 准许 可以 应当 必须", "禁止 不得 不准 严禁 不可 不能"),
    ("以前 之前 早于", "以后 之后 晚于"),
    ("最大 最高 最多 最长 最早", "最小 最低 最少 最短 最晚"),
    ("盈利 赢利", "亏损"),
    ("支持 赞成 同意", "反对"),
    ("胜诉 获胜 战胜", "败诉 落败 战败"),
    ("有效", "无效"),
    ("成功", "失败"),
)
_OPPOSITE_SIDE = {
    word: (axis, side)
    for axis, sides in enumerate(_OPPOSITES)
    for side, words in enumerate(sides)
    for word in words.split()
}
_OPPOSITE = re.compile("|".join(sorted(_OPPOSITE_SIDE, key=len, reverse=True)))


def read(text: str) -> ReadText:
    """Take a text apart; everything in it is normalised, numerals are Arabic, dates Chinese."""
    folded = _fold(text)
    units: list[str] = []
    starts: list[int] = []
    claims: list[Claim] = []
    for found in _TOKEN.finditer(folded):
        number = _number(found)
        if number is not None:
            unit = _UNIT.match(folded, found.end())
            name = _SAME_UNIT[unit[1]] if unit else ""
            claims.append(Claim("number", len(units), len(units) + 1, number, name))
            units.append(f"#{number}")
            starts.append(found.start())
        elif found["numeral"] is not None:
            units.extend(found[0])
            starts.extend(range(found.start(), found.end()))
        elif found["number"] is not None:
            units.append(found["number"])
            starts.append(found.start())
        elif found[0] not in _FILLERS:
            units.append(_SAME_WORD.get(found[0], found[0]))
            starts.append(found.start())

    def span(start: int, end: int) -> tuple[int, int]:
        return bisect_left(starts, start), bisect_left(starts, end)

    for kind, start, end in _names(folded):
        first, last = span(start, end)
        if last > first:
            claims.append(Claim(kind, first, last, "".join(units[first:last])))
    for found in _NEGATION.finditer(folded):
        claims.append(Claim("negation", *span(*found.span()), found[0]))
    for found in _OPPOSITE.finditer(folded):
        claims.append(Claim("opposite", *span(*found.span()), found[0]))
    return ReadText(tuple(units), tuple(claims))


def opposite_words(word: str) -> tuple[str, ...]:
    """The words that say the contrary of one of the known opposites."""
    axis, side = _OPPOSITE_SIDE[word]
    return tuple(_OPPOSITES[axis][1 - side].split())


def _fold(text: str) -> str:
    folded = arabic_numerals(normalise(text))
    folded = _DECADE.sub(lambda found: f"{int(found[1]) - 1}{found[2]}0年代", folded)
    return _DATES.sub(_write_date, folded)


def _write_date(found: re.Match[str]) -> str:
    year = found["y1"] or found["y2"] or found["y3"] or found["y4"]
    month = found["m1"] or found["m2"] or found["m3"] or found["m4"]
    day = found["d1"] or found["d2"] or found["d3"]
    return "".join(
        (
            f"{year}年" if year else "",
            f"{_MONTH.get(month) or int(month)}月",
            f"{int(day)}日" if day else "",
        )
    )


def _number(found: re.Match[str]) -> str | None:
    """The value of a number or numeral as text that is the same for equal values."""
    if found.string[max(0, found.start() - 1) : found.start()] in _BEFORE_NO_NUMBER:
        return None
    if found["number"] is not None:
        value = Decimal(found["number"].replace(",", "")) * _SCALES.get(found["scale"] or "", 1)
        return _plain(value)
    numeral = found["numeral"]
    if numeral is None:
        return None
    if len(numeral) == 1:
        after = found.string[found.end() : found.end() + 1]
        # 一 is more often an article than a number.
        if numeral in "一零〇百千万亿" or not after or after not in _MEASURES:
            return None
        if numeral + after == "十分":
            return None
    value_or_none = parse_numeral(numeral)
    return _plain(Decimal(value_or_none)) if value_or_none else None


def _plain(value: Decimal) -> str:
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _names(folded: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield where names stand: titles, words in Latin letters, what the dictionary takes for one.

    And where its other nouns stand.
    """
    for title in _TITLE.finditer(folded):
        yield "name", *title.span(1)
    for word in _LATIN.finditer(folded):
        yield "name", *word.span()
    place = 0
    for text, tag in _tagger()(folded):
        start = folded.index(text, place)
        place = start + len(text)
        if text.isascii() or not tag.startswith(_NOUNS):
            continue
        begin, end = start, place
        while end - begin > 1 and folded[begin] in _GLUED:
            begin += 1
        while end - begin > 1 and folded[end - 1] in _GLUED:
            end -= 1
        if folded.endswith(_REGIONS, begin, end) and end - begin > 3:
            end -= 2
        if end - begin > 1:
            yield "name" if tag.startswith(_PROPER) else "noun", begin, end


class _Tagger(Protocol):
    def __call__(self, text: str) -> list[tuple[str, str]]: ...


@cache
def _tagger() -> _Tagger:
    import rjieba  # reads its dictionary, 0.1 s

    tag: _Tagger = rjieba.tag
    return tag
