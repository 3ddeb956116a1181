"""Cells show as the spreadsheet program shows them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from loaders.sheets.number_format import SerialDates, shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "General", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (12345678901234, "General", "12345678901234"),
        (1e-7, "General", "1E-07"),
        (1234.565, "#,##0.00", "1,234.57"),
        (1234567, "#,##0", "1,234,567"),
        (0.256, "0.0%", "25.6%"),
        (-5, "0.00;[Red](0.00)", "(5.00)"),
        (-5, "0.00", "-5.00"),
        (0, '0;-0;"无"', "无"),
        (8, "000", "008"),
        (12.5, '"¥"#,##0.00', "¥12.50"),
        (12.5, "[$¥-804]#,##0.0", "¥12.5"),
        (1234567, '0.0,,"百万"', "1.2百万"),
        (12345, "0.00E+00", "1.23E+04"),
        (3.5, "0.##", "3.5"),
        (3, '0"个"', "3个"),
        (45356, "yyyy-mm-dd", "2024-03-05"),
        (datetime(2024, 3, 5, 8, 7), "yyyy/m/d h:mm", "2024/3/5 8:07"),
        (date(2024, 3, 5), 'yyyy"年"m"月"d"日"', "2024年3月5日"),
        (datetime(2024, 3, 5, 15, 4, 9), "h:mm:ss AM/PM", "3:04:09 PM"),
        (time(8, 5), "hh:mm", "08:05"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
        (123456789012.5, "General", "123456789012.5"),
        (1, "yyyy/m/d", "1900/1/1"),
        (85, '[>=60]"合格";"不合格"', "合格"),
        (30, '[>=60]"合格";"不合格"', "不合格"),
        (True, "General", "TRUE"),
        ("文字", "@", "文字"),
        (None, "General", ""),
    ],
)
def test_value_is_shown_by_its_format(value: object, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_days_since_1904_are_shown() -> None:
    assert shown(1, "yyyy/m/d", SerialDates(since_1904=True)) == "1904/1/2"
