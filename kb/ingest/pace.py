"""Embeds the passages of all files in work together, and lets go of whoever cancels at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from kb.embedders.base import Embedder, Vectors
from kb.errors import CancelledError

_MOST = 128
# Fewer would only multiply the calls of a server that is far away.
_LEAST = 16
_SLOW_SECONDS = 2.0
_FAST_SECONDS = 0.5
_ASK_SECONDS = 0.25
# The next call is prepared while one computes.
_AT_ONCE = 2
# Calls that nobody waits for any more run on for a while beside the others.
_THREADS = 8


@dataclass(eq=False, slots=True)
class _Wish:
    """Passages that somebody waits for: those before ``begun`` are in a call or embedded."""

    texts: Sequence[str]
    vectors: Vectors
    begun: int = 0
    embedded: int = 0
    error: BaseException | None = None
    dropped: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def left(self) -> int:
        return len(self.texts) - self.begun


# Parts of wishes, as (wish, first text, number of texts), that are embedded together.
_Call = list[tuple[_Wish, int, int]]


@dataclass(eq=False, slots=True)
class _Line:
    """What waits for an embedder, and the calls that it is at."""

    waiting: list[_Wish] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)


class Pace:
    """Calls embedders with passages of all files that wait; usable from any thread.

    A model computes a large call in less time than many small ones, and most files are small. Where
    a call takes long, the next ones get fewer passages. ``size`` is that of the next call.
    """

    def __init__(self) -> None:
        self.size = _MOST // 2
        self._lock = threading.Lock()
        self._lines: dict[Embedder, _Line] = {}
        self._calls = ThreadPoolExecutor(_THREADS, thread_name_prefix="embed")
        self._closed = False

    def embed(
        self, embedder: Embedder, texts: Sequence[str], cancelled: Callable[[], bool]
    ) -> Vectors:
        """Return the vectors of passages, shape (len(texts), dim).

        Raises:
            CancelledError: ``cancelled()`` said so; a call that is under way is left alone.
            EmbeddingError: the embedder failed.
        """
        wish = _Wish(texts, np.empty((len(texts), embedder.dim), np.float32))
        if not texts:
            return wish.vectors
        with self._lock:
            line = self._lines.setdefault(embedder, _Line())
            line.waiting.append(wish)
            self._feed(embedder, line)
        while not wish.done.wait(_ASK_SECONDS):
            if cancelled():
                with self._lock:
                    self._drop(embedder, line, wish)
                raise CancelledError("cancelled while passages were embedded")
        if wish.error is not None:
            raise wish.error
        return wish.vectors

    def note(self, count: int, seconds: float) -> None:
        """Learn from what a call with ``count`` passages took."""
        if seconds > _SLOW_SECONDS:
            self.size = max(_LEAST, count // 2)
        elif seconds < _FAST_SECONDS and count >= self.size:
            self.size = min(_MOST, self.size * 2)

    def close(self) -> None:
        """Wait for the calls under way: an embedder must not be closed while it is at work."""
        with self._lock:
            self._closed = True
        self._calls.shutdown(cancel_futures=True)

    def _feed(self, embedder: Embedder, line: _Line) -> None:
        """Begin as many calls as may be under way; the lock is held."""
        while line.waiting and len(line.calls) < _AT_ONCE and not self._closed:
            call = _shares(line.waiting, self.size)
            line.waiting = [wish for wish in line.waiting if wish.left]
            line.calls.append(call)
            self._calls.submit(self._work, embedder, line, call)

    def _drop(self, embedder: Embedder, line: _Line, wish: _Wish) -> None:
        """Forget a wish; a call that nobody else waits for no longer holds up others."""
        wish.dropped = True
        if wish in line.waiting:
            line.waiting.remove(wish)
        line.calls = [call for call in line.calls if not all(each.dropped for each, _, _ in call)]
        self._feed(embedder, line)

    def _work(self, embedder: Embedder, line: _Line, call: _Call) -> None:
        started = time.monotonic()
        try:
            self._embed(embedder, call)
        except BaseException as exc:  # noqa: BLE001 - raised where it is waited for
            # The text that cannot be embedded must not spoil another file.
            for part in call:
                self._try_alone(embedder, line, part, exc if len(call) == 1 else None)
        with self._lock:
            self.note(sum(count for _, _, count in call), time.monotonic() - started)
            line.calls = [each for each in line.calls if each is not call]
            self._feed(embedder, line)

    def _try_alone(
        self,
        embedder: Embedder,
        line: _Line,
        part: tuple[_Wish, int, int],
        error: BaseException | None,
    ) -> None:
        wish = part[0]
        if error is None:
            try:
                self._embed(embedder, [part])
            except BaseException as exc:  # noqa: BLE001 - raised where it is waited for
                error = exc
        if error is not None:
            with self._lock:
                wish.error = error
                if wish in line.waiting:
                    line.waiting.remove(wish)
            wish.done.set()

    def _embed(self, embedder: Embedder, call: _Call) -> None:
        vectors = embedder.embed_passages(
            [text for wish, first, count in call for text in wish.texts[first : first + count]]
        )
        at = 0
        for wish, first, count in call:
            wish.vectors[first : first + count] = vectors[at : at + count]
            at += count
            with self._lock:
                wish.embedded += count
                if wish.embedded == len(wish.texts):
                    wish.done.set()


def _shares(waiting: Sequence[_Wish], room: int) -> _Call:
    """Take ``room`` texts of all who wait, equal shares of each: no small file waits for a large.

    What a small one leaves of its share goes to the others.
    """
    call = []
    ordered = sorted(waiting, key=lambda wish: wish.left)
    for position, wish in enumerate(ordered):
        count = min(wish.left, -(-room // (len(ordered) - position)))
        if count:
            call.append((wish, wish.begun, count))
            wish.begun += count
            room -= count
    return call
