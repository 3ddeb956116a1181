"""Keeps the two indexes of a knowledge base in step with the catalog's changes."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from kb.embedders.base import Embedder
from kb.errors import CancelledError, DimensionMismatchError, IndexDamagedError, KBError
from kb.indexes.base import KeywordEntry, KeywordIndex, VectorBatch, VectorIndex
from kb.indexes.faiss_index import FaissIndex
from kb.indexes.snapshot import read_manifest
from kb.indexes.tantivy_index import TantivyIndex
from kb.store.catalog import Catalog
from kb.store.changes import Change
from kb.store.passages import Passages
from kb.store.vectors import Vectors

logger = logging.getLogger(__name__)

_Index = TypeVar("_Index", VectorIndex, KeywordIndex)

# Two places: the index of one embedder answers while that of another is made.
_VECTOR_FOLDERS = ("vectors", "vectors-2")
_BATCH = 2_000
# More passages than this at once, from a very long document or in a rebuild, bypass the vector
# index's memory, and the keyword index is committed in between.
_MANY = 20_000
# Whoever waits for another one's replay looks so often whether to go on waiting.
_ASK_SECONDS = 0.5
# While files pour in, the keyword index is committed at most this often.
_COMMIT_SECONDS = 2.0
# So long after the last change nobody is adding files, and so many passages in memory are worth
# writing all of the vectors: the next start would read them from the catalog one by one.
_QUIET_SECONDS = 30.0
_LEAST_WAITING = 512


class IndexKeeper:
    """The vector and keyword index of one knowledge base: caches that replay the catalog.

    Reading `vectors` and `keywords` is safe from any thread; `catch_up` lets one work at a time.
    """

    def __init__(
        self,
        folder: Path,
        kb_id: str,
        *,
        catalog: Catalog,
        passages: Passages,
        vectors: Vectors,
        embedder_id: str,
        dim: int,
    ) -> None:
        self._folder = folder
        self._kb_id = kb_id
        self._catalog = catalog
        self._passages = passages
        self._stored = vectors
        self._embedder_id = embedder_id
        self._dim = dim
        self._lock = threading.Lock()
        self._last_commit = 0.0
        self._in_step = False
        self._vector_folder = self._find_vector_folder()
        self.vectors: VectorIndex = self._open_vectors()
        self.keywords: KeywordIndex = self._open_keywords()

    @property
    def embedder_id(self) -> str:
        """The embedder whose vectors are indexed."""
        return self._embedder_id

    def behind(self, number: int | None = None) -> bool:
        """Whether the catalog knows changes that an index has not applied.

        ``number`` is that of its last one, where it is known already.
        """
        number = self._catalog.change_number(self._kb_id) if number is None else number
        return self.vectors.applied < number or self.keywords.applied < number

    def catch_up(
        self,
        *,
        lazy: bool = False,
        most: int | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Replay what the catalog has changed since.

        The first time, all of it: what an index had not written to disk when its process ended is
        missing in it, and an answer from the rest would be wrong without a word.

        Args:
            lazy: later on, leave it if that was done a moment ago or is being done; more files are
                on their way.
            most: later on, leave it if it is about more passages than this; somebody waits for an
                answer, and whoever works the queue off will do it.
            stopped: asked in between; what is left is done another time.

        Raises:
            CancelledError: it was stopped.
        """
        lazy = lazy and self._in_step
        if lazy and time.monotonic() - self._last_commit < _COMMIT_SECONDS:
            return
        while not self._lock.acquire(timeout=0 if lazy else _ASK_SECONDS):
            if lazy:
                return
            self._go_on(stopped)
        try:
            known = min(self.vectors.applied, self.keywords.applied)
            changes = self._catalog.changes_after(self._kb_id, known)
            passages = sum(one.count for one in changes)
            if self._in_step and most is not None and passages > most:
                return
            if not changes:
                self._in_step = True
                return
            newer = [one for one in changes if one.number > self.vectors.applied]
            self._replay_vectors(newer, stopped)
            newer = [one for one in changes if one.number > self.keywords.applied]
            self._replay_keywords(newer, stopped)
            self._last_commit = time.monotonic()
            self._in_step = True
        finally:
            self._lock.release()

    def rebuild(self) -> None:
        """Make both indexes anew from the catalog; nothing is embedded."""
        with self._lock:
            self.vectors.close()
            self.keywords.close()
            self.vectors = FaissIndex.create(
                self._vector_folder, dim=self._dim, embedder=self._embedder_id
            )
            self.keywords = TantivyIndex.create(self._keyword_folder)
            self._in_step = False
        self.catch_up()

    def tend(self, stopped: Callable[[], bool]) -> None:
        """Do for the vector index what makes starts and searches quicker, if it is time for it.

        Raises:
            CancelledError: it was stopped.
            VectorIndexError: a file cannot be written, or the index was closed meanwhile.
        """
        vectors = self.vectors
        quiet = time.monotonic() - self._last_commit > _QUIET_SECONDS
        if quiet and vectors.waiting >= _LEAST_WAITING:
            vectors.compact()
        if vectors.is_due():
            vectors.tend(stopped)

    def compact(self) -> None:
        """Write what the next start would have to read from the catalog, if that is much.

        A file that cannot be written is no harm: the next start then reads more.
        """
        try:
            if self.vectors.waiting >= _LEAST_WAITING:
                self.vectors.compact()
        except (KBError, OSError) as exc:
            logger.warning("the vectors of %s are not written: %s", self._kb_id, exc)

    def switch_embedder(
        self,
        embedder: Embedder,
        *,
        adopt: Callable[[], None],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Index the vectors of another embedder, all of which the catalog already has.

        The former index answers until the new one is whole. Then ``adopt`` notes the embedder in
        the catalog, and the new index takes its place.

        Raises:
            CancelledError: it was stopped, and all is as it was.
        """
        home, other = (self._folder / name for name in _VECTOR_FOLDERS)
        folder = other if self._vector_folder == home else home
        new = FaissIndex.create(folder, dim=embedder.dim, embedder=embedder.model_id)
        try:
            changes = self._catalog.changes_after(self._kb_id, 0)
            if changes:
                # What is removed meanwhile has a later number, and is replayed.
                vectors = self._stored_vectors(
                    _added(changes), embedder.model_id, embedder.dim, stopped
                )
                new.extend(vectors, changes[-1].number)
            self._go_on(stopped)
            with self._lock:
                adopt()
                old, self.vectors = self.vectors, new
                self._embedder_id, self._dim = embedder.model_id, embedder.dim
                former, self._vector_folder = self._vector_folder, folder
        except BaseException:
            new.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        old.close()
        shutil.rmtree(former, ignore_errors=True)

    def close(self) -> None:
        """Close both indexes."""
        with self._lock:
            self.vectors.close()
            self.keywords.close()

    def _find_vector_folder(self) -> Path:
        """The folder whose index is the embedder's; the first one if there is none yet."""
        home, other = (self._folder / name for name in _VECTOR_FOLDERS)
        try:
            fits = read_manifest(other).embedder == self._embedder_id
        except IndexDamagedError:
            # There is none, as a rule.
            return home
        return other if fits else home

    @property
    def _keyword_folder(self) -> Path:
        return self._folder / "keywords"

    def _open_vectors(self) -> VectorIndex:
        def create() -> VectorIndex:
            return FaissIndex.create(self._vector_folder, dim=self._dim, embedder=self._embedder_id)

        def reopen() -> VectorIndex:
            return FaissIndex.open(self._vector_folder, dim=self._dim, embedder=self._embedder_id)

        return self._opened(self._vector_folder, create, reopen)

    def _open_keywords(self) -> KeywordIndex:
        def create() -> KeywordIndex:
            return TantivyIndex.create(self._keyword_folder)

        def reopen() -> KeywordIndex:
            return TantivyIndex.open(self._keyword_folder)

        return self._opened(self._keyword_folder, create, reopen)

    def _opened(
        self, folder: Path, create: Callable[[], _Index], reopen: Callable[[], _Index]
    ) -> _Index:
        """Open an index; one that is missing, damaged or ahead of the catalog is begun anew."""
        if not folder.exists():
            return create()
        try:
            index = reopen()
        except (IndexDamagedError, DimensionMismatchError) as exc:
            logger.warning("%s of %s is rebuilt: %s", folder.name, self._kb_id, exc)
            return create()
        if index.applied > self._catalog.change_number(self._kb_id):
            # The catalog was restored from an older copy: the index knows what never happened.
            logger.warning("%s of %s is ahead of the catalog and rebuilt", folder.name, self._kb_id)
            index.close()
            return create()
        return index

    def _replay_vectors(self, changes: Sequence[Change], stopped: Callable[[], bool]) -> None:
        if not changes:
            return
        added = _added(changes)
        # Ids are never given twice, and the catalog has no vectors of what died meanwhile: so all
        # that is removed may go first.
        for one in changes:
            if one.action == "remove":
                self.vectors.remove(one.first_passage_id, one.count)
        vectors = self._stored_vectors(added, self._embedder_id, self._dim, stopped)
        if sum(one.count for one in added) > _MANY:
            self.vectors.extend(vectors, changes[-1].number)
            return
        for ids, matrix in vectors:
            self.vectors.add(ids, matrix)
        self.vectors.commit(changes[-1].number)

    def _stored_vectors(
        self, added: Sequence[Change], embedder: str, dim: int, stopped: Callable[[], bool]
    ) -> Iterator[VectorBatch]:
        for one in added:
            for first, count in one.batches(_BATCH):
                self._go_on(stopped)
                ids, matrix = self._stored.between(first, count, embedder, dim)
                if len(ids):
                    yield ids, matrix

    def _replay_keywords(self, changes: Sequence[Change], stopped: Callable[[], bool]) -> None:
        waiting = 0
        for one in changes:
            self._apply_keywords(one, stopped)
            waiting += one.count
            if waiting > _MANY or one is changes[-1]:
                self.keywords.commit(one.number)
                waiting = 0

    def _go_on(self, stopped: Callable[[], bool]) -> None:
        if stopped():
            raise CancelledError(f"the indexes of {self._kb_id} are left behind the catalog")

    def _apply_keywords(self, change: Change, stopped: Callable[[], bool]) -> None:
        # "retitle" adds what is there already, under its new title.
        if change.action == "remove":
            self.keywords.remove(change.first_passage_id, change.count)
            return
        for first, count in change.batches(_BATCH):
            self._go_on(stopped)
            self.keywords.add(
                [
                    KeywordEntry(
                        each.passage_id, each.content_id, each.title, each.heading, each.body
                    )
                    for each in self._passages.indexed(first, count)
                ]
            )


def _added(changes: Sequence[Change]) -> list[Change]:
    """The additions by passage id: a vector index takes many in that order only."""
    added = [one for one in changes if one.action == "add"]
    return sorted(added, key=lambda one: one.first_passage_id)
