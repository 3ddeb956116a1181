"""Convert documents with LibreOffice: one of its own for each process, kept running between files.

A start costs over a second of processor time, a conversion by a running LibreOffice a twentieth.
Files are handed to it as a second `soffice` would do it: over the socket by which LibreOffice keeps
one instance for each profile (desktop/source/app/officeipcthread.cxx of its source).
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from loaders import leash
from loaders.errors import (
    DamagedFileError,
    LibreOfficeMissingError,
    LimitExceededError,
    LoaderCrashedError,
)

logger = logging.getLogger(__name__)

SECONDS = 120.0
_START_SECONDS = 60.0
_FILES_PER_START = 200
_MOST_STARTS = 2
_POLL_SECONDS = 0.05
_OTHER_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "/usr/lib/libreoffice/program/soffice",
    "/usr/lib64/libreoffice/program/soffice",
)
_PARTS = {"writer": "libswlo.so", "impress": "libsdlo.so"}
_READY = b"InternalIPC::SendArguments"
_REQUEST = b"InternalIPC::Arguments1"
_DONE = b"InternalIPC::ProcessingDone"

_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>
"""
_SETTING = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
_SAFE = (
    # Macros: the highest level, and none at all.
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    # What a document refers to is fetched only for documents from trusted places: there are none.
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    # Should anything be asked for all the same, it is asked of a port where nobody listens.
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("Inet/Settings", "ooInetNoProxy", ""),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What to convert to; ``filter`` is LibreOffice's name of it, ``part`` the part it needs."""

    suffix: str
    filter: str
    part: str = "writer"


DOCX = Target("docx", "MS Word 2007 XML")
PPTX = Target("pptx", "Impress MS PowerPoint 2007 XML", "impress")


def available(target: Target = DOCX) -> bool:
    """Tell, by looking for files alone, whether this machine can convert to ``target``."""
    program = _program()
    if program is None:
        return False
    if sys.platform == "darwin":
        return True
    parts = {"writer", target.part}
    return all((program.parent / _PARTS[part]).exists() for part in parts)


@contextmanager
def converted(
    data: BinaryIO, suffix: str, target: Target, *, name: str, seconds: float = SECONDS
) -> Iterator[Path]:
    """Yield the file that ``data``, an open document of the kind ``suffix``, was converted to.

    The result lasts as long as the context. Raises LibreOfficeMissingError, DamagedFileError where
    LibreOffice cannot open the file, LimitExceededError after ``seconds``, LoaderCrashedError where
    it kills LibreOffice twice. ``name`` is the file's true name, for the messages.
    """
    if not available(target):
        raise LibreOfficeMissingError(f"{name}: LibreOffice is not installed", format=suffix)
    with tempfile.TemporaryDirectory(prefix="zhiku-convert-") as folder:
        # A copy under a harmless name: LibreOffice looks beside a document for what it refers to.
        document = Path(folder) / f"document.{suffix}"
        with document.open("wb") as copy:
            shutil.copyfileobj(data, copy)
        result = Path(folder) / "converted" / f"document.{target.suffix}"
        _office().convert(document, result, target, name=name, seconds=seconds)
        document.unlink()
        if not result.is_file():
            raise DamagedFileError(f"{name}: LibreOffice cannot open it", format=suffix)
        yield result


def close() -> None:
    """End this process's LibreOffice, if it has one; the next conversion starts another."""
    _office().close()


class _EndedError(Exception):
    """LibreOffice went away while it was asked."""


class _Office:
    """A LibreOffice with a private profile: started when first needed, one conversion at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leash: subprocess.Popen[bytes] | None = None
        self._socket = ""
        self._files = 0

    def convert(
        self, document: Path, result: Path, target: Target, *, name: str, seconds: float
    ) -> None:
        """Have a file converted, by a second LibreOffice if the first one dies of it."""
        words = (
            # The folder to start from, then what a command line would say.
            document.parent.as_uri(),
            "--headless",
            "--convert-to",
            f"{target.suffix}:{target.filter}",
            "--outdir",
            str(result.parent),
            str(document),
        )
        with self._lock:
            for _ in range(_MOST_STARTS):
                try:
                    self._ask(words, seconds)
                except _EndedError:
                    logger.warning("LibreOffice died on %s", name)
                    self._stop()
                    continue
                except TimeoutError as exc:
                    self._stop()
                    raise LimitExceededError(
                        f"{name}: LibreOffice took over {seconds} s", limit="time", value=seconds
                    ) from exc
                return
        raise LoaderCrashedError(f"{name}: LibreOffice died of it")

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, words: tuple[str, ...], seconds: float) -> None:
        if self._files >= _FILES_PER_START or (self._leash and self._leash.poll() is not None):
            self._stop()
        started = time.monotonic()
        if self._leash is None:
            self._start()
            # The profile and the fonts' cache are made at the first start.
            seconds += _START_SECONDS
        self._files += 1
        deadline = started + seconds
        try:
            self._tell(leash.WORKING)
            with self._connected(deadline) as connection:
                connection.sendall(_REQUEST + b",".join(map(_escaped, words)) + b"\0")
                _expect(connection, _DONE, deadline)
            self._tell(leash.IDLE)
        except TimeoutError:
            raise
        except OSError as exc:
            raise _EndedError from exc

    def _start(self) -> None:
        program = _program()
        if program is None:
            raise _EndedError
        folder = Path(tempfile.mkdtemp(prefix="zhiku-office-"))
        profile = folder / "profile"
        (profile / "user").mkdir(parents=True)
        items = "".join(
            _SETTING.format(path=path, name=name, value=value) for path, name, value in _SAFE
        )
        (profile / "user" / "registrymodifications.xcu").write_text(
            _SETTINGS.format(items=items), "utf-8"
        )
        self._socket = _socket_path(profile.as_uri())
        self._files = 0
        self._leash = subprocess.Popen(  # noqa: S603 - our own script, no user input
            [
                *(sys.executable, "-I", "-S", leash.__file__, str(folder), self._socket),
                *(str(program), f"-env:UserInstallation={profile.as_uri()}"),
                *("--headless", "--norestore", "--nologo", "--nolockcheck"),
                # An open document keeps it from leaving after the first conversion.
                "private:factory/swriter",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(folder),
            cwd=folder,
            bufsize=0,
            # It outlives us for the moment that it takes to clear up.
            process_group=0,
        )

    def _stop(self) -> None:
        if self._leash is None:
            return
        process, self._leash = self._leash, None
        if process.stdin is not None:
            process.stdin.close()
        process.wait()

    def _tell(self, word: bytes) -> None:
        if self._leash is None or self._leash.stdin is None:
            raise _EndedError
        self._leash.stdin.write(word)

    def _connected(self, deadline: float) -> socket.socket:
        """Connect, once LibreOffice listens and says that it is ready for a request.

        It breaks off when it starts anew, as it does after it has made its profile.
        """
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(max(_POLL_SECONDS, deadline - time.monotonic()))
                connection.connect(self._socket)
                _expect(connection, _READY, deadline)
            except TimeoutError:
                connection.close()
                raise
            except (_EndedError, OSError):
                connection.close()
                if self._leash is None or self._leash.poll() is not None:
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError from None
                time.sleep(_POLL_SECONDS)
            else:
                return connection


def _expect(connection: socket.socket, message: bytes, deadline: float) -> None:
    """Receive a message up to its zero byte.

    Raises TimeoutError, or _EndedError where the other side is gone or says something else.
    """
    received = b""
    while not received.endswith(b"\0"):
        connection.settimeout(max(_POLL_SECONDS, deadline - time.monotonic()))
        piece = connection.recv(1024)
        if not piece:
            raise _EndedError
        received += piece
    if received != message + b"\0":
        raise _EndedError


@cache
def _office() -> _Office:
    office = _Office()
    atexit.register(office.close)
    return office


def _program() -> Path | None:
    """Find the program itself: the `soffice` on the path is a script that starts it."""
    for place in (shutil.which("soffice"), shutil.which("libreoffice"), *_OTHER_PLACES):
        if place is None or os.name != "posix":
            continue
        script = Path(place).resolve()
        program = script if sys.platform == "darwin" else script.with_name("soffice.bin")
        if program.is_file():
            return program
    return None


def _socket_path(profile: str) -> str:
    """Return where LibreOffice listens for this profile: an MD5 of its address names the file."""
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    folder = "/tmp" if os.access("/tmp", os.W_OK) else "/var/tmp"  # noqa: S108 - LibreOffice's own
    # It writes every byte without a leading zero.
    name = "".join(f"{byte:x}" for byte in digest)
    return f"{folder}/OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{name}"


def _escaped(word: str) -> bytes:
    return word.replace("\\", "\\\\").replace(",", "\\,").encode()


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    # In another language it would write other words for a slide's number.
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
