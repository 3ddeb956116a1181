from __future__ import annotations

import io
import string
import sys

import pytest

from app.setup.messages import CHINESE, ENGLISH, duration, language, say


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_is_there_in_both_languages_with_the_same_places() -> None:
    assert CHINESE.keys() == ENGLISH.keys()
    differing = [key for key in CHINESE if fields(CHINESE[key]) != fields(ENGLISH[key])]
    assert differing == []


def test_chinese_is_the_default_and_english_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert say("done") == "完成"
    monkeypatch.setenv("KB_LANGUAGE", "en")
    assert say("done") == "done"


def test_a_terminal_that_cannot_show_chinese_gets_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert language() == "en"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 秒"), (59.9, "59 秒"), (60, "1 分 0 秒"), (125, "2 分 5 秒")]
)
def test_durations_read_as_people_say_them(
    seconds: float, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert duration(seconds) == text
