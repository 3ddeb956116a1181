"""Hold another program on a leash: it ends with its owner, leaves nothing behind, meets no network.

Run as a script by `loaders.office.libreoffice`, apart from the package, so that it is there in a
moment: `leash.py FOLDER SOCKET PROGRAM ARGUMENT…`. The owner writes WORKING before it uses the
program and IDLE afterwards; the end of this stream is the end of the owner, however it came about.
Then, and when nobody has wanted the program for a while, it is killed and FOLDER and SOCKET are
removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

WORKING = b"w"
IDLE = b"i"
IDLE_SECONDS = 60.0
MEMORY_BYTES = 2 << 30
_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_START_AGAIN = (79, 81)
"""Exit codes with which LibreOffice asks to be started again, as after it has made a profile."""
_MOST_STARTS = 3


def main() -> int:
    """Run the program until it ends or is no longer wanted; return its exit code."""
    folder, socket, *command = sys.argv[1:]
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    # Without a handler of Python's own the signal would not be written to the pipe.
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    code = 0
    try:
        for _ in range(_MOST_STARTS):
            code = _run(command, ended)
            if code not in _START_AGAIN:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(socket).unlink(missing_ok=True)
    return code


def _run(command: list[str], ended: int) -> int:
    owner = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    with subprocess.Popen(  # noqa: S603 - what our own owner asks for
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Nothing else runs in this process, so that no lock can be held while it forks.
        preexec_fn=lambda: _prepare(libc, owner),
    ) as process:
        try:
            while process.poll() is None and _is_wanted(ended):
                pass
        finally:
            process.kill()
    return process.returncode


def _is_wanted(ended: int) -> bool:
    """Wait for word from the owner or the program; tell whether the program shall go on."""
    patience = None
    while True:
        ready, _, _ = select.select([0, ended], [], [], patience)
        if ended in ready:
            os.read(ended, 4096)
            return True
        if not ready:
            return False
        word = os.read(0, 1)
        if not word:
            return False
        patience = IDLE_SECONDS if word == IDLE else None


def _prepare(libc: ctypes.CDLL, owner: int) -> None:
    """Set up the program's process: in the owner's group, which is killed as one."""
    with contextlib.suppress(OSError):
        os.setpgid(0, os.getpgid(owner))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most, hard = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))
    # The owner counts its processor time by file; this program serves many.
    cpu = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    if sys.platform.startswith("linux"):
        # A network of its own, with nothing in it: granted to root only, else the settings do.
        libc.unshare(_CLONE_NEWNET)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
