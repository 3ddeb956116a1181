"""The data folder as a place on the disk: who holds it, and what lies in it."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import BusyError, SettingsError

CATALOG = "catalog.db"
LOCK = ".lock"
BIN = ".bin"
RESTORING = ".restoring"


def hold_folder(home: Path) -> FileLock:
    """Make the data folder if need be, and keep every other process out until it is released.

    Raises:
        BusyError: another process holds the folder.
        SettingsError: the folder cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / LOCK)
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise BusyError(f"another process holds {home}", path=str(home)) from exc
    except OSError as exc:
        raise SettingsError(
            f"KB_HOME: {home}: {exc.strerror}",
            name="KB_HOME",
            problem=f"{home}: {exc.strerror}",
        ) from exc
    return lock
