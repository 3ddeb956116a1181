"""The route that writes a backup beside the working server."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, Depends, Request

from app.api.dependencies import CurrentWorkspace, require_token
from app.api.models import BackupModel
from app.api.problems import BadRequestError
from app.api.requests import BackupRequest
from app.convert import backup_model

router = APIRouter(tags=["backups"])

# How often a backup looks whether its client is still there.
_LOOK_UP_SECONDS = 0.25


@router.post("/backup", status_code=201, dependencies=[Depends(require_token)])
async def back_up(
    request: BackupRequest, http_request: Request, workspace: CurrentWorkspace
) -> BackupModel:
    """Write all knowledge bases into a file on the server's machine; needs the server's token.

    A client that goes away stops it, and nothing is left.
    """
    target = Path(request.file)
    if not target.is_absolute():
        raise BadRequestError(f"{target} is no absolute path", problem=f"file={request.file}")
    gone = threading.Event()

    def write() -> BackupModel:
        from kb.backup.writing import write_backup

        started = time.monotonic()
        manifest = write_backup(workspace.settings.home, target, cancelled=gone.is_set)
        return backup_model(manifest, target, time.monotonic() - started)

    writing = asyncio.ensure_future(to_thread.run_sync(write))
    try:
        while not writing.done():
            await asyncio.wait([writing], timeout=_LOOK_UP_SECONDS)
            if await http_request.is_disconnected():
                gone.set()
        return writing.result()
    finally:
        gone.set()
