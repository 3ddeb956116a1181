from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.numerals import (
    ArticleReference,
    arabic_numerals,
    article_label,
    article_number,
    article_position,
    article_references,
    parse_numeral,
    to_chinese,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十二", 12),
        ("一百二十", 120),
        ("一千零五", 1005),
        ("二〇二三", 2023),
        ("三万二千", 32000),
        ("一亿两千万", 120_000_000),
        ("１２", 12),
        ("零", 0),
        ("十十", None),
        ("一二十", None),
        ("", None),
        ("甲", None),
        ("一" * 21, None),
    ],
)
def test_numerals_are_read(text: str, number: int | None) -> None:
    assert parse_numeral(text) == number


@given(st.integers(0, 99_999_999))
def test_what_is_written_is_read_back(number: int) -> None:
    assert parse_numeral(to_chinese(number)) == number


def test_a_number_without_numeral_is_an_error() -> None:
    with pytest.raises(ValueError, match="100000000"):
        to_chinese(10**8)


@pytest.mark.parametrize(
    ("number", "sub", "label"),
    [
        (12, 0, "第十二条"),
        (120, 1, "第一百二十条之一"),
        (1260, 0, "第一千二百六十条"),
        (10, 0, "第十条"),
    ],
)
def test_article_labels_are_as_printed(number: int, sub: int, label: str) -> None:
    assert article_label(number, sub) == label
    assert article_position(label) == (number, sub)


def test_article_number_reads_the_beginning_only() -> None:
    assert article_number("第十二条　为了规范") == 12
    assert article_number("第 120 条之一") == 120
    assert article_number("依照第十二条") is None
    assert article_number("第十二章") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("《民法典》第12条怎么说？", [("民法典", 12, 0)]),
        ("《甲法》第三条和第一百二十条之一", [("甲法", 3, 0), ("甲法", 120, 1)]),
        ("《甲法》好。第3条呢", [("", 3, 0)]),
        ("《甲法》第3条、《乙法》第3条、第三条", [("甲法", 3, 0), ("乙法", 3, 0)]),
        ("what does Article 5 say", [("", 5, 0)]),
        ("刑法第２３２條", [("", 232, 0)]),
        ("第三章讲什么", []),
    ],
)
def test_references_are_found_with_their_statute(
    text: str, expected: list[tuple[str, int, int]]
) -> None:
    assert article_references(text) == [ArticleReference(*reference) for reference in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第十二条", "第12条"),
        ("第一百二十条之一", "第120条之1"),
        ("二〇二三年五月一日", "2023年5月1日"),
        ("不满十四周岁", "不满14周岁"),
        ("三年以上十年以下", "3年以上10年以下"),
        ("百分之三十", "30%"),
        ("三百万元", "300万元"),
        ("统一年度、同一天、之一年、百年", "统一年度、同一天、之一年、百年"),
        ("一心一意", "一心一意"),
    ],
)
def test_counts_become_digits_and_words_stay_words(text: str, expected: str) -> None:
    assert arabic_numerals(text) == expected
