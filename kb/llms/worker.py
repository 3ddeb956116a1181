"""The one thread of a chat child that owns the model: it loads it and answers in turn."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from kb.errors import KBError
from kb.llms.base import FirstToken, LocalChatModel, Usage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer could not be given."""

    code: str
    message: str


Event = str | FirstToken | Usage | Failure
"""A piece of the answer, its end, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Job:
    """One answer that somebody waits for; both functions are called in the worker's thread."""

    begin: Callable[[LocalChatModel], Iterator[str | FirstToken]]
    send: Callable[[Event], None]
    cancelled: threading.Event = field(default_factory=threading.Event)


class ModelWorker:
    """Answers jobs in the order they came; a cancelled job ends at its next token."""

    def __init__(self, load: Callable[[], LocalChatModel]) -> None:
        self._load = load
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.status: Literal["loading", "ready", "failed"] = "loading"
        self.reason = ""
        self.model: LocalChatModel | None = None
        self._thread = threading.Thread(target=self._run, name="chat-model", daemon=True)

    def start(self) -> None:
        """Begin to load the model."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue."""
        self._jobs.put(job)

    def _run(self) -> None:
        try:
            self.model = self._load()
        except Exception as exc:  # the reason travels to the supervisor
            logger.exception("the chat model cannot be loaded")
            self.reason = str(exc)
            self.status = "failed"
            return
        self.status = "ready"
        while True:
            job = self._jobs.get()
            try:
                self._answer(self.model, job)
            except KBError as exc:
                job.send(Failure(exc.code, str(exc)))
            except Exception as exc:  # one answer fails, not the child
                logger.exception("an answer failed")
                job.send(Failure("generation_failed", f"{type(exc).__name__}: {exc}"))

    def _answer(self, model: LocalChatModel, job: Job) -> None:
        if job.cancelled.is_set():
            return
        for piece in job.begin(model):
            if job.cancelled.is_set():
                # Leaving the loop closes the iterator and with it the generation.
                return
            if piece:
                job.send(piece)
        if model.usage is not None:
            job.send(model.usage)
