"""Synchronises mirrored folders when the file system tells of a change, and on a schedule.

Network shares tell nothing, or not all, so that every folder is looked at from time to time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from kb.errors import CancelledError, KBError
from kb.ingest.mirror import Mirror
from kb.ingest.scan import REST_SECONDS
from kb.store.folders import FolderRecord

logger = logging.getLogger(__name__)

# Where the file system tells, a look now and then finds what it did not tell of.
_SCHEDULE_SECONDS = 600.0
_NETWORK_SECONDS = 60.0
_TURN_SECONDS = 1.0
# Files that are copied one after the other are taken in together.
_REST_SECONDS = REST_SECONDS + 1.0
_NETWORK_TYPES = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "sshfs", "davfs", "glusterfs", "ceph")
_READS = ("opened", "closed_no_write")


class Watcher:
    """A thread that synchronises the active folders of all knowledge bases until it is closed."""

    def __init__(
        self,
        mirror: Mirror,
        kb_ids: Callable[[], Iterable[str]],
        *,
        schedule: float = _SCHEDULE_SECONDS,
        rest: float = _REST_SECONDS,
    ) -> None:
        self._mirror = mirror
        self._kb_ids = kb_ids
        self._schedule = schedule
        self._rest = rest
        self._closed = threading.Event()
        # Made at the start: each takes one of the few that the system has for a person's programs.
        self._observer: BaseObserver | None = None
        # With the folder's device and number: one that comes back after it was gone is another.
        self._watches: dict[int, tuple[ObservedWatch, tuple[int, int]]] = {}
        # When a folder is to be looked at, in time.monotonic().
        self._due: dict[int, float] = {}
        self._lock = threading.Lock()
        self._told: set[int] = set()
        self._thread = threading.Thread(target=self._loop, name="folders", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        try:
            self._observer = Observer()
            self._observer.start()
        except OSError as exc:
            logger.warning("folders are looked at on a schedule only: %s", exc)
            self._observer = None
        self._thread.start()

    def close(self) -> None:
        """Stop, in the middle of a listing if need be."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def is_watching(self, folder_id: int) -> bool:
        """Whether the file system tells of changes in a folder."""
        return folder_id in self._watches

    def next_look(self, folder_id: int) -> float | None:
        """Seconds until a folder is looked at again; None where it is not known yet."""
        with self._lock:
            due = self._due.get(folder_id)
        return None if due is None else max(0.0, due - time.monotonic())

    def touch(self, folder_id: int) -> None:
        """Something has happened in a folder: look at it once it rests."""
        with self._lock:
            self._due[folder_id] = time.monotonic() + self._rest

    def _loop(self) -> None:
        while not self._closed.wait(_TURN_SECONDS):
            try:
                folders = {
                    folder.folder_id: folder
                    for kb_id in self._kb_ids()
                    for folder in self._mirror.folders(kb_id)
                    if folder.active
                }
                self._watch(folders)
                self._look(folders)
            except CancelledError:
                return
            except Exception:
                # A fault in one look must not end all the later ones.
                logger.exception("the folders could not be looked at")
                self._closed.wait(_NETWORK_SECONDS)

    def _look(self, folders: dict[int, FolderRecord]) -> None:
        for number, folder in folders.items():
            with self._lock:
                # The first look comes at the start: much may have happened since the last end.
                if self._due.setdefault(number, 0.0) > time.monotonic():
                    continue
                self._due[number] = time.monotonic() + self._interval(folder)
            try:
                done = self._mirror.synchronise(folder, cancelled=self._closed.is_set)
            except CancelledError:
                raise
            except KBError as exc:
                if folder.problem is None:
                    logger.warning("a folder stays as it was: %s", exc)
                continue
            if done.plan.listing.moving or done.plan.busy_job is not None:
                self.touch(number)

    def _interval(self, folder: FolderRecord) -> float:
        if folder.folder_id in self._watches and not is_network(self._mirror.root(folder)):
            return self._schedule
        return min(self._schedule, _NETWORK_SECONDS)

    def _watch(self, folders: dict[int, FolderRecord]) -> None:
        if self._observer is None:
            return
        roots = {number: self._mirror.root(folder) for number, folder in folders.items()}
        for number, (watch, identity) in list(self._watches.items()):
            if number not in roots or _identity(roots[number]) != identity:
                del self._watches[number]
                self._observer.unschedule(watch)
        for number, root in roots.items():
            found = _identity(root)
            if number in self._watches or found is None:
                continue
            try:
                told = _Told(partial(self.touch, number))
                watch = self._observer.schedule(told, str(root), recursive=True)
            except OSError as exc:
                # Say the limit of inotify: the schedule goes on.
                if number not in self._told:
                    self._told.add(number)
                    logger.warning("%s is looked at on a schedule only: %s", root, exc)
                continue
            self._watches[number] = watch, found
            # What happened before the watch stood is told by nobody.
            self.touch(number)


def _identity(root: Path) -> tuple[int, int] | None:
    """The device and number of a folder; None where there is none now."""
    try:
        status = root.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class _Told(FileSystemEventHandler):
    def __init__(self, touch: Callable[[], None]) -> None:
        self._touch = touch

    def on_any_event(self, event: FileSystemEvent) -> None:
        # Reading is an event too: looking would make us look again.
        if event.event_type not in _READS:
            self._touch()


def is_network(path: Path) -> bool:
    """Whether a folder lies on a file system of another machine; False where that is not known."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    best, kind = "", ""
    resolved = str(path.resolve())
    for line in mounts:
        _device, point, name, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind.startswith(_NETWORK_TYPES)
