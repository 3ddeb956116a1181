"""Lets the indexes grow in the background, one at a time, while they are searched and filled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from kb.errors import CancelledError, KBError
from kb.ingest.indexing import IndexKeeper

logger = logging.getLogger(__name__)

_SECONDS = 5.0


class IndexTender:
    """A thread that looks every few seconds which of the open indexes is due."""

    def __init__(self, keepers: Callable[[], Iterable[IndexKeeper]]) -> None:
        self._keepers = keepers
        self._closed = threading.Event()
        self._failed: set[int] = set()
        self._thread = threading.Thread(target=self._loop, name="indexes", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop, in the middle of the work if need be; what is not done is done another time."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._closed.wait(_SECONDS):
            for keeper in self._keepers():
                try:
                    keeper.tend(self._closed.is_set)
                except CancelledError:
                    return
                except KBError:
                    # It is searched as it is; what keeps it so, such as a full disk, may pass.
                    if id(keeper) not in self._failed:
                        self._failed.add(id(keeper))
                        logger.exception("a vector index stays as it is")
                else:
                    self._failed.discard(id(keeper))
