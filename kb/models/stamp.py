"""What a finished model looks like: its files with size, time and checksum, beside it as JSON.

A stamp answers "is it whole?" without hashing a gigabyte at each start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class StampedFile:
    """A file of a model; ``path`` is relative to the models folder, ``mtime`` in nanoseconds."""

    path: str
    size: int
    mtime: int
    sha256: str


def stamp_path(name: str, folder: Path) -> Path:
    """Return where the stamp of a model lies."""
    return folder / f"{name}.ready.json"


def files_of(place: Path) -> Iterator[Path]:
    """Yield a model's files in a fixed order: the file itself, or all that its folder holds."""
    if place.is_dir():
        yield from sorted(path for path in place.rglob("*") if path.is_file())
    elif place.is_file():
        yield place


def file_sha256(path: Path, report: Callable[[int], None] | None = None) -> str:
    """Hash a file in blocks; ``report`` gets the bytes of each block."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            if report is not None:
                report(len(block))
    return digest.hexdigest()


def write_stamp(name: str, place: Path, folder: Path) -> None:
    """Stamp a model that is whole."""
    files = [
        StampedFile(
            path=path.relative_to(place.parent).as_posix(),
            size=path.stat().st_size,
            mtime=path.stat().st_mtime_ns,
            sha256=file_sha256(path),
        )
        for path in files_of(place)
    ]
    target = stamp_path(name, folder)
    part = target.with_name(target.name + ".part")
    part.write_text(json.dumps([asdict(file) for file in files], indent=1), encoding="utf-8")
    part.replace(target)


def read_stamp(name: str, folder: Path) -> tuple[StampedFile, ...]:
    """Return the stamped files, none where no stamp can be read: the model is then not ready."""
    try:
        records = json.loads(stamp_path(name, folder).read_text(encoding="utf-8"))
        return tuple(StampedFile(**record) for record in records)
    except (OSError, ValueError, TypeError):
        return ()


def matches(stamped: tuple[StampedFile, ...], place: Path) -> bool:
    """Tell whether the files have the stamped sizes and times; hashes nothing."""
    if not stamped:
        return False
    for file in stamped:
        try:
            found = (place.parent / file.path).stat()
        except OSError:
            return False
        if (found.st_size, found.st_mtime_ns) != (file.size, file.mtime):
            return False
    return True
