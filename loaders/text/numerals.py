"""Write numbers as lists show them: 3, iii, C, 三, 叁, ③, 丙."""

from __future__ import annotations

from collections.abc import Callable

_DIGITS = "〇一二三四五六七八九"
_LEGAL_SIMPLIFIED = "零壹贰叁肆伍陆柒捌玖"
_LEGAL_TRADITIONAL = "零壹貳參肆伍陸柒捌玖"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def numeral(number: int, style: str) -> str:
    """Write a number in a style of Word (ST_NumberFormat); an unknown style counts 1, 2, 3."""
    if style in ("none", "bullet"):
        return ""
    if number < 0 or number > 32_767:
        return str(number)
    write = _STYLES.get(style)
    return write(number) if write is not None else str(number)


def chinese(number: int, digits: str = "零一二三四五六七八九", units: str = "十百千") -> str:
    """Write a number below 100,000 in Chinese: 12 is 十二, 105 is 一百零五."""
    if number >= 10_000:
        head, rest = divmod(number, 10_000)
        zero = digits[0] if 0 < rest < 1000 else ""
        return (
            chinese(head, digits, units)
            + "万"
            + (zero + chinese(rest, digits, units) if rest else "")
        )
    if number == 0:
        return digits[0]
    written = ""
    gap = False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if not digit:
            gap = bool(written)
            continue
        written += (digits[0] if gap else "") + digits[digit] + (units[power - 1] if power else "")
        gap = False
    short = digits[1] + units[0]
    return (
        written[1:] if number < 20 and written.startswith(short) and units[0] == "十" else written
    )


def roman(number: int) -> str:
    """Write a number in Roman capitals."""
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def _letters(number: int) -> str:
    """Count as Word does: A … Z, AA, BB … ZZ, AAA."""
    if number < 1:
        return str(number)
    times, letter = divmod(number - 1, 26)
    return chr(ord("A") + letter) * min(times + 1, 30)


def _cycle(characters: str, number: int) -> str:
    return characters[(number - 1) % len(characters)] if number > 0 else str(number)


def _shifted(start: int, most: int, number: int) -> str:
    return chr(start + number - 1) if 1 <= number <= most else str(number)


def _ordinal(number: int) -> str:
    last = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{last}"


def _digitwise(number: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def _full_width(number: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))


def _legal_simplified(number: int) -> str:
    return chinese(number, _LEGAL_SIMPLIFIED, "拾佰仟")


def _legal_traditional(number: int) -> str:
    return chinese(number, _LEGAL_TRADITIONAL, "拾佰仟").replace("万", "萬")


_STYLES: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    "upperRoman": roman,
    "lowerRoman": lambda number: roman(number).lower(),
    "upperLetter": _letters,
    "lowerLetter": lambda number: _letters(number).lower(),
    "ordinal": _ordinal,
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": lambda number: _shifted(0x2460, 20, number),
    "decimalEnclosedCircleChinese": lambda number: _shifted(0x2460, 20, number),
    "decimalEnclosedParen": lambda number: _shifted(0x2474, 20, number),
    "decimalEnclosedFullstop": lambda number: _shifted(0x2488, 20, number),
    "ideographEnclosedCircle": lambda number: _shifted(0x3280, 10, number),
    "numberInDash": lambda number: f"- {number} -",
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "taiwaneseCounting": chinese,
    "taiwaneseCountingThousand": chinese,
    "japaneseCounting": chinese,
    "ideographDigital": _digitwise,
    "japaneseDigitalTenThousand": _digitwise,
    "taiwaneseDigital": _digitwise,
    "chineseLegalSimplified": _legal_simplified,
    "ideographLegalTraditional": _legal_traditional,
    "ideographTraditional": lambda number: _cycle(_STEMS, number),
    "ideographZodiac": lambda number: _cycle(_BRANCHES, number),
}
