from app.accepted import accepted_formats, accepted_words
from loaders.formats import FORMATS


def test_only_formats_with_a_loader_are_accepted() -> None:
    names = {entry.name for entry in accepted_formats()}
    assert {"pdf", "docx", "xlsx", "txt", "md", "html", "csv"} <= names
    assert "archive" not in names
    assert names <= {entry.name for entry in FORMATS}


def test_formats_are_named_by_family_each_once() -> None:
    words = accepted_words("zh").split("、")
    assert words[:3] == ["PDF", "Word", "Excel"]
    assert {"网页", "文本", "Markdown"} <= set(words)
    assert len(words) == len(set(words))
    assert "web pages" in accepted_words("en")
