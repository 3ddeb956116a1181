"""Keeps the two indexes of a knowledge base in step with the catalog's changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kb.embedders.base import Embedder
from kb.errors import DimensionMismatchError, IndexDamagedError
from kb.indexes.base import KeywordEntry, KeywordIndex, VectorIndex
from kb.indexes.faiss_index import FaissIndex
from kb.indexes.tantivy_index import TantivyIndex
from kb.store.catalog import Catalog, Change
from kb.store.contents import Contents, in_batches

logger = logging.getLogger(__name__)

_Index = TypeVar("_Index", VectorIndex, KeywordIndex)

_BATCH = 2_000
# While files pour in, the keyword index is committed at most this often.
_COMMIT_SECONDS = 2.0


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
        contents: Contents,
        embedder_id: str,
        dim: int,
    ) -> None:
        self._folder = folder
        self._kb_id = kb_id
        self._catalog = catalog
        self._contents = contents
        self._embedder_id = embedder_id
        self._dim = dim
        self._lock = threading.Lock()
        self._last_commit = 0.0
        self.vectors: VectorIndex = self._open_vectors()
        self.keywords: KeywordIndex = self._open_keywords()

    @property
    def embedder_id(self) -> str:
        """The embedder whose vectors are indexed."""
        return self._embedder_id

    def behind(self) -> bool:
        """Whether the catalog knows changes that an index has not applied."""
        number = self._catalog.change_number(self._kb_id)
        return self.vectors.applied < number or self.keywords.applied < number

    def catch_up(self, *, lazy: bool = False) -> None:
        """Replay what the catalog has changed since.

        Args:
            lazy: leave it if that was done a moment ago; more files are on their way.
        """
        if lazy and time.monotonic() - self._last_commit < _COMMIT_SECONDS:
            return
        with self._lock:
            vectors_from, keywords_from = self.vectors.applied, self.keywords.applied
            changes = self._catalog.changes_after(self._kb_id, min(vectors_from, keywords_from))
            if not changes:
                return
            for change in changes:
                if change.number > vectors_from:
                    self._apply_vectors(change)
                if change.number > keywords_from:
                    self._apply_keywords(change)
            last = changes[-1].number
            if last > keywords_from:
                self.keywords.commit(last)
            if last > vectors_from:
                self.vectors.commit(last)
            self._last_commit = time.monotonic()

    def switch_embedder(self, embedder: Embedder) -> None:
        """Index the vectors of another embedder, all of which the catalog already has."""
        with self._lock:
            old = self.vectors
            self._embedder_id, self._dim = embedder.model_id, embedder.dim
            self.vectors = FaissIndex.create(
                self._vector_folder, dim=self._dim, embedder=self._embedder_id
            )
            old.close()
        self.catch_up()

    def close(self) -> None:
        """Close both indexes."""
        with self._lock:
            self.vectors.close()
            self.keywords.close()

    @property
    def _vector_folder(self) -> Path:
        return self._folder / "vectors"

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

    def _apply_vectors(self, change: Change) -> None:
        if change.action == "remove":
            self.vectors.remove(change.first_passage_id, change.count)
            return
        for first, count in in_batches([(change.first_passage_id, change.count)], _BATCH):
            ids, matrix = self._contents.vectors(first, count, self._embedder_id, self._dim)
            if len(ids):
                self.vectors.add(ids, matrix)

    def _apply_keywords(self, change: Change) -> None:
        if change.action == "remove":
            self.keywords.remove(change.first_passage_id, change.count)
            return
        for first, count in in_batches([(change.first_passage_id, change.count)], _BATCH):
            self.keywords.add(
                [
                    KeywordEntry(entry.passage_id, entry.title, entry.heading, entry.body)
                    for entry in self._contents.indexed(first, count)
                ]
            )
