"""Which kinds of file this machine reads, in the words of the people who have them."""

from __future__ import annotations

from functools import cache

from app.strings import TEXTS, Language, text
from loaders.formats import FORMATS, Format
from loaders.needs import lack_of

# A word for each family, or the key of one that differs between the languages.
_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("PDF", ("pdf",)),
    ("Word", ("docx", "doc", "rtf", "odt", "wordml")),
    ("Excel", ("xlsx", "xlsm", "xlsb", "xls", "ods", "spreadsheetml")),
    ("PPT", ("pptx", "ppt", "odp")),
    ("CSV", ("csv", "tsv")),
    ("family.image", ("image",)),
    ("family.mail", ("eml", "msg")),
    ("family.web", ("html", "mhtml")),
    ("EPUB", ("epub",)),
    ("Markdown", ("md",)),
    ("JSON", ("json", "jsonl")),
    ("XML", ("xml",)),
    ("family.text", ("txt",)),
)
# Other spellings of what a family above already names.
_UNNAMED = ("flat_odf",)


@cache
def accepted_formats() -> tuple[Format, ...]:
    """Return the formats that this machine reads as it is now."""
    return tuple(entry for entry in FORMATS if entry.loader and not lack_of(entry))


def accepted_words(language: Language) -> str:
    """List the kinds of file that are read, each once."""
    here = {entry.name for entry in accepted_formats()} - set(_UNNAMED)
    named = {name for _word, names in _FAMILIES for name in names}
    words = [_word(word, language) for word, names in _FAMILIES if here.intersection(names)]
    words += [name.upper() for name in sorted(here - named)]
    return text("list.separator", language).join(words)


def _word(word: str, language: Language) -> str:
    return text(word, language) if word in TEXTS else word
