"""The queue of jobs as people use it: look, wait, cancel, try again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kb.errors import NotFoundError
from kb.ingest.runner import JobRunner
from kb.store.jobs import FINISHED_STATES, Jobs, QueuedItem
from kb.types import JobItem, JobRecord

_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 0.5


class JobQueue:
    """The jobs of a data folder; safe to use from any thread."""

    def __init__(self, jobs: Jobs, runner: JobRunner, files: Callable[[str], Path]) -> None:
        """Take the stores; ``files`` gives the folder of a knowledge base's originals."""
        self._jobs = jobs
        self._runner = runner
        self._files = files

    def page(
        self, *, kb_id: str | None = None, active_only: bool = False, limit: int = 50
    ) -> list[JobRecord]:
        """List jobs, the newest first."""
        return self._jobs.page(kb_id=kb_id, active_only=active_only, limit=limit)

    def get(self, job_id: str) -> JobRecord:
        """Get one job.

        Raises:
            NotFoundError: there is none.
        """
        return self._jobs.get(job_id)

    def items(
        self,
        job_id: str,
        *,
        offset: int = 0,
        limit: int | None = 200,
        states: Sequence[str] | None = None,
    ) -> list[JobItem]:
        """List the files of a job."""
        return self._jobs.items(job_id, offset=offset, limit=limit, states=states)

    def cancel(self, job_id: str) -> JobRecord:
        """Ask a job to stop; what it has finished stays.

        Raises:
            NotFoundError: there is no such job.
        """
        job = self._jobs.request_cancel(job_id)
        self._runner.wake()
        return job

    def retry(self, job_id: str, *, password: str | None = None, created_by: str = "") -> JobRecord:
        """Queue the failed and cancelled files of a job again, as a new job.

        ``password`` opens those that are encrypted; it is forgotten with the job.

        Raises:
            NotFoundError: there is no such job, or nothing in it to try again.
        """
        job = self._jobs.get(job_id)
        originals = self._files(job.kb_id)
        items = []
        for item in self._jobs.items(job_id, states=("failed", "cancelled")):
            kept = originals / item.document
            path = item.path if Path(item.path).exists() or not kept.exists() else str(kept)
            items.append(QueuedItem(path, item.document))
        if not items:
            raise NotFoundError(f"job {job_id} has no failed file", kind="failed_file", name=job_id)
        # What was read again is read again in the same way: its content is known, so that an add
        # would leave it as it is.
        kind = "read_again" if job.kind == "read_again" else "add"
        forced = bool(self._jobs.payload(job_id).get("force_ocr"))
        return self._runner.queue(
            lambda: self._jobs.create(
                job.kb_id,
                kind,
                items,
                payload={"force_ocr": True} if forced else None,
                created_by=created_by,
            ),
            password,
        )

    def wait(
        self,
        job_id: str,
        *,
        on_progress: Callable[[JobRecord], None] | None = None,
        timeout: float | None = None,
    ) -> JobRecord:
        """Wait until a job has ended; after ``timeout`` seconds, return it as it is."""
        started = time.monotonic()
        while True:
            job = self._jobs.get(job_id)
            if on_progress is not None:
                on_progress(job)
            late = timeout is not None and time.monotonic() - started > timeout
            if job.state in FINISHED_STATES or late:
                return job
            # A short job is soon seen to have ended; a long one is not asked for its state often.
            waited = time.monotonic() - started
            time.sleep(min(_LONGEST_POLL_SECONDS, max(_POLL_SECONDS, waited / 20)))
