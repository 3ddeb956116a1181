import pytest

from kb.answer.language import answer_language, language_of


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("年假有几天？", "zh"),
        ("iPhone 15 Pro Max Ultra 多少钱？", "zh"),
        ("House of Cards 的导演是谁？", "zh"),
        ("What Is Life 这本书的作者是谁", "zh"),
        ("出差住宿費的標準", "zh"),
        ("How many days of annual leave do we get?", "en"),
        ("What does 年假 mean?", "en"),
        ("Who runs 国务院办公厅?", "en"),
        ("travel expenses abroad", "en"),
        ("Why?", "en"),
        ("ISO9001", None),
        ("Windows Server", None),
        ("12.5%", None),
        ("", None),
    ],
)
def test_the_language_of_a_question_is_that_of_the_words_that_ask(
    question: str, language: str | None
) -> None:
    assert language_of(question) == language


def test_a_setting_goes_before_the_question() -> None:
    assert answer_language("zh", "How many days?") == "zh"
    assert answer_language("en", "年假有几天？") == "en"


def test_a_bare_name_goes_on_in_the_language_of_the_talk() -> None:
    assert answer_language("auto", "ISO9001", ["年假有几天？", "How many days?"]) == "en"
    assert answer_language("auto", "ISO9001?", ["How many days?", "年假有几天？"]) == "zh"
    assert answer_language("auto", "ISO9001") == "zh"
