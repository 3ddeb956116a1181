import re
import string

import pytest

from app.strings import LANGUAGES, TEXTS, text

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words that are the same in both languages.
SHARED = {"language.name", "cli.check.python", "stage.", "kb.badge"}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_have_the_text_and_the_same_placeholders(key: str) -> None:
    chinese, english = TEXTS[key]
    if key in SHARED:
        return
    if key not in ("job.count", "check.model", "cli.check.model", "drop.failed", "list.separator"):
        assert CHINESE.search(chinese), chinese
    assert not CHINESE.search(english), english
    assert placeholders(chinese) == placeholders(english)
    assert set(re.findall(r"\{\{(\w+)\}\}", chinese)) == set(re.findall(r"\{\{(\w+)\}\}", english))


def test_placeholders_are_filled() -> None:
    assert text("place.page", "zh", page=3) == "第 3 页"
    assert text("place.page", "en", page=3) == "page 3"


def test_a_missing_text_and_a_missing_value_are_errors() -> None:
    with pytest.raises(KeyError):
        text("no.such.key", "zh")
    with pytest.raises(KeyError):
        text("place.page", "zh")


def test_every_language_names_itself() -> None:
    assert [text("language.name", language) for language in LANGUAGES] == ["中文", "English"]
