"""Names of knowledge bases, the folders that are named after them, and the order of documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from kb.errors import SettingsError

_LONGEST = 80
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_FOLDER_BYTES = 120
_NUMBER = re.compile("[0-9]+")
_DIGITS = 12


def normal_name(name: str) -> str:
    """Return a name in the one form (NFC) that names are stored and looked up in."""
    return unicodedata.normalize("NFC", name)


def checked_name(name: str) -> str:
    """Return a new name as it is stored, its white space tidied.

    Raises:
        SettingsError: it is empty or too long.
    """
    name = " ".join(normal_name(name).split())
    if not name:
        raise SettingsError("the name is empty", name="name", problem="empty")
    if len(name) > _LONGEST:
        raise SettingsError(
            f"the name has more than {_LONGEST} characters", name="name", problem="long"
        )
    return name


def sort_key(document: str) -> str:
    """Return a text by which documents stand in the order that people expect.

    Numbers count as numbers (chapter 2 before chapter 10), letters regardless of case and width,
    and the files of a folder stay together.
    """
    plain = unicodedata.normalize("NFKC", document).casefold().replace("/", "\x01")
    return _NUMBER.sub(lambda found: found[0].lstrip("0").rjust(_DIGITS, "0"), plain)


def folder_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return a folder name after a knowledge base's name, numbered until it is not taken."""
    base = _UNSAFE.sub("_", name).strip(" .") or "kb"
    while len(base.encode()) > _FOLDER_BYTES:
        base = base[:-1]
    candidate, number = base, 1
    while is_taken(candidate):
        number += 1
        candidate = f"{base}-{number}"
    return candidate
