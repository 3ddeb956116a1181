"""The durable queue: jobs, their items, progress, cancel and retry."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from kb.errors import NotFoundError
from kb.store.database import Database
from kb.store.rows import reason_of, reason_values
from kb.store.tables import job_items, jobs
from kb.types import JobItem, JobRecord, Reason

FINISHED_STATES = ("done", "failed", "cancelled")
_UNFINISHED_ITEMS = ("queued", "processing")
# A file that took the process down this often is set aside as failed instead of tried again.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """A file that joins a job: where it is, and the document it becomes."""

    path: str
    document: str


class Jobs:
    """Jobs and their items; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self,
        kb_id: str,
        kind: str,
        items: Sequence[QueuedItem] = (),
        *,
        payload: Mapping[str, Any] | None = None,
        total: int | None = None,
        created_by: str = "",
    ) -> JobRecord:
        """Queue a job; its items keep their order."""
        job_id = secrets.token_hex(6)
        with self._db.write() as connection:
            connection.execute(
                insert(jobs).values(
                    id=job_id,
                    kb_id=kb_id,
                    kind=kind,
                    state="queued",
                    stage="",
                    done=0,
                    total=len(items) if total is None else total,
                    payload=dict(payload or {}),
                    owner=created_by,
                    created_by=created_by,
                    created_at=time.time(),
                    cancel_requested=False,
                )
            )
            if items:
                connection.execute(
                    insert(job_items),
                    [
                        {
                            "job_id": job_id,
                            "position": position,
                            "path": item.path,
                            "document": item.document,
                            "state": "queued",
                            "stage": "",
                            "attempts": 0,
                            "passages": 0,
                        }
                        for position, item in enumerate(items)
                    ],
                )
        return self.get(job_id)

    def get(self, job_id: str) -> JobRecord:
        """Get one job.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
            if row is None:
                raise NotFoundError(f"no job {job_id}", kind="job", name=job_id)
            return _record(row, _counts(connection, [job_id])[job_id])

    def page(
        self, *, kb_id: str | None = None, active_only: bool = False, limit: int = 50
    ) -> list[JobRecord]:
        """List jobs, the newest first."""
        query = select(jobs).order_by(jobs.c.created_at.desc()).limit(limit)
        if kb_id is not None:
            query = query.where(jobs.c.kb_id == kb_id)
        if active_only:
            query = query.where(jobs.c.state.not_in(FINISHED_STATES))
        with self._db.read() as connection:
            rows = connection.execute(query).all()
            counts = _counts(connection, [row.id for row in rows])
            return [_record(row, counts[row.id]) for row in rows]

    def payload(self, job_id: str) -> dict[str, Any]:
        """What the job's kind needs to know."""
        with self._db.read() as connection:
            found = connection.execute(select(jobs.c.payload).where(jobs.c.id == job_id)).scalar()
        return dict(found or {})

    def items(
        self,
        job_id: str,
        *,
        offset: int = 0,
        limit: int | None = None,
        states: Sequence[str] | None = None,
    ) -> list[JobItem]:
        """List the items of a job in their order."""
        query = (
            select(job_items)
            .where(job_items.c.job_id == job_id)
            .order_by(job_items.c.position)
            .offset(offset)
        )
        if limit is not None:
            query = query.limit(limit)
        if states is not None:
            query = query.where(job_items.c.state.in_(states))
        with self._db.read() as connection:
            return [_item(row) for row in connection.execute(query)]

    def running_or_queued(self) -> list[JobRecord]:
        """The jobs that are to be worked on, oldest first, without their counts."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(jobs)
                .where(jobs.c.state.in_(("running", "queued")))
                .order_by(jobs.c.created_at)
            ).all()
        return [_record(row, {}) for row in rows]

    def last_states(self, kind: str) -> dict[str, str]:
        """The state of each knowledge base's newest job of a kind."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(jobs.c.kb_id, jobs.c.state)
                .where(jobs.c.kind == kind)
                .order_by(jobs.c.created_at)
            ).all()
        return {row.kb_id: row.state for row in rows}

    def start(self, job_id: str) -> None:
        """Mark a job as running."""
        with self._db.write() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state == "queued")
                .values(state="running", started_at=time.time())
            )

    def progress(
        self,
        job_id: str,
        *,
        done: int | None = None,
        total: int | None = None,
        stage: str | None = None,
    ) -> None:
        """Note how far a job is."""
        values: dict[str, Any] = {
            name: value
            for name, value in (("done", done), ("total", total), ("stage", stage))
            if value is not None
        }
        with self._db.write(durable=False) as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))

    def finish(self, job_id: str, state: str, reason: Reason | None = None) -> None:
        """End a job; items that were never begun are cancelled with it."""
        with self._db.write() as connection:
            connection.execute(
                update(job_items)
                .where(job_items.c.job_id == job_id, job_items.c.state.in_(_UNFINISHED_ITEMS))
                .values(state="cancelled", stage="")
            )
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state=state,
                    stage="",
                    finished_at=time.time(),
                    **reason_values(reason),
                )
            )

    def request_cancel(self, job_id: str) -> JobRecord:
        """Ask a job to stop; one that has not begun ends at once."""
        job = self.get(job_id)
        if job.state == "queued":
            self.finish(job_id, "cancelled")
        elif job.state == "running":
            with self._db.write() as connection:
                connection.execute(
                    update(jobs).where(jobs.c.id == job_id).values(cancel_requested=True)
                )
        return self.get(job_id)

    def cancel_requested(self, job_id: str) -> bool:
        """Whether someone asked the job to stop."""
        with self._db.read() as connection:
            return bool(
                connection.execute(
                    select(jobs.c.cancel_requested).where(jobs.c.id == job_id)
                ).scalar()
            )

    def begin_item(self, job_id: str, position: int) -> int:
        """Mark an item as being worked on; returns how often that has happened by now."""
        here = (job_items.c.job_id == job_id) & (job_items.c.position == position)
        with self._db.write() as connection:
            connection.execute(
                update(job_items)
                .where(here)
                .values(state="processing", attempts=job_items.c.attempts + 1)
            )
            return int(connection.execute(select(job_items.c.attempts).where(here)).scalar_one())

    def put_back(self, job_id: str, position: int) -> None:
        """Take `begin_item` back: the process ends in order, the file has done no harm."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                update(job_items)
                .where(job_items.c.job_id == job_id, job_items.c.position == position)
                .values(state="queued", stage="", attempts=job_items.c.attempts - 1)
            )

    def stage_item(self, job_id: str, position: int, stage: str, *, passages: int = 0) -> None:
        """Note what is being done with an item."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                update(job_items)
                .where(job_items.c.job_id == job_id, job_items.c.position == position)
                .values(stage=stage, passages=passages)
            )

    def finish_item(
        self,
        job_id: str,
        position: int,
        state: str,
        *,
        reason: Reason | None = None,
        document_id: int | None = None,
        sha256: str | None = None,
        pages: int | None = None,
        passages: int = 0,
        seconds: float | None = None,
    ) -> None:
        """Record an item's outcome and count it."""
        with self._db.write() as connection:
            connection.execute(
                update(job_items)
                .where(job_items.c.job_id == job_id, job_items.c.position == position)
                .values(
                    state=state,
                    stage="",
                    **reason_values(reason),
                    document_id=document_id,
                    sha256=sha256,
                    pages=pages,
                    passages=passages,
                    seconds=seconds,
                )
            )
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(done=jobs.c.done + 1))

    def requeue_interrupted(self) -> list[str]:
        """Queue again what was being worked on when the process died; lists the jobs that go on."""
        with self._db.write() as connection:
            connection.execute(
                update(job_items)
                .where(job_items.c.state == "processing")
                .values(state="queued", stage="")
            )
            return list(
                connection.execute(
                    select(jobs.c.id).where(jobs.c.state.not_in(FINISHED_STATES))
                ).scalars()
            )


