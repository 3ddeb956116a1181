"""Show a cell's value as the spreadsheet program shows it by its number format."""

from __future__ import annotations

import functools
import math
import operator
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_(?P<skip>.)|\*(?P<fill>.)'
    r"|(?P<ampm>AM/PM|A/P|上午/下午)|(?P<part>y+|m+|d+|h+|s+|e+(?![+-]))|(?P<exp>E[+-])"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<general>General|G/通用格式)"
    r"|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
BUILT_IN_CODES = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    # 5 to 8 and 37 to 44 are money and accounts; the sign depends on the locale and stays away.
    5: "#,##0;-#,##0",
    6: "#,##0;-#,##0",
    7: "#,##0.00;-#,##0.00",
    8: "#,##0.00;-#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    # Excel shows these in the locale's way; the Chinese one is what our readers see.
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: '上午/下午h"时"mm"分"',
    35: '上午/下午h"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"',
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    41: '#,##0;-#,##0;"-"',
    42: '#,##0;-#,##0;"-"',
    43: '#,##0.00;-#,##0.00;"-"',
    44: '#,##0.00;-#,##0.00;"-"',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"',
    56: '上午/下午h"时"mm"分"ss"秒"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}
"""What a number of format means where the workbook does not write it out (ECMA-376-1, 18.8.30)."""

_WEEKDAYS = "一二三四五六日"
_EPOCH = datetime(1899, 12, 30)
_DAYS = 2_957_000
"""Days that a date may count: up to the year 9995, whatever its first day."""
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")
_COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class SerialDates:
    """How a workbook counts its days."""

    since_1904: bool = False

    def moment(self, serial: float) -> datetime:
        """Return the moment of a serial number."""
        if self.since_1904:
            return _EPOCH + timedelta(days=serial + 1462)
        # The programs hold 1900 for a leap year, as the first of them did.
        return _EPOCH + timedelta(days=serial + (1 <= serial < 60))


_SINCE_1900 = SerialDates()


@functools.lru_cache(1024)
def is_date_format(code: str) -> bool:
    """Tell whether a format shows dates or times."""
    first = code.split(";", 1)[0]
    return any(match.lastgroup == "part" for match in _TOKEN.finditer(first)) or bool(
        re.search(r"\[(?:h+|m+|s+)\]", first, re.IGNORECASE)
    )


def shown(value: object, code: str, dates: SerialDates = _SINCE_1900) -> str:
    """Return a value as text by its format code; ``dates`` tells the days of plain numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if code == "General" and isinstance(value, (int, float)) and math.isfinite(value):
        return general(value)
    if isinstance(value, (datetime, date, time, timedelta)):
        return _moment(value, code)
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            return str(value)
        if is_date_format(code) and 0 <= value < _DAYS:
            return _moment(dates.moment(value), code)
        return _number(value, code)
    return str(value)


def general(value: float) -> str:
    """Return a number as the format General shows it: at most 11 digits, no trailing zeros."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" in text and abs(value) >= 1:
        text = f"{value:.15g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}E{int(exponent):+03d}"
    return text


def _number(value: float, code: str) -> str:
    section, magnitude = _section(value, code)
    if section.strip().lower() in ("general", "g/通用格式", "", "@"):
        return general(value)
    if re.search(r"[?#0]/[?#0\d]", section):
        # Fractions: the number itself says more in a text.
        return general(value)
    return _filled(magnitude, _tokens(section))


def _section(value: float, code: str) -> tuple[str, float]:
    """Choose the section of a code that a number is shown by, and the number without its sign.

    Sections are for numbers above zero, below and zero, unless they state conditions.
    """
    sections = _sections(code)
    if any(_CONDITION.search(section) for section in sections[:2]):
        for section in sections:
            condition = _CONDITION.search(section)
            if condition is None or _COMPARED[condition[1]](value, float(condition[2])):
                return section, value
        return "General", value
    if len(sections) > 1 and value < 0:
        return sections[1], -value
    if len(sections) > 2 and value == 0:
        return sections[2], value
    return sections[0], value


@functools.lru_cache(1024)
def _tokens(section: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(section))


@functools.lru_cache(1024)
def _sections(code: str) -> list[str]:
    parts, current, quoted = [], "", False
    for char in code:
        if char == '"':
            quoted = not quoted
        if char == ";" and not quoted:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]


def _filled(value: float, tokens: list[re.Match[str]]) -> str:
    kinds = [token.lastgroup for token in tokens]
    if "digit" not in kinds:
        return "".join(map(_literal, tokens)).strip() or general(value)
    last = len(kinds) - 1 - kinds[::-1].index("digit")
    first = kinds.index("digit")
    point = kinds.index("point") if "point" in kinds else None
    scale = 0
    for kind in kinds[last + 1 :]:
        if kind != "comma":
            break
        scale += 1
    exponent = "exp" in kinds
    mantissa_end = kinds.index("exp") if exponent else len(kinds)
    grouped = "comma" in kinds[first:last]
    places = [t.group() for t, k in zip(tokens, kinds, strict=True) if k == "digit"]
    decimals = (
        sum(kind == "digit" for kind in kinds[point:mantissa_end]) if point is not None else 0
    )
    optional = (
        sum(
            token.group() == "#"
            for token, kind in zip(
                tokens[point:mantissa_end], kinds[point:mantissa_end], strict=True
            )
            if kind == "digit"
        )
        if point is not None
        else 0
    )
    whole = sum(kind == "digit" for kind in kinds[: point if point is not None else mantissa_end])
    least = sum(place == "0" for place in places[:whole])
    if exponent:
        body = f"{value:.{decimals}E}"
        mantissa, _, power = body.partition("E")
        body = f"{mantissa}E{int(power):+03d}"
    else:
        body = _fixed(value, "percent" in kinds, scale, decimals, optional, least, grouped)
    prefix = "".join(_literal(token) for token in tokens[:first])
    suffix = "".join(_literal(token) for token in tokens[last + 1 :])
    sign = "-" if body.startswith("-") else ""
    return (sign + prefix + body.removeprefix("-") + suffix).strip()


