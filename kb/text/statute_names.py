"""Names of statutes in the forms in which they are compared.

The catalog keeps short names: who changes what they are writes a migration that makes them anew.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kb.text.normalise import compact

LEAST_NAME = 2
"""A statute whose name has fewer characters is not found by it."""

_STATE = "中华人民共和国"
_IN_BRACKETS = re.compile(r"[（(〔\[][^（()）〔〕\[\]]*[）)〕\]]")


@lru_cache(maxsize=4096)
def plain_name(text: str) -> str:
    """Return a name without punctuation and without that of the state."""
    return compact(text).replace(_STATE, "")


def short_name(text: str) -> str:
    """Return a plain name without what its brackets add, such as the year of its version."""
    return plain_name(_IN_BRACKETS.sub("", text))


# A question about a first article meets the names of many statutes, and the next one again.
@lru_cache(maxsize=32_768)
def name_forms(text: str) -> tuple[str, ...]:
    """Return the plain name and the short one, where they differ."""
    return tuple(dict.fromkeys((plain_name(text), short_name(text))))


def document_name(path: str) -> str:
    """Return what a document's path says of the name: that of the file without its type."""
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def parent_headings(heading: str) -> list[str]:
    """Return the headings that a passage's own one stands under, outermost first."""
    return heading.split(" > ")[:-1]
