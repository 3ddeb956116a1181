import pytest

from kb.answer.tables.values import (
    Number,
    is_blank,
    parse_date,
    parse_number,
    parse_unit,
    parse_written_number,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", Number(1234.5)),
        ("１２３", Number(123.0)),
        ("(300)", Number(-300.0)),
        ("（1,200.5）", Number(-1200.5)),
        ("-8", Number(-8.0)),
        ("△5.2", Number(-5.2)),
        ("12.5%", Number(12.5, 1.0, "%")),
        ("3‰", Number(3.0, 1.0, "‰")),
        ("¥1,280", Number(1280.0, 1.0, "元")),
        ("$30", Number(30.0, 1.0, "美元")),
        ("3.5万元", Number(3.5, 1e4, "元")),
        ("2亿", Number(2.0, 1e8)),
        ("5千克", Number(5.0, 1.0, "kg")),
        ("约20人", Number(20.0, 1.0, "人")),
        ("80平方米", Number(80.0, 1.0, "㎡")),
        ("1.2e3", Number(1200.0)),
    ],
)
def test_numbers_are_read_with_their_units(text: str, number: Number) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "无", "A320", "2.3-2.5", "3/4", "12:30", "第3名", "5A级", "3号楼", "2021年", "三班"],
)
def test_what_holds_more_than_a_number_is_none(text: str) -> None:
    assert parse_number(text) is None


def test_a_factor_is_part_of_the_amount() -> None:
    found = parse_number("2.3万元")
    assert found is not None
    assert (found.value, found.amount) == (2.3, 23_000.0)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023-5-1", "2023-05-01"),
        ("2023/05/01 12:30", "2023-05-01"),
        ("2023年5月1日", "2023-05-01"),
        ("2023年5月", "2023-05"),
        ("2023.05", "2023-05"),
        ("20230501", "2023-05-01"),
        ("2023年", "2023"),
        ("2023年度", "2023"),
        ("2023", None),
        ("2023-13-01", None),
        ("5月1日", None),
        ("1,234", None),
    ],
)
def test_dates_of_all_forms_become_iso(text: str, date: str | None) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("万元", Number(1.0, 1e4, "元")),
        ("单位：亿元", Number(1.0, 1e8, "元")),
        ("元/平方米", Number(1.0, 1.0, "元/平方米")),
        ("%", Number(1.0, 1.0, "%")),
        ("千克", Number(1.0, 1.0, "kg")),
        ("含税", None),
        ("2023年", None),
    ],
)
def test_units_of_headings_are_told_from_remarks(text: str, unit: Number | None) -> None:
    assert parse_unit(text) == unit


def test_numbers_of_questions_may_be_written_out() -> None:
    assert parse_written_number("三万五千元") == Number(35_000.0, 1.0, "元")
    assert parse_written_number("一百二十") == Number(120.0)
    assert parse_written_number("3.5万") == Number(3.5, 1e4)
    assert parse_written_number("元") is None


@pytest.mark.parametrize("text", ["", " ", "—", "无", "N/A", "/"])
def test_blanks_say_nothing(text: str) -> None:
    assert is_blank(text)


def test_zero_is_no_blank() -> None:
    assert not is_blank("0")
