"""Cells parsed to typed values: numbers with their units, dates, blanks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from kb.text.numerals import parse_numeral

_BLANK = frozenset(
    (
        "",
        "-",
        "--",
        "—",
        "——",
        "–",
        "/",
        "\\",
        "无",
        "空",
        "暂无",
        "不详",
        "未知",
        "未填",
        "待定",
        "缺",
    )
) | {"n/a", "na", "nan", "null", "none", "#n/a", "*", "…", "..."}

SCALES = {"万亿": 1e12, "百亿": 1e10, "十亿": 1e9, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5}
SCALES |= {"万": 1e4, "千": 1e3}
_SCALE = "|".join(SCALES)
# 千 is no factor in these.
_THOUSAND_UNITS = ("千克", "千米", "千瓦", "千伏", "千帕", "千卡", "千焦", "千字", "千赫", "千分")
_CURRENCY = {"¥": "元", "￥": "元", "rmb": "元", "cny": "元", "$": "美元", "us$": "美元"}
_CURRENCY |= {"usd": "美元", "€": "欧元", "eur": "欧元", "£": "英镑", "hk$": "港元"}

NUMBER = r"(?:\d{1,3}(?:[,，]\d{3})+|\d+)(?:\.\d+)?"
_NUMBER = re.compile(
    rf"(?P<about>[约近≈~]?)(?P<sign>[-+−–▲△]?)(?P<currency>{'|'.join(map(re.escape, _CURRENCY))})?"
    rf"(?P<sign2>-?)(?P<digits>{NUMBER}|\.\d+)(?P<power>e[+-]?\d+)?"
    rf"(?P<scale>{_SCALE})?(?P<unit>[^\d,.()（）]{{0,8}}\d?)"
)
_BRACKETED = re.compile(r"[(（](?P<inner>[^()（）]+)[)）](?P<unit>%?)")
# What follows the digits in these makes a date, a time or a name of them.
_NO_UNIT = re.compile(r"[-/:.年月日号]|[a-z]+-")

_DATE = re.compile(
    r"(?P<year>(?:1[89]|20|21)\d{2})(?:[-/.年](?P<month>1[0-2]|0?[1-9])"
    r"(?:[-/.月](?P<day>3[01]|[12]\d|0?[1-9])[日号]?|月份?|))?年?度?"
    r"(?:[ t]?(?:星期.|周.)?[ t]?\d{1,2}[:时点].*)?$"
)
_COMPACT_DATE = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: ``value`` without the factor of its unit, which is ``scale``.

    3.5万元 is value 3.5, scale 10,000, unit 元; 12.5% is value 12.5, scale 1, unit %.
    """

    value: float
    scale: float = 1.0
    unit: str = ""

    @property
    def amount(self) -> float:
        """The number with its factor."""
        return _exact(self.value * self.scale)


