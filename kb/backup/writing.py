"""Writes a backup, also while a server works: the catalog as of one moment, then the originals.

What can be made of the catalog without embedding anything again (the indexes, the read-only
tables) is left out, and so are the models.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.backup.manifest import FORMAT, NAME, Entry, Manifest, pack
from kb.errors import (
    BackupError,
    CancelledError,
    CatalogError,
    FileExistsAlreadyError,
    NoRoomError,
    NotFoundError,
)
from kb.folder import BIN, CATALOG
from kb.indexes.snapshot import sync_file
from kb.store.migrations import HEAD
from kb.store.versions import FOLDER as VERSIONS

_PIECE = 1 << 20
_PAGES_AT_ONCE = 4_096
_EXAMS = "exams"

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are written; the second may still grow."""


@dataclass(frozen=True, slots=True)
class _Original:
    """A file that the catalog speaks of: where it should be, and where else it may be by now."""

    name: str
    path: Path
    sha256: str | None
    kb_id: str
    document: str
    size: int | None = None
    waits: bool = False
    """It lies outside the originals until its job has taken it in."""

    @property
    def needed(self) -> bool:
        """Whether it has to be there: what is still to be copied from elsewhere does not."""
        return self.waits or self.sha256 is not None


def write_backup(
    home: Path,
    target: Path,
    *,
    progress: Progress = lambda _done, _all: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Manifest:
    """Write the data folder ``home`` into the file ``target`` and say what is in it.

    All that was acknowledged before is in it. A document that is added meanwhile is in it with all
    it has, or not at all; the original of one that is replaced or removed meanwhile is taken from
    the bin. The file appears once it is whole.

    Raises:
        BackupError: a file cannot be read or written.
        CancelledError: ``cancelled()`` said so; nothing is left.
        NotFoundError: ``home`` has no catalog.
        FileExistsAlreadyError: there is a file with that name already.
        NoRoomError: it does not fit on the disk.
    """
    if not (home / CATALOG).is_file():
        raise NotFoundError(f"no data folder {home}", kind="data_folder", name=str(home))
    if target.exists():
        raise FileExistsAlreadyError(f"{target} exists already", path=str(target))
    unfinished = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as scratch:
            catalog = Path(scratch) / CATALOG
            _require_room(target.parent, (home / CATALOG).stat().st_size)
            _copy_catalog(home / CATALOG, catalog, cancelled)
            manifest = _write(home, catalog, unfinished, progress, cancelled)
        sync_file(unfinished)
        unfinished.rename(target)
    except OSError as exc:
        problem = exc.strerror or str(exc)
        raise BackupError(
            f"cannot write {target}: {exc}", path=str(target), problem=problem
        ) from exc
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _copy_catalog(source: Path, target: Path, cancelled: Callable[[], bool]) -> None:
    """Copy a catalog that others read and write, as it is at this moment."""

    def step(_status: int, _remaining: int, _total: int) -> None:
        if cancelled():
            raise CancelledError("the backup was stopped")

    try:
        with (
            closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            # One snapshot for the whole copy: else every change would begin it anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=_PAGES_AT_ONCE, progress=step)
            reading.execute("ROLLBACK")
            found = writing.execute("PRAGMA quick_check(1)").fetchone()[0]
            writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as exc:
        raise CatalogError(f"{source} cannot be copied: {exc}", path=str(source)) from exc
    if found != "ok":
        raise CatalogError(f"{source} is damaged: {found}", path=str(source))


def _write(
    home: Path,
    catalog: Path,
    target: Path,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Manifest:
    bases, originals, documents = _read_catalog(home, catalog)
    others = list(_others(home))
    sizes = [path.stat().st_size for path in (catalog, *(path for _name, path in others))]
    total = sum(sizes) + sum(_size(original.path) for original in originals)
    _require_room(target.parent, total)
    done = 0
    files: dict[str, Entry] = {}
    missing: list[str] = []
    places = _Places(home)

    def copy(name: str, path: Path, *, squeeze: bool) -> Entry:
        nonlocal done
        digest = hashlib.sha256()
        size = 0
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
        with path.open("rb") as source, packed.open(info, "w", force_zip64=True) as sink:
            while piece := source.read(_PIECE):
                if cancelled():
                    raise CancelledError("the backup was stopped")
                digest.update(piece)
                size += len(piece)
                sink.write(piece)
                done += len(piece)
                progress(done, max(done, total))
        return Entry(size, digest.hexdigest())

    with zipfile.ZipFile(target, "w", compresslevel=1) as packed:
        files[CATALOG] = copy(CATALOG, catalog, squeeze=True)
        for name, path in others:
            files[name] = copy(name, path, squeeze=False)
        for original in originals:
            for path in places.of(original):
                if path.is_file() and _is_it(path, original.sha256):
                    files[original.name] = copy(original.name, path, squeeze=False)
                    break
            else:
                if original.path.is_file():
                    # Changed by hand since it was read: as it is now, for the next look at the
                    # drop folder to take it in.
                    files[original.name] = copy(original.name, original.path, squeeze=False)
                elif original.needed:
                    missing.append(original.name)
        manifest = Manifest(
            format=FORMAT,
            schema=HEAD,
            created_at=time.time(),
            home=str(home.absolute()),
            knowledge_bases=bases,
            documents=documents,
            files=files,
            missing=tuple(missing),
        )
        packed.writestr(NAME, pack(manifest), zipfile.ZIP_DEFLATED)
    return manifest


def _read_catalog(home: Path, catalog: Path) -> tuple[dict[str, str], list[_Original], int]:
    """Names of the knowledge bases by id, the originals spoken of, and the number of documents."""
    with closing(sqlite3.connect(catalog)) as connection:
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        if schema != HEAD:
            raise BackupError(
                f"{home} has schema {schema}, not {HEAD}: open it once with this version",
                path=str(home),
                problem=f"schema {schema}",
            )
        bases = dict(
            connection.execute("SELECT id, name FROM knowledge_bases WHERE deleted_at IS NULL")
        )
        rows = connection.execute(
            "SELECT documents.kb_id, documents.path, documents.sha256, documents.size"
            " FROM documents"
            " JOIN knowledge_bases ON knowledge_bases.id = documents.kb_id"
            " WHERE knowledge_bases.deleted_at IS NULL AND documents.source != 'linked'"
            " ORDER BY 1, 2"
        ).fetchall()
        versions = connection.execute(
            "SELECT document_versions.kb_id, original, sha256, path FROM document_versions"
            " JOIN knowledge_bases ON knowledge_bases.id = document_versions.kb_id"
            " WHERE knowledge_bases.deleted_at IS NULL AND original IS NOT NULL"
        ).fetchall()
        staged = connection.execute(
            "SELECT jobs.kb_id, job_items.document, job_items.path FROM job_items"
            " JOIN jobs ON jobs.id = job_items.job_id"
            " JOIN knowledge_bases ON knowledge_bases.id = jobs.kb_id"
            " WHERE jobs.state IN ('queued', 'running')"
            " AND job_items.state IN ('queued', 'processing')"
            " AND knowledge_bases.deleted_at IS NULL"
        ).fetchall()
        documents = connection.execute(
            "SELECT count(*) FROM documents"
            " JOIN knowledge_bases ON knowledge_bases.id = documents.kb_id"
            " WHERE knowledge_bases.deleted_at IS NULL"
        ).fetchone()[0]
    originals = [
        _Original(f"{kb_id}/files/{path}", home / kb_id / "files" / path, sha256, kb_id, path, size)
        for kb_id, path, sha256, size in rows
    ]
    originals += [
        _Original(
            f"{kb_id}/{VERSIONS}/{name}",
            home / kb_id / VERSIONS / name,
            sha256,
            kb_id,
            path,
            waits=True,
        )
        for kb_id, name, sha256, path in versions
    ]
    known = {original.name for original in originals}
    for kb_id, document, path in staged:
        # Uploads that wait for their turn lie in the data folder; what was added by its path may
        # lie anywhere, and stays there.
        if Path(path).is_relative_to(home.absolute()):
            name = Path(path).relative_to(home.absolute()).as_posix()
            if name not in known:
                known.add(name)
                originals.append(_Original(name, Path(path), None, kb_id, document, waits=True))
    return bases, originals, documents


def _others(home: Path) -> Iterator[tuple[str, Path]]:
    """Files that nobody changes once they are written, such as the results of exams."""
    for path in sorted((home / _EXAMS).rglob("*")):
        if path.is_file():
            yield path.relative_to(home).as_posix(), path


class _Places:
    """Where the originals of a data folder may be while people go on working."""

    def __init__(self, home: Path) -> None:
        self._home = home
        # Looked through once: a whole folder may be renamed by hand.
        self._by_size: dict[str, dict[int, list[Path]]] = {}

    def of(self, original: _Original) -> Iterator[Path]:
        """Its place, and where it may have gone since a moment, the likely ones first."""
        yield original.path
        folder = self._home / original.kb_id
        if original.waits:
            yield folder / "files" / original.document
        # Only a file whose content is known is recognised in a place that other files share.
        if original.sha256 is None:
            return
        for bin_folder in (folder / "bin", self._home / BIN):
            for batch in sorted(bin_folder.glob("*"), reverse=True):
                yield batch / original.document
                yield batch / "files" / original.document
        yield from (folder / "incoming").rglob("*")
        for path in (folder / VERSIONS).glob("*"):
            if path.suffix == original.path.suffix:
                yield path
        if original.size is not None:
            yield from self._of_size(original.kb_id, original.size)
        yield original.path

    def _of_size(self, kb_id: str, size: int) -> list[Path]:
        """Files of the drop folder, where people rename them by hand."""
        if kb_id not in self._by_size:
            found: dict[int, list[Path]] = {}
            for path in (self._home / kb_id / "files").rglob("*"):
                found.setdefault(_size(path), []).append(path)
            self._by_size[kb_id] = found
        return self._by_size[kb_id].get(size, [])


def _is_it(path: Path, sha256: str | None) -> bool:
    if sha256 is None:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoomError(
            f"{folder} has {free >> 20} MB left, {needed >> 20} MB are needed",
            path=str(folder),
            needed=f"{needed / 1e6:,.0f}",
            free=f"{free / 1e6:,.0f}",
        )
