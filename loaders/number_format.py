"""Show a cell's value as the spreadsheet program shows it by its number format."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_(?P<skip>.)|\*(?P<fill>.)'
    r"|(?P<ampm>AM/PM|A/P|上午/下午)|(?P<part>y+|m+|d+|h+|s+|e+(?![+-]))|(?P<exp>E[+-])"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<general>General|G/通用格式)"
    r"|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_BUILT_IN = {
    # Excel shows these in the locale's way; the Chinese one is what our readers see.
    14: "yyyy/m/d",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: 'AM/PMh"时"mm"分"',
    35: 'AM/PMh"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"',
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    55: 'AM/PMh"时"mm"分"',
    56: 'AM/PMh"时"mm"分"ss"秒"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}
_WEEKDAYS = "一二三四五六日"
_EPOCH = datetime(1899, 12, 30)


def built_in_format(number: int) -> str | None:
    """Return the code of a built-in format whose look depends on the locale, else None."""
    return _BUILT_IN.get(number)


def is_date_format(code: str) -> bool:
    """Tell whether a format shows dates or times."""
    first = code.split(";", 1)[0]
    return any(match.lastgroup == "part" for match in _TOKEN.finditer(first)) or bool(
        re.search(r"\[(?:h+|m+|s+)\]", first, re.IGNORECASE)
    )


def shown(value: object, code: str) -> str:
    """Return a value as text by its format code."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if isinstance(value, (datetime, date, time, timedelta)):
        return _moment(value, code)
    if isinstance(value, (int, float)):
        if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            return str(value)
        if is_date_format(code) and 0 <= value < 2_958_466:
            return _moment(_EPOCH + timedelta(days=value), code)
        return _number(value, code)
    return str(value)


def general(value: float) -> str:
    """Return a number as the format General shows it: at most 11 digits, no trailing zeros."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}E{int(exponent):+03d}"
    return text


def _number(value: float, code: str) -> str:
    sections = _sections(code)
    section = sections[0]
    magnitude = value
    if len(sections) > 1 and value < 0:
        section, magnitude = sections[1], -value
    elif len(sections) > 2 and value == 0:
        section = sections[2]
    if section.strip().lower() in ("general", "g/通用格式", "", "@"):
        return general(value)
    if re.search(r"[?#0]/[?#0\d]", section):
        # Fractions: the number itself says more in a text.
        return general(value)
    return _filled(magnitude, list(_TOKEN.finditer(section)))


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
    tokens = list(_TOKEN.finditer(code.split(";", 1)[0]))
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
