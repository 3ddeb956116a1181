"""One set-up at a time in one folder."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.setup.console import Console
from app.setup.messages import duration, say

_POLL_SECONDS = 0.5
_SAY_SECONDS = 10.0
# Windows locks make the locked bytes unreadable for others, so lock one far behind the end.
_FAR_BYTE = 1 << 30


@contextmanager
def turn(file: Path, console: Console) -> Iterator[tuple[int, ...]]:
    """Wait until no other set-up holds ``file``, hold it, and yield what children must inherit.

    A child that holds the descriptor too keeps the turn while it lives: when the set-up itself is
    killed, a second one waits for the orphaned installer instead of writing beside it.
    """
    with file.open("r+b") as handle:
        if not _lock(handle):
            _wait(handle, console)
        yield () if sys.platform == "win32" else (handle.fileno(),)


def _wait(handle: BinaryIO, console: Console) -> None:
    said = -_SAY_SECONDS
    began = time.monotonic()
    while not _lock(handle):
        elapsed = time.monotonic() - began
        if elapsed - said >= _SAY_SECONDS:
            console.note(f"{say('waiting_turn')} · {duration(elapsed)}")
            said = elapsed
        time.sleep(_POLL_SECONDS)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: BinaryIO) -> bool:
        handle.seek(_FAR_BYTE)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: BinaryIO) -> bool:
        try:
            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            if exc.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            if exc.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                # A network folder without locks: better no guard than no set-up.
                return True
            raise
        return True
