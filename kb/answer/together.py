"""Runs the parts of a search on two threads, where another one is free.

The indexes and the embedder compute outside of Python's lock. Where many people ask, every thread
has a question of its own: then each does all of its parts itself, and nothing waits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

_T = TypeVar("_T")
_U = TypeVar("_U")


class Together:
    """A helping thread; safe to use from several threads at once."""

    def __init__(self) -> None:
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="search")

    def run(self, tasks: Sequence[Callable[[], _T]]) -> list[_T]:
        """Run all of the tasks and give what they return, in their order.

        What the first of them to fail raises is raised; the others may not have run then.
        """
        if len(tasks) < 2:
            return [task() for task in tasks]
        done: list[_T | None] = [None] * len(tasks)
        # Taking the next number is one step of the interpreter: none is taken twice.
        numbers = itertools.count()

        def work() -> None:
            while (number := next(numbers)) < len(tasks):
                try:
                    done[number] = tasks[number]()
                except BaseException:
                    # Nobody needs what is left.
                    for _ in range(len(tasks)):
                        next(numbers)
                    raise

        try:
            helping = self._helper.submit(work)
        except RuntimeError:
            # The thread has ended.
            work()
            return cast("list[_T]", done)
        try:
            work()
        finally:
            # Either it never began, or it is at its last task.
            if not helping.cancel():
                helping.exception()
        if not helping.cancelled():
            helping.result()
        return cast("list[_T]", done)

    def both(
        self, some: Sequence[Callable[[], _T]], others: Sequence[Callable[[], _U]]
    ) -> tuple[list[_T], list[_U]]:
        """Like `run` for tasks of two kinds, ``some`` first."""
        tasks: list[Callable[[], _T | _U]] = [*some, *others]
        done = self.run(tasks)
        return cast("list[_T]", done[: len(some)]), cast("list[_U]", done[len(some) :])

    def close(self) -> None:
        """End the helping thread; later tasks are run by their own threads alone."""
        self._helper.shutdown()
