"""Embeds passages call by call, so that whoever cancels need not wait for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
from numpy.typing import NDArray

from kb.embedders.base import Embedder
from kb.errors import CancelledError

_MOST = 64
# Fewer would only multiply the calls of a server that is far away.
_LEAST = 16
_SLOW_SECONDS = 2.0
_FAST_SECONDS = 0.5
_ASK_SECONDS = 0.25
# More than the workers that embed: calls that nobody waits for any more run on for a while.
_THREADS = 8


class Pace:
    """Calls embedders with fewer passages where that takes long; usable from any thread.

    ``size`` is that of the next call.
    """

    def __init__(self) -> None:
        self.size = _MOST
        self._calls = ThreadPoolExecutor(_THREADS, thread_name_prefix="embed")

    def embed(
        self, embedder: Embedder, texts: Sequence[str], cancelled: Callable[[], bool]
    ) -> NDArray[np.float32]:
        """Return the vectors of passages, shape (len(texts), dim).

        Raises:
            CancelledError: ``cancelled()`` said so; a call that is under way is left alone.
            EmbeddingError: the embedder failed.
        """
        vectors = [np.empty((0, embedder.dim), np.float32)]
        while texts:
            size = self.size
            call, texts = texts[:size], texts[size:]
            started = time.monotonic()
            future = self._calls.submit(embedder.embed_passages, call)
            while True:
                if cancelled():
                    future.cancel()
                    raise CancelledError("cancelled while passages were embedded")
                if wait([future], _ASK_SECONDS).done:
                    break
            vectors.append(future.result())
            self.note(len(call), time.monotonic() - started)
        return np.concatenate(vectors)

    def note(self, count: int, seconds: float) -> None:
        """Learn from what a call with ``count`` passages took."""
        if seconds > _SLOW_SECONDS:
            self.size = max(_LEAST, count // 2)
        elif seconds < _FAST_SECONDS and count >= self.size:
            self.size = min(_MOST, self.size * 2)

    def close(self) -> None:
        """Wait for the calls under way: an embedder must not be closed while it is at work."""
        self._calls.shutdown(cancel_futures=True)
