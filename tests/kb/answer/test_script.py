import pytest

from kb.answer.script import in_words_of, is_traditional

PASSAGES = ["401年三月，劉裕於海鹽築城，大敗孫恩。", "義熙十一年，劉裕出兵討伐司馬休之。"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("刘裕", "劉裕"),
        ("刘裕于义熙十一年出兵讨伐司马休之。", "劉裕於義熙十一年出兵討伐司馬休之。"),
        ("劉裕", "劉裕"),
        ("", ""),
    ],
)
def test_what_is_quoted_gets_the_characters_of_the_passage(answer: str, expected: str) -> None:
    assert in_words_of(answer, PASSAGES) == expected


def test_words_that_no_passage_holds_stay_as_they_are() -> None:
    assert in_words_of("这与发展无关。", PASSAGES) == "这与发展无关。"


def test_simplified_sources_make_a_traditional_answer_simplified() -> None:
    assert in_words_of("劉裕出兵", ["刘裕出兵讨伐。"]) == "刘裕出兵"


def test_a_text_is_traditional_when_a_character_says_so() -> None:
    assert is_traditional("誰大敗了孫恩?")
    assert not is_traditional("谁大败了孙恩？2023年GDP")
