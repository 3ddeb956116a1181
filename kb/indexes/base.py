"""What every index promises: passage ids with scores, immediate deletes, its last change known.

Indexes are caches of the catalog. Each knows the number of the last change it has taken in
(``applied``); whoever owns it replays what came later, and builds it anew when opening raises
`IndexDamagedError`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.selection import Selection

Scored = tuple[int, float]
"""A passage id and its score; higher is better."""

VectorBatch = tuple[NDArray[np.int64], NDArray[np.floating]]
"""Ids (n,) and their vectors (n, dim)."""


class _Index(ABC):
    """What both kinds share. Searching is safe from any thread, also while another one writes."""

    @property
    @abstractmethod
    def applied(self) -> int:
        """Number of the last change taken in; after opening, of the last one on the disk."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of passages that can be found."""

    @abstractmethod
    def remove(self, first_id: int, count: int) -> None:
        """Drop the passages first_id … first_id + count - 1; those not there are no error."""

    @abstractmethod
    def commit(self, applied: int) -> None:
        """Note that all changes up to ``applied`` are in; what is on disk may lag, never lead."""

    @abstractmethod
    def verify(self) -> None:
        """Read everything on disk once.

        Raises:
            IndexDamagedError: bytes are missing or changed.
        """

    @abstractmethod
    def close(self) -> None:
        """Free files and memory; changes not committed may be lost. Closing twice is no error."""


class VectorIndex(_Index):
    """Finds the passages whose vectors point most nearly where the question's does."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Numbers per vector."""

    @abstractmethod
    def add(self, ids: Sequence[int] | NDArray[np.int64], vectors: NDArray[np.floating]) -> None:
        """Add passages, to be found at once; an id that is there already gets the new vector.

        Args:
            vectors: shape (len(ids), dim), any norm but 0.

        Raises:
            DimensionMismatchError: the vectors have another dimension.
            VectorIndexError: a vector has no direction, or ids repeat.
        """

    @abstractmethod
    def extend(self, batches: Iterable[VectorBatch], applied: int) -> None:
        """Add many passages and commit; whatever their number, memory holds a batch at a time.

        Args:
            batches: the ids ascend within each and from one to the next.
            applied: as for `commit`.

        Raises:
            DimensionMismatchError: the vectors have another dimension.
            VectorIndexError: a vector has no direction, or the ids do not ascend.
        """

    @property
    @abstractmethod
    def waiting(self) -> int:
        """Number of additions that are only in memory: the next start would replay them."""

    @abstractmethod
    def compact(self) -> None:
        """Write all that is in now to the disk, so that nothing before it is replayed again.

        Raises:
            VectorIndexError: a file cannot be written.
        """

    @abstractmethod
    def is_due(self) -> bool:
        """Whether `tend` would make searching quicker."""

    @abstractmethod
    def tend(self, stopped: Callable[[], bool]) -> None:
        """Do what makes searching quicker, beside searches and changes, however long that takes.

        Args:
            stopped: asked in between.

        Raises:
            CancelledError: it was stopped; nothing has changed.
            VectorIndexError: a file cannot be written.
        """

    @abstractmethod
    def search(
        self, query: NDArray[np.floating], top_k: int, among: Selection | None = None
    ) -> list[Scored]:
        """Give the ``top_k`` nearest passages with their cosine, best first.

        Args:
            among: the only passages that may be found; as many as there are up to ``top_k`` are.
        """


@dataclass(frozen=True, slots=True)
class KeywordEntry:
    """What is matched of a passage: its text, its heading path, its document's title.

    By ``content_id`` it is selected.
    """

    passage_id: int
    content_id: int
    title: str
    heading: str
    body: str


class KeywordIndex(_Index):
    """Finds the passages that hold a question's words, the rare ones counting most (BM25)."""

    @abstractmethod
    def add(self, entries: Sequence[KeywordEntry]) -> None:
        """Add passages, to be found after the next `commit`; an id there already is replaced."""

    @abstractmethod
    def search(
        self,
        question: str,
        top_k: int,
        instead: Mapping[str, Sequence[str]] | None = None,
        among: Selection | None = None,
    ) -> list[Scored]:
        """Give the ``top_k`` passages that match best; [] where no word of the question occurs.

        Args:
            among: the only passages that may be found; as many as match up to ``top_k`` are.
            instead: phrases of the question, in its lower case, and what may stand in their place;
                a match of one of these is a match of the phrase, not of one word more.
        """
