"""Start, watch and end one chat child; every child belongs to a thread that lives as long as it."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import httpx

from kb.models.table import LoadOptions
from kb.settings import PROJECT

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
_END_SECONDS = 3.0

_KEPT_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_PATH",
)  # fmt: skip
"""What of our environment a child may see: no keys, no proxies, no settings."""


@dataclass(frozen=True, slots=True)
class ChildTask:
    """What a child serves."""

    name: str
    backend: str
    path: Path
    context_length: int
    threads: int
    options: LoadOptions = field(default_factory=LoadOptions)


class ChatChild:
    """A chat child from its start to its end; safe to use from several threads."""

    def __init__(self, task: ChildTask, *, start_seconds: float) -> None:
        self._task = task
        self._start_seconds = start_seconds
        self.key = secrets.token_urlsafe(32)
        self.port = 0
        self.state: Literal["loading", "ready", "failed", "ended"] = "loading"
        self.reason = ""
        self._process: subprocess.Popen[str] | None = None
        self._ending = False
        self._settled = threading.Event()
        self._gone = threading.Event()
        self._errors: deque[str] = deque(maxlen=20)
        # Linux kills a child when the *thread* that started it ends, not only its process; a thread
        # that serves one page view must therefore never be the one that starts it.
        self._thread = threading.Thread(target=self._run, name="chat-child", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """Where the child listens; valid once it is ready."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The child's process id; None before it runs."""
        return self._process.pid if self._process else None

    def is_alive(self) -> bool:
        """Tell whether the process runs, asking the system and not our memory of it."""
        if self._process is None:
            return self.state == "loading"
        return self._process.poll() is None and self.state in ("loading", "ready")

    def wait_until_settled(self, seconds: float) -> bool:
        """Wait until the child is ready or has failed; False when the time is over."""
        return self._settled.wait(seconds)

    def wait_until_gone(self, seconds: float) -> bool:
        """Wait until the process has ended; False when the time is over."""
        return self._gone.wait(seconds)

    def end(self) -> None:
        """End the process; returns when it is gone."""
        self._ending = True
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        try:
            self._live()
        finally:
            self._gone.set()

    def _live(self) -> None:
        try:
            self._process = self._spawn()
        except OSError as exc:
            self._settle("failed", f"the chat process cannot be started: {exc}")
            return
        with self._process as process:
            readers = threading.Thread(target=self._read_errors, name="chat-log", daemon=True)
            readers.start()
            self._greet(process)
            process.wait()
            readers.join(_END_SECONDS)
        if self.state == "loading":
            self._settle("failed", self._why_ended(process.returncode))
        elif self.state == "ready":
            self._settle("ended", self._why_ended(process.returncode))
            if not self._ending:
                logger.warning("the chat child of %s died: %s", self._task.name, self.reason)

    def _spawn(self) -> subprocess.Popen[str]:
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment |= {
            "PYTHONPATH": str(PROJECT),
            "PYTHONSAFEPATH": "1",
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            # The engine's threads meet some hundred times per token. Where they spin at the
            # meeting, any other busy process on the machine makes an answer five times slower.
            "OMP_WAIT_POLICY": "passive",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "kb.llms.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=PROJECT,
            # Ctrl+C in the terminal is for the server, which then ends its children itself.
            start_new_session=True,
        )
        if self._ending:
            process.kill()
        return process

    def _greet(self, process: subprocess.Popen[str]) -> None:
        """Give the child its task, learn its port, wait until the model is there."""
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the child was started without pipes")
        task = self._task
        settings = {
            "key": self.key,
            "name": task.name,
            "backend": task.backend,
            "path": str(task.path),
            "context_length": task.context_length,
            "threads": task.threads,
            "options": asdict(task.options),
            "parent": os.getpid(),
        }
        deadline = time.monotonic() + self._start_seconds
        # A child that hangs before it announces itself must not hang us.
        alarm = threading.Timer(self._start_seconds, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
            self.port = int(json.loads(process.stdout.readline())["port"])
            self._await_model(process, deadline)
        except (OSError, ValueError) as exc:
            # It died while it started; how it ended says more than the broken pipe.
            logger.debug("the chat child did not announce itself: %s", exc)
            process.kill()
        finally:
            alarm.cancel()

    def _await_model(self, process: subprocess.Popen[str], deadline: float) -> None:
        with httpx.Client(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {self.key}"},
            trust_env=False,
            timeout=_END_SECONDS,
        ) as http:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    self._settle(
                        "failed",
                        f"the model was not loaded within {self._start_seconds:.0f} seconds",
                    )
                    process.kill()
                    return
                try:
                    health = http.get("/health").json()
                except httpx.HTTPError as exc:
                    logger.debug("the chat child does not answer yet: %s", exc)
                    health = {"status": "loading"}
                if health["status"] == "ready":
                    self._settle("ready", "")
                    return
                if health["status"] == "failed":
                    self._settle("failed", health["reason"])
                    process.kill()
                    return
                time.sleep(_POLL_SECONDS)

    def _read_errors(self) -> None:
        if self._process is None or self._process.stderr is None:
            return
        for line in self._process.stderr:
            self._errors.append(line.rstrip())
            logger.debug("chat child: %s", line.rstrip())

    def _settle(self, state: Literal["ready", "failed", "ended"], reason: str) -> None:
        self.reason = reason
        self.state = state
        self._settled.set()

    def _why_ended(self, code: int) -> str:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        last = next((line for line in reversed(self._errors) if line), "")
        return f"the chat process ended ({how})" + (f": {last}" if last else "")
