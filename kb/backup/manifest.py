"""What a backup says of itself: the last entry of its ZIP file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kb.errors import BackupDamagedError, BackupVersionError
from kb.store.migrations import HEAD

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the backup: its length in bytes and the checksum of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``home`` is the data folder it was made of; ``missing`` are originals that were not there."""

    format: int
    schema: str
    created_at: float
    home: str
    knowledge_bases: Mapping[str, str]
    documents: int
    files: Mapping[str, Entry] = field(repr=False)
    missing: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together, unpacked."""
        return sum(entry.size for entry in self.files.values())


def pack(manifest: Manifest) -> str:
    """Write a manifest as text."""
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=0)


def read(backup: zipfile.ZipFile, path: Path) -> Manifest:
    """Read and check what a backup says of itself.

    Raises:
        BackupDamagedError: it is none, or not whole.
        BackupVersionError: a newer version has written it.
    """
    try:
        fields = json.loads(backup.read(NAME))
        if fields["format"] > FORMAT or fields["schema"] > HEAD:
            raise BackupVersionError(
                f"{path} was written by a newer version (schema {fields['schema']}, here {HEAD})",
                path=str(path),
            )
        files = {name: Entry(**entry) for name, entry in fields.pop("files").items()}
        manifest = Manifest(**{**fields, "files": files, "missing": tuple(fields["missing"])})
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, OSError) as exc:
        raise BackupDamagedError(f"{path} is no backup: {exc!r}", path=str(path)) from exc
    there = {info.filename: info.file_size for info in backup.infolist()}
    there.pop(NAME)
    if there != {name: entry.size for name, entry in files.items()}:
        raise BackupDamagedError(f"{path} lacks files, or has others", path=str(path))
    return manifest
