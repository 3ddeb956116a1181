"""Puts another embedder in place of a knowledge base's, and clears away what is left of one."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kb.embedders.base import Embedder
from kb.errors import NotFoundError
from kb.ingest.filling import embedded_text
from kb.ingest.indexing import IndexKeeper
from kb.ingest.pace import Pace
from kb.store.catalog import Catalog
from kb.store.jobs import Jobs
from kb.store.vectors import Vectors
from kb.types import JobRecord

logger = logging.getLogger(__name__)

REINDEX = "reindex"
_CLEARED_AFTER = ("cancelled", "done")


class Reindexer:
    """Works re-index jobs off. Nothing else may be taken into their knowledge base meanwhile."""

    def __init__(self, catalog: Catalog, vectors: Vectors, jobs: Jobs, pace: Pace) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._jobs = jobs
        self._pace = pace
        # Knowledge bases with vectors that no embedder in use needs, and how far they are cleared;
        # None until the jobs of earlier processes were looked through.
        self._left: dict[str, int] | None = None

    def run(
        self,
        job: JobRecord,
        embedder: Embedder,
        indexes: IndexKeeper,
        cancelled: Callable[[], bool],
    ) -> None:
        """Embed every passage with another embedder, then search with that one.

        Raises:
            CancelledError: ``cancelled()`` said so; the knowledge base is as it was.
        """
        name = embedder.model_id
        self._clear_later(job.kb_id, later=False)
        total = self._vectors.count_missing(job.kb_id, name)
        self._jobs.progress(job.job_id, done=0, total=total, stage="embed")
        done = after = 0
        while batch := self._vectors.missing(job.kb_id, name, self._pace.size, after=after):
            texts = [embedded_text(entry.title, entry.heading, entry.body) for entry in batch]
            vectors = self._pace.embed(embedder, texts, cancelled)
            self._vectors.add([entry.passage_id for entry in batch], vectors, name)
            done += len(batch)
            after = batch[-1].passage_id
            self._jobs.progress(job.job_id, done=done)
        # A job that goes on after the process died may have come this far already.
        if indexes.embedder_id != name:
            self._jobs.progress(job.job_id, stage="index")
            indexes.switch_embedder(
                embedder,
                adopt=lambda: self._vectors.adopt(job.kb_id, name, embedder.dim),
                stopped=cancelled,
            )
        self._clear_later(job.kb_id)

    def give_up(self, kb_id: str) -> None:
        """Have the vectors cleared away that a cancelled job has made."""
        self._clear_later(kb_id)

    def clear(self) -> bool:
        """Delete some of the vectors that no embedder in use needs; whether there may be more.

        Those of a job that failed stay: it goes on from them when it is tried again.
        """
        if self._left is None:
            last = self._jobs.last_states(REINDEX)
            self._left = {kb_id: 0 for kb_id, state in last.items() if state in _CLEARED_AFTER}
        if not self._left:
            return False
        kb_id, after = next(iter(self._left.items()))
        try:
            done = self._vectors.drop_others(kb_id, self._catalog.embedder(kb_id), after=after)
        except NotFoundError:
            logger.debug("%s was deleted meanwhile", kb_id)
            done = None
        if done is None:
            del self._left[kb_id]
        else:
            self._left[kb_id] = done
        return True

    def _clear_later(self, kb_id: str, *, later: bool = True) -> None:
        if self._left is None:
            return
        if later:
            self._left[kb_id] = 0
        else:
            self._left.pop(kb_id, None)