def plain(text: str) -> str:
    """Fold a cell's width, case and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def is_blank(text: str) -> bool:
    """Tell a cell that says nothing, or says that there is nothing."""
    return plain(text) in _BLANK


def parse_number(text: str) -> Number | None:
    """Read a cell that is one number: 1,234.5, (300), 12%, ¥5, 3.5万元, 约20人.

    What holds anything else beside a short unit is no number: a model name, a date, a range.
    """
    text = plain(text).replace(" ", "")
    negative = False
    if bracketed := _BRACKETED.fullmatch(text):
        text, negative = bracketed["inner"] + bracketed["unit"], True
    match = _NUMBER.fullmatch(text)
    if match is None or _NO_UNIT.match(match["unit"]):
        return None
    unit, scale = match["unit"], match["scale"] or ""
    if unit and not _UNIT.fullmatch(unit) and not _COUNTER.fullmatch(unit):
        return None
    if scale == "千" and ("千" + unit).startswith(_THOUSAND_UNITS):
        unit, scale = "千" + unit, ""
    unit = unit or _CURRENCY.get(match["currency"] or "", "")
    if negative and unit not in ("", "%", "‰", "元"):
        return None
    value = float(re.sub("[,，]", "", match["digits"]) + (match["power"] or ""))
    if negative or match["sign"] in ("-", "−", "–", "▲", "△") or match["sign2"]:
        value = -value
    if value in (float("inf"), float("-inf")):
        return None
    return Number(value, SCALES.get(scale, 1.0), _same_unit(unit))


def parse_written_number(text: str) -> Number | None:
    """Read a number of a question, in Chinese numerals too: 三万五千元, 一百二十."""
    found = parse_number(text)
    if found is not None:
        return found
    match = re.match(r"[零〇一二三四五六七八九十百千万亿两]+", text)
    value = parse_numeral(match[0]) if match else None
    if match is None or value is None:
        return None
    return Number(float(value), 1.0, _same_unit(text[match.end() :]))


def parse_date(text: str) -> str | None:
    """Read a cell that is one date and return it as 2023, 2023-05 or 2023-05-01.

    A time of day is left out. Years alone are dates only where 年 follows.
    """
    text = plain(text)
    if found := _COMPACT_DATE.match(text):
        return "-".join(found.groups())
    match = _DATE.match(text) or _DATE.match(text.replace(" ", ""))
    if match is None or (match["month"] is None and "年" not in text):
        return None
    parts = [match["year"], *(f"{int(part):02}" for part in match.groups()[1:3] if part)]
    return "-".join(parts)


def parse_unit(text: str) -> Number | None:
    """Read the unit of a heading, "万元" or "元/㎡" or "%": a number of value 1."""
    text = plain(text).replace(" ", "").removeprefix("单位").lstrip(":：")
    text = text.removeprefix("人民币")
    if not text or len(text) > 8 or any(char.isdecimal() for char in text.rstrip("23")):
        return None
    match = re.match(_SCALE, text)
    if match and not text.startswith(_THOUSAND_UNITS):
        return Number(1.0, SCALES[match[0]], _same_unit(text[match.end() :]))
    return Number(1.0, 1.0, _same_unit(text)) if _UNIT.fullmatch(text) else None


_BASE_UNITS = (
    "%|‰|‱|个百分点|元|美元|欧元|日元|港元|港币|英镑|角|分|人|人次|名|位|个|台|套|件|只|支|条|块|张|份|本|册|页|篇|"
    "辆|部|艘|架|间|栋|幢|座|户|家|所|处|项|次|场|轮|届|批|种|类|箱|盒|包|袋|瓶|桶|罐|吨|t|kg|公斤|千克|克|g|mg|毫克|μg|斤|"
    "km|公里|千米|m|米|cm|厘米|mm|毫米|μm|nm|里|海里|㎡|m2|平方米|平米|平方公里|km2|平方千米|亩|公顷|m3|立方米|升|l|ml|毫升|"
    "年|个月|月|周|天|日|小时|h|hr|分钟|min|秒|s|ms|岁|周岁|度|℃|°c|°|kwh|kw|w|mw|千瓦|千瓦时|兆瓦|kv|v|a|ma|mah|hz|khz|mhz|"
    "ghz|kb|mb|gb|tb|pa|kpa|mpa|n|kn|j|kj|kcal|千卡|大卡|db|dpi|rpm|bar|倍|股|票|学时|课时|学分|公顷|棵|株|头|匹|枚|人天|工时|"
    "卷|桌|床|车|节|段|层|楼|星|级|字|字节|像素|英寸|寸|步|分贝|mol|mm2|cm2|cm3|kg3|户次|车次|架次|标箱|teu"
)
_UNIT = re.compile(rf"(?:{_BASE_UNITS})(?:[/每·.](?:{_BASE_UNITS}|[\u4e00-\u9fff]{{1,2}}))?")
# Of other words after a number only short ones count: 3级, 2号 and 4班 are names.
_COUNTER = re.compile(
    r"[\u4e00-\u9fff]{1,3}(?:/[\u4e00-\u9fff]{1,3})?(?<![级型类号班期届室版代路线等])"
)
_SAME_UNITS = {"平方米": "㎡", "平米": "㎡", "m2": "㎡", "公斤": "kg", "千克": "kg", "公里": "km"}
_SAME_UNITS |= {
    "千米": "km",
    "块钱": "元",
    "块": "元",
    "元人民币": "元",
    "人民币": "元",
    "圆": "元",
}
_SAME_UNITS |= {"周岁": "岁", "米": "m", "个小时": "小时", "h": "小时", "%左右": "%", "元整": "元"}


def _same_unit(unit: str) -> str:
    return _SAME_UNITS.get(unit, unit)


def _exact(value: float) -> float:
    """Drop what binary fractions add: 2.3 × 10,000 is 23,000."""
    return float(f"{value:.12g}")