def _fixed(
    value: float,
    percent: bool,
    scale: int,
    decimals: int,
    optional: int,
    least: int,
    grouped: bool,
) -> str:
    try:
        exact = Decimal(repr(value)) * (100 if percent else 1) / (1000**scale)
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return general(value)
    text = f"{abs(exact):,.{decimals}f}" if grouped else f"{abs(exact):.{decimals}f}"
    integer, _, fraction = text.partition(".")
    for _ in range(optional):
        fraction = fraction[:-1] if fraction.endswith("0") else fraction
    if not least and integer == "0":
        integer = "" if fraction else "0"
    integer = integer.zfill(least)
    sign = "-" if exact < 0 else ""
    return f"{sign}{integer}.{fraction}" if fraction else f"{sign}{integer}"


def _literal(token: re.Match[str]) -> str:
    kind = token.lastgroup
    if kind in ("quoted", "escaped"):
        return token.group(kind)
    if kind == "bracket":
        # [$¥-804] carries a currency sign, [Red] and [>100] carry nothing to show.
        content = token.group("bracket")
        return content[1:].split("-", 1)[0] if content.startswith("$") else ""
    if kind in ("percent", "literal", "point"):
        return token.group()
    return " " if kind == "skip" else ""


def _moment(value: datetime | date | time | timedelta, code: str) -> str:
    if not is_date_format(code):
        code = _default_code(value)
    if isinstance(value, timedelta):
        moment, elapsed = _EPOCH + value, value
    elif isinstance(value, time):
        moment = datetime.combine(_EPOCH.date(), value)
        elapsed = moment - _EPOCH
    else:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        moment = moment.replace(tzinfo=None)
        elapsed = moment - _EPOCH
    # Half a second up, as binary fractions of days fall a little short.
    if moment.microsecond >= 500_000:
        moment += timedelta(seconds=1)
    tokens = _tokens(code.split(";", 1)[0])
    afternoon = any(token.lastgroup == "ampm" for token in tokens)
    parts: list[str] = []
    for number, token in enumerate(tokens):
        kind = token.lastgroup
        if kind == "part":
            parts.append(_part(token.group().lower(), tokens, number, moment, afternoon))
        elif kind == "ampm":
            chinese = "上午" in token.group()
            names = ("上午", "下午") if chinese else ("AM", "PM")
            parts.append(names[moment.hour >= 12])
        elif kind == "bracket" and re.fullmatch(r"h+|m+|s+", token.group("bracket").lower()):
            seconds = int(elapsed.total_seconds())
            unit = {"h": 3600, "m": 60, "s": 1}[token.group("bracket")[0].lower()]
            parts.append(str(seconds // unit))
        elif kind == "comma":
            parts.append(",")
        elif kind != "digit":
            parts.append(_literal(token))
    text = "".join(parts)
    return re.sub(r"\.$", "", text).strip()


def _default_code(value: object) -> str:
    if isinstance(value, datetime):
        return "yyyy-mm-dd hh:mm:ss" if value.time() != time() else "yyyy-mm-dd"
    return "yyyy-mm-dd" if isinstance(value, date) else "[h]:mm:ss"


def _part(
    letters: str, tokens: list[re.Match[str]], number: int, moment: datetime, afternoon: bool
) -> str:
    kind, length = letters[0], len(letters)
    if kind in ("y", "e"):
        return f"{moment.year:04d}" if length > 2 or kind == "e" else f"{moment.year % 100:02d}"
    if kind == "m" and _is_minute(tokens, number):
        return f"{moment.minute:02d}" if length > 1 else str(moment.minute)
    if kind == "m":
        if length >= 3:
            return moment.strftime("%b" if length == 3 else "%B")
        return f"{moment.month:02d}" if length == 2 else str(moment.month)
    if kind == "d":
        if length >= 3:
            return f"星期{_WEEKDAYS[moment.weekday()]}" if length > 3 else moment.strftime("%a")
        return f"{moment.day:02d}" if length == 2 else str(moment.day)
    if kind == "h":
        hour = (moment.hour % 12 or 12) if afternoon else moment.hour
        return f"{hour:02d}" if length > 1 else str(hour)
    return f"{moment.second:02d}" if length > 1 else str(moment.second)


def _is_minute(tokens: list[re.Match[str]], number: int) -> bool:
    """Tell m for minutes, beside hours or seconds, from m for months."""

    def unit(token: re.Match[str]) -> str:
        if token.lastgroup == "part":
            return token.group()[0].lower()
        return token.group("bracket")[:1].lower() if token.lastgroup == "bracket" else ""

    before = next((u for t in reversed(tokens[:number]) if (u := unit(t)) in tuple("ymdhse")), "")
    after = next((u for t in tokens[number + 1 :] if (u := unit(t)) in tuple("ymdhse")), "")
    return before == "h" or after == "s"
