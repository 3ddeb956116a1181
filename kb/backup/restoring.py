"""Puts a backup in place of an empty data folder, or of what it holds; whole or not at all.

It is unpacked and checked beside the data first. Then files only change their places, in two steps
that the next start completes where the process died.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath

from kb.backup.manifest import Entry, Manifest, read
from kb.backup.writing import Progress
from kb.errors import (
    BackupDamagedError,
    BackupError,
    CancelledError,
    FolderInUseError,
    NoRoomError,
    NotFoundError,
)
from kb.folder import BIN, CATALOG, LOCK, RESTORING, hold_folder
from kb.indexes.snapshot import sync_file

logger = logging.getLogger(__name__)

_PIECE = 1 << 20
_CONTENT = "content"
# Once it is there, all is unpacked and the folder's former content gives way to it.
_PLAN = "plan.json"
# Not part of the data: models, and what belongs to running processes.
_STAYS = (LOCK, BIN, RESTORING, "models", "server.json")


def restore_backup(
    path: Path,
    home: Path,
    *,
    replace: bool = False,
    progress: Progress = lambda _done, _all: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Manifest:
    """Make the data folder ``home`` what it was when the backup was written.

    Args:
        replace: what the folder holds now goes to its bin; else it must hold nothing.

    Raises:
        BackupDamagedError: the file is no whole backup; nothing has changed.
        BackupError: a file cannot be read or written; nothing has changed.
        BackupVersionError: a newer version has written it.
        BusyError: another process, such as a server, holds the folder.
        CancelledError: ``cancelled()`` said so; nothing has changed.
        FolderInUseError: the folder holds something, and ``replace`` was not said.
        NoRoomError: it does not fit on the disk.
        NotFoundError: there is no such file.
    """
    lock = hold_folder(home)
    try:
        complete_restore(home)
        if _content(home) and not replace:
            raise FolderInUseError(f"{home} holds something", path=str(home))
        scratch = home / RESTORING
        try:
            with zipfile.ZipFile(path) as backup:
                manifest = read(backup, path)
                _require_room(home, manifest.size)
                _unpack(backup, path, manifest, scratch / _CONTENT, progress, cancelled)
            _move_paths(scratch / _CONTENT / CATALOG, Path(manifest.home), home.absolute())
            _write_plan(scratch)
        except FileNotFoundError as exc:
            if exc.filename != str(path):
                raise
            raise NotFoundError(f"no backup {path}", kind="backup", name=str(path)) from exc
        except (zipfile.BadZipFile, EOFError, zlib.error) as exc:
            raise BackupDamagedError(f"{path} is no whole backup: {exc}", path=str(path)) from exc
        except OSError as exc:
            problem = exc.strerror or str(exc)
            raise BackupError(
                f"cannot restore {path}: {exc}", path=str(path), problem=problem
            ) from exc
        finally:
            if not (scratch / _PLAN).exists():
                shutil.rmtree(scratch, ignore_errors=True)
        complete_restore(home)
    finally:
        lock.release()
    return manifest


def complete_restore(home: Path) -> None:
    """Do what a restore has left to do when its process died; whoever calls holds the folder.

    Raises:
        BackupError: a file cannot be moved.
    """
    scratch = home / RESTORING
    try:
        if not (scratch / _PLAN).exists():
            if scratch.exists():
                shutil.rmtree(scratch)
            return
        plan = json.loads((scratch / _PLAN).read_text(encoding="utf-8"))
        former = home / BIN / plan["bin"]
        if not plan["cleared"]:
            for path in _content(home):
                former.mkdir(parents=True, exist_ok=True)
                shutil.move(path, former / path.name)
            _write_plan(scratch, bin_name=plan["bin"], cleared=True)
        for path in sorted((scratch / _CONTENT).iterdir(), key=lambda each: each.name == CATALOG):
            # The catalog last: a folder that has one is a data folder.
            shutil.move(path, home / path.name)
        shutil.rmtree(scratch)
    except (OSError, ValueError, KeyError) as exc:
        raise BackupError(
            f"cannot complete the restore of {home}: {exc}", path=str(home), problem=str(exc)
        ) from exc
    logger.info("%s is restored", home)


def _content(home: Path) -> list[Path]:
    """What a data folder holds: its catalog, the folders of knowledge bases, exams."""
    return sorted(path for path in home.iterdir() if path.name not in _STAYS)


def _write_plan(scratch: Path, bin_name: str = "", *, cleared: bool = False) -> None:
    name = bin_name or f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6}-replaced"
    unfinished = scratch / f"{_PLAN}.tmp"
    unfinished.write_text(json.dumps({"bin": name, "cleared": cleared}), encoding="utf-8")
    sync_file(unfinished)
    unfinished.rename(scratch / _PLAN)


def _unpack(
    backup: zipfile.ZipFile,
    path: Path,
    manifest: Manifest,
    folder: Path,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    done = 0
    for name, entry in manifest.files.items():
        target = _inside(folder, name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with backup.open(name) as source, target.open("wb") as sink:
            while piece := source.read(_PIECE):
                if cancelled():
                    raise CancelledError("the restore was stopped")
                digest.update(piece)
                sink.write(piece)
                done += len(piece)
                progress(done, manifest.size)
        _check(path, name, entry, target.stat().st_size, digest.hexdigest())
        sync_file(target)


def _inside(folder: Path, name: str, path: Path) -> Path:
    """The place of an entry, which no name may lead out of the folder."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or parts[0] in _STAYS:
        raise BackupDamagedError(f"{path} holds {name}, which leads elsewhere", path=str(path))
    return folder.joinpath(*parts)


def _check(path: Path, name: str, entry: Entry, size: int, sha256: str) -> None:
    if (size, sha256) != (entry.size, entry.sha256):
        raise BackupDamagedError(f"{path}: {name} has changed", path=str(path))


def _move_paths(catalog: Path, former: Path, home: Path) -> None:
    """Let files that wait for their turn be found where they are now."""
    if former == home:
        return
    before, now = f"{former}/", f"{home}/"
    with closing(sqlite3.connect(catalog)) as connection, connection:
        for table, column in (("job_items", "path"), ("binned_documents", "bin_path")):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608 - names of ours
                f" WHERE substr({column}, 1, ?) = ?",
                (now, len(before) + 1, len(before), before),
            )
        # Its folder is deleted when the job has ended: it must not be that of another data folder.
        for job_id, text in connection.execute(
            "SELECT id, payload FROM jobs WHERE payload LIKE '%batch%'"
        ).fetchall():
            payload = json.loads(text)
            if str(payload.get("batch", "")).startswith(before):
                payload["batch"] = now + payload["batch"].removeprefix(before)
                text = json.dumps(payload, ensure_ascii=False)
                connection.execute("UPDATE jobs SET payload = ? WHERE id = ?", (text, job_id))


def _require_room(home: Path, needed: int) -> None:
    free = shutil.disk_usage(home).free
    if free < needed:
        raise NoRoomError(
            f"{home} has {free >> 20} MB left, {needed >> 20} MB are needed",
            path=str(home),
            needed=f"{needed / 1e6:,.0f}",
            free=f"{free / 1e6:,.0f}",
        )
