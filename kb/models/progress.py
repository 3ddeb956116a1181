"""How far a download or a conversion is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["download", "unpack", "convert", "verify"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One report: bytes done of total, and the seconds left, None while they cannot be told."""

    model: str
    stage: Stage
    done: int
    total: int
    seconds_left: float | None


Reporter = Callable[[Progress], None]


class Meter:
    """Counts the bytes of one stage and reports them.

    ``have`` bytes were there before; they say nothing about the speed.
    """

    def __init__(
        self, model: str, stage: Stage, *, total: int, report: Reporter, have: int = 0
    ) -> None:
        self._model = model
        self._stage: Stage = stage
        self._total = total
        self._report = report
        self._have = have
        self._began = time.monotonic()
        self.done = have
        self.reach(have)

    def add(self, count: int) -> None:
        """Count bytes that are done."""
        self.reach(self.done + count)

    def reach(self, done: int) -> None:
        """Set the bytes that are done."""
        self.done = max(0, min(done, self._total))
        fresh = self.done - self._have
        seconds = time.monotonic() - self._began
        left = (self._total - self.done) * seconds / fresh if fresh > 0 else None
        self._report(Progress(self._model, self._stage, self.done, self._total, left))
