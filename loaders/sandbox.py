"""Parse files in child processes with limits on time and memory.

The children live long, since importing the parsers takes seconds. One that hangs, dies or grows too
big is replaced; that costs one file, never the program.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO

from loaders.errors import (
    LimitExceededError,
    LoadCancelledError,
    LoaderCrashedError,
    LoadError,
)
from loaders.limits import MEGABYTE, Limits
from loaders.records import ElementRecord, LoadSummary
from loaders.wire import decode

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_START_SECONDS = 60.0
_READ_BYTES = 256 * 1024
_TIDY_SECONDS = 1.0
_TIDY_POLL = 0.02
_STDERR_TAIL = 2000
_LONGEST_MESSAGE = 64 * MEGABYTE
"""Far longer than any element; a parser that writes more on one line has gone wrong."""

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "HOME", "TZ")


class ParserPool:
    """Children that read files; usable from several threads, each load takes one child.

    ``seconds`` bounds the time from one element to the next, and counts only while a child works,
    not the time its reader takes. ``memory_mb``
    bounds a child's address space, and the resident size of it and the programs that it starts. A
    child retires after ``files_per_child`` files or when it has grown beyond ``recycle_mb``. Each
    has a temporary folder of its own that goes with it.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        seconds: float = 300.0,
        memory_mb: int = 2048,
        limits: Limits | None = None,
        files_per_child: int = 200,
        recycle_mb: int = 768,
    ) -> None:
        self.seconds = seconds
        self.memory_mb = memory_mb
        self._limits = limits or Limits()
        self._files_per_child = files_per_child
        self._recycle_mb = recycle_mb
        self._closed = False
        # Linux ends a child with the thread that started it: one that stays starts them all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="parser-starter")
        self._lock = threading.Lock()
        self._running: set[_Child] = set()
        self._free: queue.SimpleQueue[_Child | None] = queue.SimpleQueue()
        for _ in range(workers):
            # None is leave to start a child: none is started before it is needed.
            self._free.put(None)

    def load(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        password: str | None = None,
        force_ocr: bool = False,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[ElementRecord | LoadSummary]:
        """Yield a file's records and its summary while the child goes on reading.

        ``force_ocr`` has the pages' pictures read even where there is text.

        Raises the LoadError that the child met, LimitExceededError when it took too long or too
        much, LoaderCrashedError when it died, LoadCancelledError once ``cancelled()`` says so.
        """
        path = Path(path)
        label = name or path.name
        child = self._take(cancelled, label)
        reusable = False
        try:
            child.request(
                label,
                {
                    "path": str(path.absolute()),
                    "name": label,
                    "password": password,
                    "force_ocr": force_ocr,
                    "seconds": self.seconds,
                    "limits": asdict(self._limits),
                },
            )
            for message in child.messages(self.seconds, self.memory_mb, cancelled, label):
                if isinstance(message, LoadError):
                    # Memory that ran out is seldom whole again.
                    reusable = message.params.get("limit") != "memory"
                    raise message
                if isinstance(message, LoadSummary):
                    reusable = True
                yield message
        finally:
            self._give_back(child, reusable=reusable)

    def close(self) -> None:
        """End all children, those at work too."""
        with self._lock:
            self._closed = True
            running = list(self._running)
            self._running.clear()
        for child in running:
            child.kill()
        self._starter.shutdown()

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, cancelled: Callable[[], bool] | None, label: str) -> _Child:
        while True:
            if self._closed:
                raise LoadCancelledError(f"{label}: the parsers are shut down")
            if cancelled is not None and cancelled():
                raise LoadCancelledError(f"{label}: cancelled")
            try:
                child = self._free.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if child is not None and child.is_alive():
                return child
            if child is not None:
                self._forget(child)
            try:
                return self._start()
            except BaseException:
                self._free.put(None)
                raise

    def _start(self) -> _Child:
        try:
            child = self._starter.submit(_Child, self.memory_mb).result()
        except RuntimeError as exc:
            raise LoadCancelledError("the parsers are shut down") from exc
        with self._lock:
            closed = self._closed
            if not closed:
                self._running.add(child)
        if closed:
            child.kill()
            raise LoadCancelledError("the parsers are shut down")
        return child

    def _give_back(self, child: _Child, *, reusable: bool) -> None:
        keep = (
            reusable
            and not self._closed
            and child.is_alive()
            and child.files < self._files_per_child
            and child.resident_mb() < self._recycle_mb
        )
        if not keep:
            self._forget(child)
        self._free.put(child if keep else None)

    def _forget(self, child: _Child) -> None:
        with self._lock:
            self._running.discard(child)
        child.kill()


