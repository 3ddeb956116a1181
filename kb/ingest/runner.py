"""Works the queue off: files of all running jobs in turn, and whole-knowledge-base jobs."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from kb.embedders.base import Embedder
from kb.errors import CancelledError, KBError, NotFoundError
from kb.faults import reason_of
from kb.ingest.indexing import IndexKeeper
from kb.ingest.originals import expire_versions
from kb.ingest.pace import Pace
from kb.ingest.pipeline import Pipeline, Source
from kb.ingest.reindexing import REINDEX, Reindexer
from kb.store.catalog import Catalog
from kb.store.contents import Contents
from kb.store.documents import Documents
from kb.store.folders import Folders, MirroredFile
from kb.store.jobs import MAX_ATTEMPTS, Jobs
from kb.store.vectors import Vectors
from kb.store.versions import Versions
from kb.types import JobItem, JobRecord, Reason

logger = logging.getLogger(__name__)

SYNC = "sync"
_IDLE_SECONDS = 5.0
_LONG_PASSAGES = 5_000
# A file that was in work so often when the process died is worked on alone: if it dies again, none
# of those beside it are blamed.
_SUSPECT = MAX_ATTEMPTS - 1
# Earlier versions of documents are looked through so often for those that are old.
_EXPIRE_SECONDS = 3600.0
# What goes wrong at each pass of the loop is told so often.
_TELL_AGAIN_SECONDS = 3600.0


class Provider(Protocol):
    """What the runner asks of the workspace that it works for."""

    def embedder(self, name: str) -> Embedder:
        """Open an embedder, or return the one that is open."""
        ...

    def indexes(self, kb_id: str) -> IndexKeeper:
        """The indexes of a knowledge base."""
        ...

    def folder(self, kb_id: str) -> Path:
        """The folder of a knowledge base."""
        ...


@dataclass(frozen=True, slots=True)
class _Work:
    """What a worker thread has in hand: a file of a job, or without ``item`` a whole base.

    Without ``job`` it is what a cancelled one has left: the indexes are brought in step.
    """

    kb_id: str
    job: JobRecord | None = None
    item: JobItem | None = None


class JobRunner:
    """A thread that hands the queue's work to a few worker threads until it is closed.

    Jobs take turns file by file, so that a small one does not wait for a large one.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        documents: Documents,
        contents: Contents,
        vectors: Vectors,
        versions: Versions,
        jobs: Jobs,
        folders: Folders,
        pipeline: Pipeline,
        pace: Pace,
        provider: Provider,
        workers: int,
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._contents = contents
        self._versions = versions
        self._jobs = jobs
        self._folders = folders
        self._pipeline = pipeline
        self._provider = provider
        self._workers = workers
        self._reindexer = Reindexer(catalog, vectors, jobs, pace)
        self._pace = pace
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._in_work: dict[Future[None], _Work] = {}
        self._behind: set[str] = set()
        self._told: dict[str, float] = {}
        # Passwords of files stay in memory: a job that outlives the process asks for them again.
        self._passwords: dict[str, str] = {}
        self._queueing = threading.Lock()
        # What was being written when an earlier process ended, for the jobs that go on.
        self._unfinished = True
        self._expired = -_EXPIRE_SECONDS
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def start(self) -> None:
        """Take up what an earlier process left and begin to work."""
        self._documents.reset_unfinished()
        left = self._jobs.requeue_interrupted()
        if left:
            logger.info("%d jobs go on", len(left))
        self._thread.start()

    def queue(self, create: Callable[[], JobRecord], password: str | None) -> JobRecord:
        """Queue the job that ``create`` makes; its encrypted files are opened with the password."""
        with self._queueing:
            job = create()
            if password is not None:
                self._passwords[job.job_id] = password
        self.wake()
        return job

    def wake(self) -> None:
        """Tell the runner that there is new work, or that a job was cancelled."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the current steps; what is unfinished goes on at the next start."""
        # First: a worker that sees the end must know that it is one, and keep what it has written.
        self._pipeline.close()
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pace.close()

    def _loop(self) -> None:
        with ThreadPoolExecutor(self._workers, thread_name_prefix="ingest") as pool:
            while not self._closed.is_set():
                self._wake.clear()
                try:
                    worked = self._hand_out(pool)
                    worked = self._clean_up() or worked
                except Exception:
                    if self._to_tell(""):
                        logger.exception("the job queue stumbled")
                    worked = False
                if not worked:
                    self._wake.wait(_IDLE_SECONDS)

    def _hand_out(self, pool: ThreadPoolExecutor) -> bool:
        """Give free workers something to do and end jobs that are through."""
        worked = False
        for job in self._jobs.running_or_queued():
            # One that cannot be ended, say for want of disk space, must not hold up the others.
            try:
                worked = self._advance(job, pool) or worked
            except Exception:
                if self._to_tell(job.job_id):
                    logger.exception("job %s stumbled", job.job_id)
        for kb_id in list(self._behind):
            beside = any(work.kb_id == kb_id for work in self._in_work.values())
            if not beside and len(self._in_work) < self._workers:
                self._behind.discard(kb_id)
                self._submit(pool, _Work(kb_id))
        return worked

    def _to_tell(self, job_id: str) -> bool:
        """Whether the log is to have it: what does not pass would fill it."""
        now = time.monotonic()
        if now - self._told.get(job_id, -_TELL_AGAIN_SECONDS) < _TELL_AGAIN_SECONDS:
            return False
        self._told[job_id] = now
        return True

    def _advance(self, job: JobRecord, pool: ThreadPoolExecutor) -> bool:
        in_work = list(self._in_work.values())
        mine = [work for work in in_work if work.job and work.job.job_id == job.job_id]
        worked = False
        if job.state == "queued":
            self._jobs.start(job.job_id)
            worked = True
        if job.cancel_requested:
            if not mine:
                self._end(job, "cancelled")
                worked = True
            return worked
        if any(work.item and work.item.attempts >= _SUSPECT for work in in_work):
            return worked
        beside = [work for work in in_work if work.kb_id == job.kb_id]
        if job.kind == REINDEX:
            # It must not miss passages that are being written: it waits for them.
            if not beside:
                self._submit(pool, _Work(job.kb_id, job))
                worked = True
            return worked
        if any(work.item is None for work in beside):
            return worked
        busy = {work.item.position for work in mine if work.item is not None}
        waiting = self._jobs.items(job.job_id, states=("queued",), limit=len(busy) + self._workers)
        waiting = [item for item in waiting if item.position not in busy]
        if not waiting and not mine:
            self._end(job, "done")
            worked = True
        able = [item for item in waiting if item.attempts < _SUSPECT or not in_work]
        if able and len(self._in_work) < self._workers:
            self._submit(pool, _Work(job.kb_id, job, able[0]))
            worked = True
        return worked

    def _submit(self, pool: ThreadPoolExecutor, work: _Work) -> None:
        future = pool.submit(self._do, work)
        self._in_work[future] = work
        future.add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        self._in_work.pop(future, None)
        self._wake.set()

    def _end(self, job: JobRecord, state: str) -> None:
        """Finish a job once everything it took in can be found.

        Whoever cancels one does not wait for that: it is done afterwards.
        """
        if state == "cancelled":
            self._behind.add(job.kb_id)
        else:
            try:
                self._provider.indexes(job.kb_id).catch_up(stopped=self._closed.is_set)
            except CancelledError:
                return
        shutil.rmtree(self._staging(job), ignore_errors=True)
        batch = self._jobs.payload(job.job_id).get("batch")
        if batch:
            shutil.rmtree(batch, ignore_errors=True)
        self._passwords.pop(job.job_id, None)
        self._jobs.finish(job.job_id, state)
        self._told.pop(job.job_id, None)
        logger.info("job %s (%s) of %s %s", job.job_id, job.kind, job.kb_id, state)

    def _clean_up(self) -> bool:
        """Delete a bit of what is dead when nothing else is to be done."""
        if self._in_work:
            return False
        if self._unfinished and not self._jobs.running_or_queued():
            self._contents.discard_unpublished()
            self._unfinished = False
        if time.monotonic() - self._expired >= _EXPIRE_SECONDS:
            self._expired = time.monotonic()
            expire_versions(self._versions, self._provider.folder)
        return self._reindexer.clear() or self._contents.purge()

    def _do(self, work: _Work) -> None:
        job, item = work.job, work.item
        try:
            if job is None:
                self._catch_up(work.kb_id)
            elif item is None:
                self._reindex(job)
            else:
                self._take_in(job, item)
        except Exception as exc:
            logger.exception("job %s of %s failed", job.job_id if job else "-", work.kb_id)
            reason = reason_of(exc)
            if job is not None and item is None:
                self._jobs.finish(job.job_id, "failed", reason)
            elif job is not None and item is not None:
                self._jobs.finish_item(job.job_id, item.position, "failed", reason=reason)

    def _catch_up(self, kb_id: str) -> None:
        """Bring the indexes in step for as long as the knowledge base is there."""

        def stopped() -> bool:
            self._catalog.embedder(kb_id)
            return self._closed.is_set()

        try:
            self._provider.indexes(kb_id).catch_up(stopped=stopped)
        except (CancelledError, NotFoundError) as exc:
            logger.info("the indexes of %s are left as they are: %s", kb_id, exc)

    def _take_in(self, job: JobRecord, item: JobItem) -> None:
        attempts = self._jobs.begin_item(job.job_id, item.position)
        payload = self._jobs.payload(job.job_id)
        linked = bool(payload.get("linked")) or self._is_linked(job.kb_id, item)
        with self._queueing:
            # A job may be seen before the one who queued it has left its password.
            password = self._passwords.get(job.job_id)
        source = Source(
            path=Path(item.path),
            document=item.document,
            staging=self._staging(job) / str(item.position),
            owned=bool(payload.get("owned")),
            created_by=job.created_by,
            password=password,
            again=job.kind == "read_again",
            force_ocr=bool(payload.get("force_ocr")),
            in_place=job.kind == SYNC or linked,
            linked=linked,
        )
        before = _status(source.path)
        if job.kind == SYNC and before is None:
            # It went while it waited for its turn: the next look at the folder deals with that.
            reason = Reason("file_vanished", {"path": item.path})
            self._jobs.finish_item(job.job_id, item.position, "cancelled", reason=reason)
            return
        if attempts > MAX_ATTEMPTS:
            self._refuse(job, item, source, Reason("crashes_the_server", {}))
            return
        cancelled = self._cancelled(job)
        try:
            taken = self._pipeline.take_in(
                job.kb_id,
                self._provider.embedder(self._catalog.embedder(job.kb_id)),
                source,
                stage=lambda name, passages: self._jobs.stage_item(
                    job.job_id, item.position, name, passages=passages
                ),
                cancelled=cancelled,
            )
        except CancelledError:
            self._give_up(job, item)
            return
        except (KBError, OSError, SQLAlchemyError) as exc:
            # The embedder, the disk or the catalog failed: the document must not stay in work.
            logger.exception("%s of job %s failed", item.document, job.job_id)
            self._refuse(job, item, source, reason_of(exc))
            return
        if job.kind == SYNC and before is not None and taken.sha256 is not None:
            path = source.path.relative_to(payload["root"]).as_posix()
            noted = MirroredFile(path, *before, taken.sha256, taken.document_id)
            self._folders.note(payload["folder"], [noted])
        long = taken.passages > _LONG_PASSAGES
        if long:
            self._jobs.stage_item(job.job_id, item.position, "index", passages=taken.passages)
        try:
            self._provider.indexes(job.kb_id).catch_up(
                # What takes long is done here, not by the thread that hands out the work.
                lazy=not long,
                stopped=cancelled,
            )
        except CancelledError:
            # The document is there; what is left undone here is done when its job ends or goes on.
            logger.info("%s of job %s is not indexed yet", item.document, job.job_id)
        except KBError:
            # The document is there; the end of the job brings the indexes in step, or says why not.
            logger.exception("%s of job %s is not indexed yet", item.document, job.job_id)
        self._jobs.finish_item(
            job.job_id,
            item.position,
            taken.outcome,
            reason=taken.reason,
            document_id=taken.document_id,
            sha256=taken.sha256,
            pages=taken.pages,
            passages=taken.passages,
            seconds=taken.seconds,
        )

    def _is_linked(self, kb_id: str, item: JobItem) -> bool:
        """Whether a file lies outside the originals for good: it is only read."""
        return not Path(item.path).is_relative_to(self._provider.folder(kb_id)) and (
            self._documents.source(kb_id, item.document) == "linked"
        )

    def _give_up(self, job: JobRecord, item: JobItem) -> None:
        """Leave things as they were before a file that was cancelled."""
        if job.kind == "read_again":
            # Its original is kept, so it stays in the list and can be read again.
            known = self._documents.known(job.kb_id, item.document)
            if known is not None and known.content_id is None and not self._closed.is_set():
                record = self._documents.get(job.kb_id, known.document_id)
                self._documents.refuse(
                    known.document_id,
                    "failed",
                    Reason("load_cancelled", {}),
                    format_name=record.format,
                    sha256=known.sha256,
                    size=record.size,
                )
        else:
            self._documents.forget(job.kb_id, item.document)
        if self._closed.is_set():
            self._jobs.put_back(job.job_id, item.position)
        else:
            self._jobs.finish_item(job.job_id, item.position, "cancelled")

    def _refuse(self, job: JobRecord, item: JobItem, source: Source, reason: Reason) -> None:
        document_id = self._documents.begin(
            job.kb_id,
            item.document,
            size=0,
            mtime=0,
            source=source.label,
            created_by=job.created_by,
        )
        answers = self._documents.refuse(
            document_id, "failed", reason, format_name=None, sha256=None, size=0
        )
        if source.owned and source.path.is_file():
            # The job's folder of uploads goes with the job; the file itself is not lost.
            self._pipeline.keep(job.kb_id, source, answers=answers)
        self._jobs.finish_item(
            job.job_id, item.position, "failed", reason=reason, document_id=document_id
        )

    def _reindex(self, job: JobRecord) -> None:
        embedder = self._provider.embedder(self._jobs.payload(job.job_id)["embedder"])
        indexes = self._provider.indexes(job.kb_id)
        try:
            self._reindexer.run(job, embedder, indexes, self._cancelled(job))
        except CancelledError:
            if self._closed.is_set():
                return
            self._reindexer.give_up(job.kb_id)
            self._jobs.finish(job.job_id, "cancelled")
        else:
            self._jobs.finish(job.job_id, "done")

    def _cancelled(self, job: JobRecord) -> Callable[[], bool]:
        """Whether the job was cancelled or the process ends; asks the catalog twice a second."""
        state = {"at": 0.0, "answer": False}

        def ask() -> bool:
            if self._closed.is_set():
                return True
            now = time.monotonic()
            if now - state["at"] > 0.5:
                state["at"] = now
                state["answer"] = self._jobs.cancel_requested(job.job_id)
            return bool(state["answer"])

        return ask

    def _staging(self, job: JobRecord) -> Path:
        return self._provider.folder(job.kb_id) / "incoming" / f"job-{job.job_id}"


def _status(path: Path) -> tuple[int, int] | None:
    """Size and time of a file before it is read: what changes later is seen as a change."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
