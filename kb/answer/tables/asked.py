"""What a question about a table asks for: its words, the thing asked, and the kind of value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kb.text.normalise import compact, normalise

Kind = Literal["date", "number", "text", ""]

_POLITE = re.compile(
    r"^(?:请问一?下?|你好|您好|你知道|你了解|我想(?:要)?(?:知道|了解|问一?下?)|想(?:知道|了解|问一?下?)|"
    r"告诉我|帮我?查询?一?下?|麻烦|可否介绍一下|[,，、:：\s]|请|"
    r"(?:please|could you|can you|tell me|i (?:want|would like) to know)\b)+",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"又?是?多少|有?多少|是谁|是什么|是啥|是哪|有哪些|是哪些|怎么样|如何|有?多[大高重长宽深远快久]|是否|几[个人年天次]|什么时候|"
    r"啥时候|何时|[吗呢?？]"
)
# Every word that asks.
ASKING = re.compile(
    rf"{ASKS.pattern}|[在由是]?(?:什么|啥|哪[个家里种项些年]?|谁)|几[个人年天次]|多[高重长宽深大快远久]"
)
_WHICH = re.compile(
    r"(?:哪一?[个家种项位款类些]?|什么|何种|啥|几个?)(?P<what>(?:(?![的是在最为被有和由用])[\u4e00-\u9fffA-Za-z]){2,8})"
)
_WHICH_BEFORE = re.compile(r"(?P<what>[\u4e00-\u9fff]{2})(?:都|一共|分别)?(?:有|是|为|包括)哪")
_ENGLISH_FOCUS = re.compile(
    r"\b(?:what|which|how (?:much|many|large|high|long))\b(?: (?:is|are|was|were))?(?: the)? "
    r"(?P<what>.+?)(?: (?:of|for|in|at|on|does|do|did|has|have|is|are)\b|[?？]|$)",
    re.IGNORECASE,
)
# What the measure that is asked for is called in tables.
_CALLED = {
    "多高": "高度",
    "多重": "重量",
    "多长": "长度",
    "多宽": "宽度",
    "多深": "深度",
    "多快": "速度",
    "多久": "时间",
    "谁": "人",
    "哪里": "地址地点",
    "占比": "比例比重占比",
    "什么时候": "时间日期",
    "啥时候": "时间日期",
    "何时": "时间日期",
    "几个人": "人数",
    "哪天": "日期",
    "哪年": "年",
    "how heavy": "weight",
    "when": "date",
    "who": "name",
}
_DATE = re.compile(
    r"什么时候|啥时候|何时|哪一?[天日年月]|几[号月]|\b(?:when|date|which year)\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"日期|时间")
# In what units a measure that is asked for is written.
_MEASURED_IN = {
    "高长宽深": ("米", "厘米", "毫米", "公里", "千米", "m", "cm", "mm", "km"),
    "远": ("米", "公里", "千米", "海里", "m", "km"),
    "重": ("克", "千克", "公斤", "斤", "吨", "g", "kg", "t"),
    "快": ("公里/小时", "千米/小时", "公里/时", "千米/时", "米/秒", "马赫", "节", "km/h", "m/s"),
    "久": ("年", "个月", "月", "周", "天", "日", "小时", "分钟", "分", "秒", "h", "min", "s"),
}
_HOW = re.compile(r"多([高长宽深远重快久])")
_UNIT = re.compile(r"(?:多少|几)个?([\u4e00-\u9fffA-Za-z/·℃°]{1,8})")
_PERCENT = re.compile(r"百分之|占比|比例|比重|percent", re.IGNORECASE)
_FIGURES = re.compile(r"[\d.,，\s+\-—~～()（）]")
_SIGNS = re.compile(r"(?<=[(（])[^()（）]{1,6}(?=[)）])|%")
_NUMBER = re.compile(
    r"多[少大高重长宽深远快久]|几[个人年天次家台套]|比例|占比|金额|余额|数量|"
    r"\b(?:how (?:many|much|high|long|large|heavy)|percentage|amount|number)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"谁|哪|什么|啥|怎么样|如何|吗|\b(?:who|what|which|where|whose)\b", re.IGNORECASE
)
_VALUE_DATE = re.compile(r"\d{4}\s*[年./-]|\d+\s*月")
_LETTER_BEFORE_FIGURE = re.compile(r"[^\d]*[A-Za-z][^\d]*\d")
# Such numbers are names: they may hold letters.
_CODE = re.compile(r"(?:号|号码|代码|编码|型号|code|no\.?|id)$", re.IGNORECASE)
_NO_FIGURE = re.compile(r"[\d.,，%‰\s\-—/×~～:：]")
_LONGEST_DATE, _LONGEST_UNIT = 25, 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is compared with a table, both parts without blanks and punctuation.

    ``focus`` is the thing that is asked for: 海拔 in 珠穆朗玛峰的海拔有多高. ``kind`` is the kind
    of value that answers it, "" where that cannot be told. ``units`` are those it may be given in:
    each begins with one. ``what`` follows 哪个 or 什么, or stands before 有哪些.
    """

    text: str
    focus: str
    kind: Kind
    units: tuple[str, ...] = ()
    what: str = ""

    def asks_unit(self, text: str, *labels: str) -> bool:
        """Whether the unit behind a cell's figures, or in a label of it, is one asked for."""
        if not self.units:
            return False
        signs = [normalise(sign) for label in labels for sign in _SIGNS.findall(label)]
        if any(map(str.isdigit, text)):
            signs.append(_FIGURES.sub("", normalise(text)))
        return any(unit.startswith(sign) for unit in self.units for sign in signs if sign)

    def is_one(self, text: str) -> bool:
        """Whether a text is one of what is asked for: the East Bank, where a bank is."""
        # Where the word ends is not known; its beginning tells enough.
        plain = compact(text)
        return bool(self.what) and self.what[:2] in plain and plain not in self.what


