from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.splitter import split_lines
from kb.types import LINE_LIMIT

CHARACTERS = "甲乙丙丁。！？；…，、：“”（）《》.,!?;:-/@'\"a7 　\n\t"
THINGS = """
Word v2.0.10 3.14 1,234,567.89 2023-05-01 第1.2条 é e\u0301 か\u3099 👨‍👩‍👧 👍🏽 ❤️
http://a.cn/b?c=1 x@y.cn
"""
MIXED = st.lists(st.sampled_from([*CHARACTERS, *THINGS.split()]), max_size=400).map("".join)


@given(st.one_of(MIXED, st.text(max_size=300)))
def test_lines_joined_are_the_text_and_none_is_too_long(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(0 < len(line) <= LINE_LIMIT for line in lines)


@given(MIXED)
def test_no_number_and_no_character_is_cut(text: str) -> None:
    cuts = set()
    position = 0
    for line in split_lines(text)[:-1]:
        position += len(line)
        cuts.add(position)
    for match in re.finditer(r"\d+(?:[.,:-]\d+)*", text):
        # Beyond a line's length a number is cut like anything else.
        if match.end() - match.start() <= LINE_LIMIT:
            assert not cuts & set(range(match.start() + 1, match.end()))
    for cut in cuts:
        assert unicodedata.category(text[cut]) != "Mn"
        assert "\u200d" not in text[cut - 1 : cut + 1]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("甲", ["甲"]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("真的？！……好；行", ["真的？！……", "好；", "行"]),
        ("他说：“走吧。快点！”然后走了。", ["他说：“走吧。快点！”", "然后走了。"]),
        ("（见图。）下一句。", ["（见图。）", "下一句。"]),
        ("圆周率是3.14。价格1,234,567.89元。", ["圆周率是3.14。", "价格1,234,567.89元。"]),
        ("版本v2.0.10于2023.5.1发布。见第1.2条。", ["版本v2.0.10于2023.5.1发布。", "见第1.2条。"]),
        ("10:30开会!地址http://a.cn/b?c=1!d。", ["10:30开会!", "地址http://a.cn/b?c=1!d。"]),
        ("结果如何?2023年好!", ["结果如何?", "2023年好!"]),
        ("《你好。再见！》很好。", ["《你好。再见！》很好。"]),
        ("总则\n第一条 为了规范。\n", ["总则\n", "第一条 为了规范。\n"]),
        ("（1）\n付款。\n一、\n交货。", ["（1）\n付款。\n", "一、\n交货。"]),
        ("1. 第一项\n2. 第二项", ["1. 第一项\n", "2. 第二项"]),
        ("\n\n前面有空行。", ["\n\n前面有空行。"]),
    ],
)
def test_sentences_become_lines(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def test_latin_sentences_end_at_full_stops_but_not_at_abbreviations() -> None:
    assert split_lines("Hello world. Mr. Smith said e.g. this. Done!") == [
        "Hello world. ",
        "Mr. Smith said e.g. this. ",
        "Done!",
    ]


def test_long_sentences_are_cut_at_the_last_comma_that_fits() -> None:
    text = "前半句很长" * 15 + "，" + "后半句也长" * 10 + "。"
    assert [len(line) for line in split_lines(text)] == [76, 51]


def test_long_latin_text_is_cut_at_spaces() -> None:
    lines = split_lines("reliable " * 40)
    assert all(line.startswith("reliable ") and line.endswith(" ") for line in lines[:-1])


def test_text_without_punctuation_is_cut_at_the_limit() -> None:
    assert [len(line) for line in split_lines("字" * 250)] == [100, 100, 50]
    assert [len(line) for line in split_lines("a" * 250)] == [100, 100, 50]


WHOLE = """
3.1415926 2023-05-01 v2.0.10 HX-200B 第12.3条 二〇二三年五月一日 10：30 100.5% 25℃ 👨‍👩‍👧‍👦
https://example.com/a?b=c someone@example.com 《一本书的名字。真长！》
"""


@pytest.mark.parametrize("whole", WHOLE.split())
@pytest.mark.parametrize("before", range(90, 101))
def test_what_is_one_thing_is_not_cut_at_the_limit(whole: str, before: int) -> None:
    lines = split_lines("字" * before + whole + "字" * 50)
    assert any(whole in line for line in lines)
    assert all(len(line) <= LINE_LIMIT for line in lines)


def test_blanks_alone_never_make_a_sentence_too_long() -> None:
    assert split_lines("字" * 99 + "。\n\n下一段。") == ["字" * 99 + "。", "\n\n下一段。"]


@pytest.mark.parametrize(
    "unit",
    [
        "字",
        "a",
        "a ",
        "，",
        "1.",
        "《",
        "“",
        "。",
        "\n",
        " ",
        "第",
        "1,222",
        "x@",
        "’",
        "👨‍👩‍👧",
        "a.b@",
    ],
)
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        best = float("inf")
        for _ in range(3):
            start = time.thread_time()  # other processes do not count
            split_lines(text)
            best = min(best, time.thread_time() - start)
        return best

    assert seconds(80_000) / seconds(20_000) < 10  # 16 would be quadratic


@settings(max_examples=1, deadline=None)
@given(st.just("没有标点的一行" * 90_000))
def test_a_line_of_600_kb_is_split_in_seconds(text: str) -> None:
    start = time.thread_time()
    lines = split_lines(text)
    assert time.thread_time() - start < 10
    assert len(lines) == 6300
