"""Which files of a folder are taken in, and what their documents are called."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from kb.errors import NotFoundError
from kb.store.jobs import QueuedItem

# Traces that programs and systems leave in folders; nobody asks questions of them.
_IGNORED_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_IGNORED_PREFIXES = ("~$", "._", ".~lock.")
_IGNORED_SUFFIXES = (".tmp", ".part", ".crdownload", ".swp")


def is_ignored(name: str) -> bool:
    """Whether a file name is that of a temporary, lock or system file."""
    lower = name.lower()
    return (
        lower in _IGNORED_NAMES
        or lower.startswith(_IGNORED_PREFIXES)
        or lower.endswith(_IGNORED_SUFFIXES)
    )


def expand(paths: Sequence[Path]) -> list[QueuedItem]:
    """List the files under ``paths``: a file by its name, a folder by the paths inside it.

    Links that lead to folders are not followed. Two files that would become the same document are
    told apart by a number, as file managers do.

    Raises:
        NotFoundError: a path does not exist.
    """
    items: list[QueuedItem] = []
    taken: set[str] = set()
    for path in paths:
        if path.is_dir():
            found = [(file, file.relative_to(path).as_posix()) for file in _walk(path)]
        elif path.exists():
            found = [(path, path.name)]
        else:
            raise NotFoundError(f"no file or folder {path}", kind="path", name=str(path))
        for file, name in found:
            document = unused(unicodedata.normalize("NFC", name), taken)
            taken.add(document)
            items.append(QueuedItem(str(file.absolute()), document))
    return items


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not is_ignored(name):
                yield Path(root) / name


def unused(name: str, taken: set[str]) -> str:
    """The name itself, or with a number, as file managers do it, where it is taken."""
    if name not in taken:
        return name
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a path inside the knowledge base, as text
    number = 2
    while f"{stem} ({number}){suffix}" in taken:
        number += 1
    return f"{stem} ({number}){suffix}"