def asked(question: str) -> Asked:
    """Take a question apart."""
    plain = _POLITE.sub("", question.strip())
    lower = plain.lower()
    head = plain
    if (ask := ASKS.search(plain)) and ask.start() > 1:
        head = plain[: ask.start()]
    called = [called for words, called in _CALLED.items() if words in lower]
    own = head[head.rfind("的") + 1 :] if "的" in head else head[-8:]
    # A measure that has a name of its own leaves the rest to be what is measured.
    parts = [own] if "的" in head or not (called and _HOW.search(plain)) else []
    what = ""
    if which := _WHICH.search(plain):
        what = compact(which["what"])
        parts.append(what)
    elif which := _WHICH_BEFORE.search(plain):
        what = compact(which["what"])
    if english := _ENGLISH_FOCUS.search(plain):
        parts = [english["what"]]
    parts.extend(called)
    kind = _kind(question, own)
    if kind == "number" and _CODE.search(own.strip()):
        kind = ""
    return Asked(compact(plain), compact(" ".join(parts)), kind, _units(plain), what)


def _units(plain: str) -> tuple[str, ...]:
    if _PERCENT.search(plain):
        return ("%",)
    if unit := _UNIT.search(plain):
        return (normalise(unit[1]),)
    if how := _HOW.search(plain):
        return next(units for measures, units in _MEASURED_IN.items() if how[1] in measures)
    return ()


def _kind(question: str, own: str) -> Kind:
    if _DATE.search(question) or _DATED.search(own):
        return "date"
    if _NUMBER.search(question):
        return "number"
    return "text" if _TEXT.search(question) else ""


def kind_of_value(text: str) -> Kind:
    """The kind of a cell: a date, a number with or without its unit, or a text."""
    if len(text) < _LONGEST_DATE and _VALUE_DATE.search(text):
        return "date"
    if _LETTER_BEFORE_FIGURE.match(text):
        return "text"
    if any(map(str.isdigit, text)) and len(_NO_FIGURE.sub("", text)) <= _LONGEST_UNIT:
        return "number"
    return "text"
