from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.tokenise import TOKEN_LIMIT, content_tokens, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("国务院办公厅", {"国务院", "办公厅", "国务院办公厅"}),
        ("HX-200B", {"hx-200b", "hx200b", "hx", "200b", "200", "b"}),
        ("v2.0.10", {"v2.0.10", "2.0.10", "v2", "0", "10"}),
        ("圆周率3.14", {"圆周率", "3.14", "3", "14"}),
        ("1,234,567.89", {"1234567.89", "1234567", "89"}),
        ("2023-05-01", {"2023-05-01", "2023", "5", "05", "1"}),
        ("500mg", {"500mg", "500", "mg"}),
        ("a,b", {"a", "b"}),
        ("C++和C#", {"c++", "c#", "c", "和"}),
        ("me@example.com", {"me@example.com", "example"}),
        ("東京タワー", {"タワ", "ワー"}),
    ],
)
def test_tokens_come_whole_and_in_pieces(text: str, expected: set[str]) -> None:
    assert expected <= set(tokens(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第十二条", "第12条"),
        ("第一百二十条之一", "第120条之1"),
        ("二〇二三年五月一日", "2023年5月1日"),
        ("臺灣的經濟", "台湾的经济"),
        ("ＨＸ－２００Ｂ", "hx-200b"),
        ("三百万元", "300万元"),
    ],
)
def test_two_spellings_give_the_same_tokens(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


def test_an_article_is_found_by_those_who_leave_out_its_addition() -> None:
    assert set(tokens("第120条")) < set(tokens("第一百二十条之一"))


@given(st.text())
def test_tokens_are_short_and_hold_no_white_space(text: str) -> None:
    for token in tokens(text):
        assert 0 < len(token) <= TOKEN_LIMIT or not token.isascii()
        assert not any(char.isspace() for char in token)


@pytest.mark.parametrize("text", ["", "  \n", "，。！？——“”", "\u200b"])
def test_punctuation_gives_no_token(text: str) -> None:
    assert tokens(text) == []


def test_an_endless_word_is_cut() -> None:
    assert tokens("a" * 100_000) == ["a" * TOKEN_LIMIT]


def test_content_tokens_leave_out_question_words() -> None:
    assert content_tokens("请问中国的首都是哪个城市？") == ["中国", "首都", "城市"]
    assert content_tokens("How many users can it serve?") == ["users", "serve"]
