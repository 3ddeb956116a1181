"""An answer that runs in a thread of its own, so that who waits for it can look up and stop it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final

from kb.answer_types import AskEvent

Ask = Callable[[Callable[[], bool]], Iterator[AskEvent]]


class _End:
    """Marks the end of the events."""


_END: Final = _End()


class EventStream:
    """Runs an answer and hands out its events; `stop` ends it at the next token.

    ``ask`` gets the callable that says whether it was stopped. Errors of the answer are raised by
    `next`. The answer always runs to its end: it is stored even when nobody listens any more.
    """

    def __init__(self, ask: Ask) -> None:
        self._events: queue.SimpleQueue[AskEvent | Exception | _End] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self.finished = False
        self._thread = threading.Thread(target=self._run, args=(ask,), name="answer", daemon=True)
        self._thread.start()

    def next(self, timeout: float) -> AskEvent | None:
        """Return the next event; None when none came within ``timeout`` seconds or none is left."""
        if self.finished:
            return None
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(event, _End):
            self.finished = True
            return None
        if isinstance(event, Exception):
            raise event
        return event

    @property
    def stopped(self) -> bool:
        """Whether the answer was asked to end."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ask the answer to end at the next token."""
        self._stopped.set()

    def _run(self, ask: Ask) -> None:
        try:
            for event in ask(self._stopped.is_set):
                self._events.put(event)
        except Exception as exc:  # noqa: BLE001 - raised again where the events are read
            self._events.put(exc)
        self._events.put(_END)