def _counts(connection: Connection, job_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {job_id: {} for job_id in job_ids}
    for row in connection.execute(
        select(job_items.c.job_id, job_items.c.state, func.count())
        .where(job_items.c.job_id.in_(job_ids))
        .group_by(job_items.c.job_id, job_items.c.state)
    ):
        counts[row[0]][row[1]] = int(row[2])
    return counts


def _record(row: Row[Any], counts: Mapping[str, int]) -> JobRecord:
    eta = None
    if row.state == "running" and row.done and row.started_at:
        eta = (time.time() - row.started_at) / row.done * (row.total - row.done)
    return JobRecord(
        job_id=row.id,
        kb_id=row.kb_id,
        kind=row.kind,
        state=row.state,
        stage=row.stage,
        done=row.done,
        total=row.total,
        eta=eta,
        reason=reason_of(row.reason_code, row.reason_params),
        counts=counts,
        created_by=row.created_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        cancel_requested=row.cancel_requested,
    )


def _item(row: Row[Any]) -> JobItem:
    return JobItem(
        position=row.position,
        path=row.path,
        document=row.document,
        document_id=row.document_id,
        state=row.state,
        stage=row.stage,
        reason=reason_of(row.reason_code, row.reason_params),
        pages=row.pages,
        passages=row.passages,
        seconds=row.seconds,
        attempts=row.attempts,
    )
