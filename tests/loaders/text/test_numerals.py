"""Numbers as lists show them."""

from __future__ import annotations

import pytest

from loaders.text.numerals import numeral


@pytest.mark.parametrize(
    ("number", "style", "shown"),
    [
        (3, "decimal", "3"),
        (7, "decimalZero", "07"),
        (14, "upperRoman", "XIV"),
        (1999, "lowerRoman", "mcmxcix"),
        (28, "upperLetter", "BB"),
        (10, "chineseCounting", "十"),
        (12, "chineseCountingThousand", "十二"),
        (20, "chineseCounting", "二十"),
        (105, "chineseCounting", "一百零五"),
        (110, "chineseCounting", "一百一十"),
        (1003, "chineseCounting", "一千零三"),
        (12_005, "chineseCounting", "一万二千零五"),
        (10_300, "chineseCounting", "一万零三百"),
        (12, "chineseLegalSimplified", "壹拾贰"),
        (13, "ideographTraditional", "丙"),
        (2, "ideographZodiac", "丑"),
        (3, "decimalEnclosedCircleChinese", "③"),
        (21, "decimalEnclosedCircle", "21"),
        (4, "decimalEnclosedParen", "⑷"),
        (25, "decimalFullWidth", "２５"),
        (20, "ideographDigital", "二〇"),
        (12, "ordinal", "12th"),
        (22, "ordinal", "22nd"),
        (5, "bullet", ""),
        (5, "noSuchStyle", "5"),
        (0, "upperLetter", "0"),
        (99_999, "chineseCounting", "99999"),
    ],
)
def test_number_is_written_in_its_style(number: int, style: str, shown: str) -> None:
    assert numeral(number, style) == shown
