"""The files of a vector snapshot: written beside the old ones, then made valid by one manifest.

The manifest names a generation and is replaced last, so that a crash at any moment leaves the old
snapshot or the new one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar, get_type_hints

from kb.errors import IndexDamagedError, VectorIndexError

logger = logging.getLogger(__name__)

VERSION = 1
_NAME = "vectors"
_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder's snapshot is; ``applied`` is the last change in it."""

    version: int
    dim: int
    embedder: str
    applied: int
    generation: int
    count: int
    vectors_sha256: str = ""
    ids_sha256: str = ""
    vectors_size: int = 0
    ids_size: int = 0


def snapshot_files(folder: Path, generation: int) -> tuple[Path, Path]:
    """Name the files of a generation: vectors, and the passage ids in the same order."""
    return folder / f"vectors-{generation}.faiss", folder / f"vectors-{generation}.npy"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step, after all that it names has reached the disk."""
    try:
        write_fields(folder, _NAME, asdict(manifest))
    except OSError as exc:
        raise VectorIndexError(f"cannot write in {folder}: {exc}", path=str(folder)) from exc


def read_manifest(folder: Path) -> Manifest:
    """Read which snapshot is the valid one.

    Raises:
        IndexDamagedError: there is no manifest, or not one of this version.
    """
    manifest = read_fields(folder, _NAME, Manifest)
    if manifest.version != VERSION:
        raise damaged(folder, f"it has version {manifest.version}, not {VERSION}")
    return manifest


def write_fields(folder: Path, name: str, fields: Mapping[str, object]) -> None:
    """Replace ``name``.json in one step.

    Raises:
        OSError: it cannot be written.
    """
    temporary = folder / f"{name}.json.tmp"
    temporary.write_text(json.dumps(fields), encoding="utf-8")
    sync_file(temporary)
    temporary.replace(folder / f"{name}.json")
    _sync_folder(folder)


def read_fields(folder: Path, name: str, kind: type[_Record]) -> _Record:
    """Read ``name``.json as a record.

    Raises:
        IndexDamagedError: there is none, or its fields are not the record's.
    """
    try:
        fields = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        record = kind(**fields)
    except (OSError, ValueError, TypeError) as exc:
        raise damaged(folder, str(exc)) from exc
    for field, wanted in get_type_hints(kind).items():
        # type(), not isinstance(): true is no number.
        if type(getattr(record, field)) is not wanted:
            raise damaged(folder, f"{field} in its manifest is no {wanted.__name__}")
    return record


def discard_snapshots(folder: Path) -> None:
    """Make the folder hold no snapshot."""
    (folder / f"{_NAME}.json").unlink(missing_ok=True)
    sweep(folder, None)


def sweep(folder: Path, generation: int | None) -> None:
    """Delete the files of other generations, which a crash or an older snapshot left."""
    sweep_files(folder, _NAME, generation)


def sweep_files(folder: Path, name: str, generation: int | None) -> None:
    """Delete the files ``name``-N.* of other generations, and a manifest that was not finished."""
    for path in folder.glob(f"{name}-*.*"):
        if generation is None or path.stem != f"{name}-{generation}":
            try:
                path.unlink(missing_ok=True)
            except PermissionError:  # Windows: a search still maps it; the next sweep takes it
                logger.debug("%s is still in use", path.name)
    (folder / f"{name}.json.tmp").unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Wait until a file's content has reached the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there, and renames are journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Give the checksum of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(folder: Path, reason: str) -> IndexDamagedError:
    """Make the error that tells the owner to rebuild."""
    return IndexDamagedError(
        f"the vector index in {folder} cannot be used: {reason}",
        hint="it is rebuilt from the catalog",
        path=str(folder),
    )
