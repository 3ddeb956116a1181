"""The files of a vector snapshot: written beside the old ones, then made valid by one manifest.

The manifest names a generation and is replaced last, so that a crash at any moment leaves the old
snapshot or the new one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kb.errors import IndexDamagedError, VectorIndexError

logger = logging.getLogger(__name__)

VERSION = 1
_MANIFEST = "vectors.json"


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
    temporary = folder / f"{_MANIFEST}.tmp"
    try:
        temporary.write_text(json.dumps(asdict(manifest)), encoding="utf-8")
        sync_file(temporary)
        temporary.replace(folder / _MANIFEST)
        _sync_folder(folder)
    except OSError as exc:
        raise VectorIndexError(f"cannot write {temporary}: {exc}", path=str(folder)) from exc


def read_manifest(folder: Path) -> Manifest:
    """Read which snapshot is the valid one.

    Raises:
        IndexDamagedError: there is no manifest, or not one of this version.
    """
    try:
        fields = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**fields)
    except (OSError, ValueError, TypeError) as exc:
        raise damaged(folder, str(exc)) from exc
    for name, value in asdict(Manifest(0, 0, "", 0, 0, 0)).items():
        if type(getattr(manifest, name)) is not type(value):
            raise damaged(folder, f"{name} in its manifest is no {type(value).__name__}")
    if manifest.version != VERSION:
        raise damaged(folder, f"it has version {manifest.version}, not {VERSION}")
    return manifest


def discard_snapshots(folder: Path) -> None:
    """Make the folder hold no snapshot."""
    (folder / _MANIFEST).unlink(missing_ok=True)
    sweep(folder, None)


def sweep(folder: Path, generation: int | None) -> None:
    """Delete the files of other generations, which a crash or an older snapshot left."""
    kept = (
        {path.name for path in snapshot_files(folder, generation)}
        if generation is not None
        else set()
    )
    for path in folder.glob("vectors-*.*"):
        if path.name not in kept:
            try:
                path.unlink(missing_ok=True)
            except PermissionError:  # Windows: a search still maps it; the next sweep takes it
                logger.debug("%s is still in use", path.name)
    (folder / f"{_MANIFEST}.tmp").unlink(missing_ok=True)


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