class _Child:
    """One parsing process and its two pipes."""

    def __init__(self, memory_mb: int) -> None:
        self.files = 0
        self._ready = False
        self._buffer = bytearray()
        self._searched = 0
        self._folder = Path(tempfile.mkdtemp(prefix="zhiku-parser-"))
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `kill`
        self._kill_lock = threading.Lock()
        self._ended = False
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no user input
            [sys.executable, "-m", "loaders.child", str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(self._folder),
            cwd=self._folder,
            bufsize=0,
            # What it starts shall end with it: they are one group, apart from ours.
            start_new_session=True,
        )

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def resident_mb(self) -> float:
        """Return the resident size with all that it started, 0 where the system does not tell."""
        pids = [self._process.pid]
        for pid in pids:
            pids.extend(_started_by(pid))
        return sum(map(_resident_mb, pids))

    def request(self, name: str, request: dict[str, object]) -> None:
        """Ask for a file to be read."""
        self.files += 1
        assert self._process.stdin is not None  # noqa: S101 - given to Popen above
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as exc:
            raise self._crash(name) from exc

    def messages(
        self,
        seconds: float,
        memory_mb: int,
        cancelled: Callable[[], bool] | None,
        name: str,
    ) -> Iterator[ElementRecord | LoadSummary | LoadError]:
        """Yield what the child says of the file asked for, up to the summary or the error."""
        worked = 0.0
        while True:
            while (end := self._buffer.find(b"\n", self._searched)) < 0:
                self._searched = len(self._buffer)
                if self._searched > _LONGEST_MESSAGE:
                    raise LimitExceededError(
                        f"{name}: too much text at once", limit="output", value=self._searched
                    )
                started = time.monotonic()
                arrived = self._receive(name)
                if self._ready:
                    worked += time.monotonic() - started
                if cancelled is not None and cancelled():
                    raise LoadCancelledError(f"{name}: cancelled")
                if not arrived:
                    self._check(worked, seconds, memory_mb, name)
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            if not self._ready:
                self._ready = True
                continue
            try:
                message = decode(line)
            except (ValueError, TypeError, KeyError, AttributeError) as exc:
                raise LoaderCrashedError(f"{name}: the parser talks nonsense") from exc
            yield message
            if not isinstance(message, ElementRecord):
                return
            # A scan of a thousand pages may take hours; what gets on does not hang.
            worked = 0.0

    def kill(self) -> None:
        """End the process and all that it started, free its pipes; safe to call twice."""
        with self._kill_lock:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._end_group()
            shutil.rmtree(self._folder, ignore_errors=True)
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _end_group(self) -> None:
        if self._ended:
            return
        self._ended = True
        if sys.platform == "win32":
            return
        # What it started ends with it by itself and cleans up behind it, or is ended here. The
        # group, and so its number, lives on while there is anything in it.
        deadline = time.monotonic() + _TIDY_SECONDS
        with contextlib.suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(self._process.pid, 0)
                time.sleep(_TIDY_POLL)
            os.killpg(self._process.pid, signal.SIGKILL)

    def _receive(self, name: str) -> bool:
        """Wait a moment for the child to say something; raise when it is gone."""
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - given to Popen above
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(stream, selectors.EVENT_READ)
                if not selector.select(_POLL_SECONDS):
                    return False
            data = os.read(stream.fileno(), _READ_BYTES)
        except (OSError, ValueError) as exc:
            # Closed under us by `ParserPool.close`.
            raise LoadCancelledError(f"{name}: the parsers are shut down") from exc
        if not data:
            raise self._crash(name)
        self._buffer += data
        return True

    def _check(self, worked: float, seconds: float, memory_mb: int, name: str) -> None:
        if worked > (seconds if self._ready else seconds + _START_SECONDS):
            raise LimitExceededError(
                f"{name}: no text for {seconds} s", limit="time", value=seconds
            )
        if self.resident_mb() > memory_mb:
            raise LimitExceededError(
                f"{name}: took over {memory_mb} MB", limit="memory", value=memory_mb
            )

    def _crash(self, name: str) -> LoadError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        code = self._process.returncode
        tail = self._stderr_tail()
        logger.warning("parser died with %s on %s: %s", code, name, tail)
        if "MemoryError" in tail or "bad_alloc" in tail:
            return LimitExceededError(f"{name}: out of memory", limit="memory", value=0)
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return LimitExceededError(f"{name}: out of processor time", limit="time", value=0)
        return LoaderCrashedError(f"{name}: the parser died with {code}", exit_code=code or 0)

    def _stderr_tail(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _STDERR_TAIL))
            return self._errors.read().decode("utf-8", "replace")
        return ""


def _started_by(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found.extend(map(int, (thread / "children").read_text().split()))
    return found


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def _environment(temporary: Path) -> dict[str, str]:
    """Return what a child needs and nothing that is secret."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONUTF8": "1",
        "TMPDIR": str(temporary),
        "TEMP": str(temporary),
        "TMP": str(temporary),
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "1",
        "UNSTRUCTURED_DISABLE_NOTICE": "1",
        "ZHIKU_PARENT": str(os.getpid()),
    }
