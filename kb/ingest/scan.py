"""Lists the files of a folder that is mirrored, without opening any of them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pathspec import GitIgnoreSpec

from kb.errors import CancelledError, FolderUnreachableError
from kb.ingest.files import is_ignored

# A file that changed so short a time ago may still be written to; it is looked at again.
REST_SECONDS = 2.0


LeftOut = Literal["leaves_the_folder", "hidden_folder", "temporary_file", "ignore_list"]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file by its path inside the folder; ``mtime_ns`` in nanoseconds since 1970."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds: files, those that still move, and what is left out.

    ``unreadable`` are folders and files that could not be looked at, ``ignored`` files and, with a
    slash at the end, folders that are left out, each with why. Of neither anything is known to be
    gone.
    """

    files: Mapping[str, FoundFile]
    moving: frozenset[str]
    unreadable: tuple[str, ...]
    ignored: Mapping[str, LeftOut]

    def hides(self, path: str) -> bool:
        """Whether a path that is not listed may be there all the same."""
        return path in self.moving or any(
            path == each or path.startswith(f"{each}/") for each in self.unreadable
        )


def scan(
    root: Path,
    ignore: str = "",
    *,
    rest: float = REST_SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Listing:
    """List a folder with all below it. Links that stay inside are followed once, others never.

    Args:
        ignore: patterns as in a .gitignore file, one a line.
        rest: seconds for which a file must have been left alone.
        cancelled: asked for each folder.

    Raises:
        CancelledError: ``cancelled()`` said so.
        FolderUnreachableError: the folder is not there, or cannot be listed.
    """
    walk = _Walk(root, ignore, rest, cancelled)
    try:
        home = root.stat()
        walk.home = root.resolve()
        entries = os.scandir(root)
    except OSError as exc:
        raise FolderUnreachableError(
            f"{root} cannot be listed: {exc}", path=str(root), problem=exc.strerror or str(exc)
        ) from exc
    walk.seen.add((home.st_dev, home.st_ino))
    with entries:
        walk.folder("", entries)
    return Listing(walk.files, frozenset(walk.moving), tuple(walk.unreadable), walk.ignored)


class _Walk:
    def __init__(self, root: Path, ignore: str, rest: float, cancelled: Callable[[], bool]) -> None:
        self.home = root
        self.files: dict[str, FoundFile] = {}
        self.moving: set[str] = set()
        self.unreadable: list[str] = []
        self.ignored: dict[str, LeftOut] = {}
        # Folders by device and number: one that is reached twice, by a link, is listed once.
        self.seen: set[tuple[int, int]] = set()
        self._spec = GitIgnoreSpec.from_lines(ignore.splitlines()) if ignore.strip() else None
        self._rest = rest
        self._now = time.time()
        self._cancelled = cancelled

    def folder(self, above: str, entries: os.ScandirIterator[str]) -> None:  # type: ignore[name-defined]
        if self._cancelled():
            raise CancelledError("the listing of a folder was stopped")
        for entry in sorted(entries, key=lambda each: each.name):
            path = f"{above}{entry.name}"
            try:
                if entry.is_symlink() and not self._stays_inside(entry.path):
                    self.ignored[path] = "leaves_the_folder"
                elif entry.is_dir():
                    self._enter(entry, path)
                else:
                    self._file(entry, path)
            except OSError:
                self.unreadable.append(path)

    def _enter(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.name.startswith("."):
            self.ignored[f"{path}/"] = "hidden_folder"
            return
        if self._is_excluded(f"{path}/"):
            self.ignored[f"{path}/"] = "ignore_list"
            return
        status = entry.stat()
        if (status.st_dev, status.st_ino) in self.seen:
            return
        self.seen.add((status.st_dev, status.st_ino))
        with os.scandir(entry.path) as entries:
            self.folder(f"{path}/", entries)

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode):
            return
        if is_ignored(entry.name):
            self.ignored[path] = "temporary_file"
            return
        if self._is_excluded(path):
            self.ignored[path] = "ignore_list"
            return
        # A clock of a file server may be ahead: what is from the future is not waited for.
        if 0 <= self._now - status.st_mtime < self._rest:
            self.moving.add(path)
            return
        self.files[path] = FoundFile(path, status.st_size, status.st_mtime_ns)

    def _is_excluded(self, path: str) -> bool:
        return self._spec is not None and self._spec.match_file(path)

    def _stays_inside(self, path: str) -> bool:
        # strict: a link that leads nowhere is an error, and so is told as unreadable.
        return Path(path).resolve(strict=True).is_relative_to(self.home)
