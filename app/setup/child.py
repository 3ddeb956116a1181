"""Run a program, its lines watched and logged while the terminal shows that work goes on."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.setup.console import Console

_TICK_SECONDS = 0.2
_STOP_SECONDS = 5.0
_KEPT_LINES = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: its exit code and its last lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs for one set-up; ``inherit`` are descriptors that they keep open."""

    console: Console
    inherit: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        log: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> Outcome:
        """Run ``command`` to its end; interrupted, it is ended too.

        Raises:
            OSError: the program is not there or cannot be started.
        """
        lines: queue.Queue[str | None] = queue.Queue()
        kept: deque[str] = deque(maxlen=_KEPT_LINES)
        with subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=child_environment() | dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=self.inherit,
            # A Ctrl-C at the terminal reaches only us; `stop` then ends it with all its children.
            start_new_session=True,
        ) as process:
            reader = threading.Thread(target=_read, args=(process, lines, log), daemon=True)
            reader.start()
            try:
                while True:
                    try:
                        line = lines.get(timeout=_TICK_SECONDS)
                    except queue.Empty:
                        pass
                    else:
                        if line is None:
                            break
                        kept.append(line)
                        if on_line:
                            on_line(line)
                    if on_tick:
                        on_tick()
                    self.console.tick()
                code = process.wait()
            except BaseException:
                stop(process, seconds=_STOP_SECONDS, all_at_once=True)
                raise
            reader.join()
        return Outcome(code=code, lines=tuple(kept))


def child_environment() -> dict[str, str]:
    """Return the environment for children: the person's own, less what points Python elsewhere."""
    environment = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
        environment.pop(name, None)
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    return environment


def stop(process: subprocess.Popen[str], *, seconds: float, all_at_once: bool = False) -> int:
    """End a program: ask, wait ``seconds``, then kill it and what it left. Return its exit code.

    The program must have been started in a session of its own. ``all_at_once`` asks its children
    too: a pip that is ended alone leaves its compilers at work.
    """
    if all_at_once:
        _signal_group(process, "SIGTERM")
    process.terminate()
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    _signal_group(process, "SIGKILL")
    return code


def _signal_group(process: subprocess.Popen[str], name: str) -> None:
    if sys.platform == "win32":
        return
    # Nobody left in the group: that is what was wanted.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, getattr(signal, name))


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None], log: Path | None) -> None:
    assert process.stdout is not None  # noqa: S101 -- opened as a pipe above
    try:
        if log is None:
            for line in process.stdout:
                lines.put(line.rstrip("\n"))
            return
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {process.args!r}\n")
            for line in process.stdout:
                file.write(line)
                file.flush()
                lines.put(line.rstrip("\n"))
    finally:
        lines.put(None)
