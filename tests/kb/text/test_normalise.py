from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.normalise import clean, compact, normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("臺灣與國務院", "台湾与国务院"),
        ("  甲　乙\n\n丙\t丁 ", "甲 乙 丙 丁"),
        ("㎏ ℃ Ⅳ", "kg °c iv"),
        ("零\u200b宽\ufeff", "零宽"),
        ("\ud800坏", "坏"),
    ],
)
def test_normalise_folds_what_readers_do_not_tell_apart(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text())
def test_normalise_twice_is_normalise_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("《臺灣》， 共 1,234.5 元。", "台湾共1234.5元"),
        ("2023-05-01", "20230501"),
        ("增长3.14%！", "增长3.14%"),
        ("……", ""),
    ],
)
def test_compact_leaves_words_and_values(text: str, expected: str) -> None:
    assert compact(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲\r\n乙\r丙\u2028丁", "甲\n乙\n丙\n丁"),
        ("\ufeff\u00ad软\u200b连\x07字", "软连字"),
        ("　　段首，\u00a0\u00a0不断行。  \n 下行", "段首， 不断行。\n下行"),
        ("列一 \t 列二\t\t列四", "列一\t列二\t\t列四"),
        ("家👨‍👩‍👧人，中\u200d文", "家👨‍👩‍👧人，中文"),
        ("半个\ud83d", "半个\ufffd"),
        ("全角ＡＢＣ①保留", "全角ＡＢＣ①保留"),
    ],
)
def test_clean_removes_dirt_and_keeps_characters(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text())
def test_cleaned_text_can_be_stored_and_is_clean(text: str) -> None:
    once = clean(text)
    assert once.encode("utf-8").decode("utf-8") == once
    assert clean(once) == once
