"""Routes of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.api.dependencies import CurrentOperations
from app.api.models import AddReport, JobItems, JobList, JobModel
from app.api.requests import RetryRequest

router = APIRouter(prefix="/jobs", tags=["jobs"])

FINISHED = ("done", "failed", "cancelled")
_EVERY_SECONDS = 0.5


@router.get("")
def list_jobs(
    operations: CurrentOperations,
    *,
    active_only: bool = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JobList:
    """List jobs, newest first."""
    return operations.jobs(active_only=active_only, limit=limit)


@router.get("/{job_id}")
def get(job_id: str, operations: CurrentOperations) -> JobModel:
    """Return a job with its progress."""
    return operations.job(job_id)


@router.get("/{job_id}/files")
def files(
    job_id: str,
    operations: CurrentOperations,
    *,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    state: Annotated[list[str] | None, Query()] = None,
) -> JobItems:
    """Return the files of a job, a page at a time."""
    return operations.job_items(job_id, offset=offset, limit=limit, states=state)


@router.get("/{job_id}/report")
def report(job_id: str, operations: CurrentOperations) -> AddReport:
    """Return what became of every file of a job."""
    return operations.add_report(job_id)


@router.get("/{job_id}/events")
async def events(job_id: str, request: Request, operations: CurrentOperations) -> StreamingResponse:
    """Follow a job as server-sent events until it has finished."""
    first = await to_thread.run_sync(operations.job, job_id)

    async def lines() -> AsyncIterator[str]:
        job = first
        yield f"event: job\ndata: {job.model_dump_json()}\n\n"
        while job.state not in FINISHED and not await request.is_disconnected():
            await asyncio.sleep(_EVERY_SECONDS)
            latest = await to_thread.run_sync(operations.job, job_id)
            if latest != job:
                job = latest
                yield f"event: job\ndata: {job.model_dump_json()}\n\n"

    return StreamingResponse(
        lines(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


@router.post("/{job_id}/cancel")
def cancel(job_id: str, operations: CurrentOperations) -> JobModel:
    """Cancel a job; what is done stays."""
    return operations.cancel_job(job_id)


@router.post("/{job_id}/retry", status_code=202)
def retry(
    job_id: str, operations: CurrentOperations, request: RetryRequest | None = None
) -> JobModel:
    """Run the failed files of a job again, as a new job."""
    return operations.retry_job(job_id, password=request.password if request else None)
