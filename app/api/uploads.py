"""Routes that take files in: each is streamed to disk in blocks, the batch then becomes a job."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from app.api.dependencies import CurrentLanguage, CurrentWorkspace
from app.api.models import JobModel
from app.api.problems import BadRequestError, TooLargeError
from app.convert import job_model
from kb.errors import NotFoundError

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/knowledge-bases/{name}/uploads", tags=["uploads"])

_BATCH = re.compile(r"[A-Za-z0-9_-]{8,64}")
_BLOCK = 1 << 20
_PARTS = ".parts"
_MAX_NAME_BYTES = 255
_MAX_PATH_CHARS = 1000


@router.put("/{batch}/{path:path}", status_code=204)
async def upload(
    name: str, batch: str, path: str, request: Request, workspace: CurrentWorkspace
) -> Response:
    """Take in one file of a batch under its relative path; a file is there whole or not at all."""
    knowledge_base = await to_thread.run_sync(workspace.knowledge_base, name)
    target = _batch_folder(knowledge_base, batch) / relative_path(path)
    limit = workspace.settings.max_file_mb
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit << 20:
        raise TooLargeError(f"{path} is larger than {limit} MB", limit_mb=limit)
    part = knowledge_base.incoming / _PARTS / secrets.token_hex(8)
    try:
        await _write(request, part, limit)
        await to_thread.run_sync(_put, part, target)
    except ClientDisconnect:
        logger.info("upload to %s broken off by the client", name)
        return Response(status_code=400)
    finally:
        await to_thread.run_sync(_discard, part)
    return Response(status_code=204)


@router.post("/{batch}/finish", status_code=202)
def finish(
    name: str, batch: str, workspace: CurrentWorkspace, language: CurrentLanguage
) -> JobModel:
    """Turn a batch whose files are all there into a job."""
    knowledge_base = workspace.knowledge_base(name)
    folder = _batch_folder(knowledge_base, batch)
    if not folder.is_dir():
        raise NotFoundError(f"no upload {batch}", kind="upload", name=batch)
    return job_model(knowledge_base.add_uploads(folder), language)


@router.delete("/{batch}", status_code=204)
def discard(name: str, batch: str, workspace: CurrentWorkspace) -> Response:
    """Throw a batch away that was broken off."""
    folder = _batch_folder(workspace.knowledge_base(name), batch)
    if folder.is_dir():
        shutil.rmtree(folder)
    return Response(status_code=204)


def relative_path(path: str) -> PurePosixPath:
    """Check a path that a browser sent.

    Raises:
        BadRequestError: it is empty, absolute, too long, leads out of its folder, or holds a
            character that no file name should have.
    """
    parts = path.split("/")
    wrong = (
        len(path) > _MAX_PATH_CHARS
        or any(part in ("", ".", "..") for part in parts)
        or any(len(part.encode("utf-8", "replace")) > _MAX_NAME_BYTES for part in parts)
        or any(ord(character) < 32 or character in "\\\x7f" for character in path)
        or any("\ud800" <= character <= "\udfff" for character in path)
        or re.match(r"[A-Za-z]:", path) is not None
    )
    if wrong:
        raise BadRequestError("not a usable path", problem=path[:200])
    return PurePosixPath(*parts)


def _batch_folder(knowledge_base: KnowledgeBase, batch: str) -> Path:
    if not _BATCH.fullmatch(batch):
        raise BadRequestError(f"not a batch id: {batch}", problem=batch[:100])
    return knowledge_base.incoming / batch


async def _write(request: Request, part: Path, limit_mb: int) -> None:
    """Stream the body to ``part`` in blocks; memory holds about one block."""
    part.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    buffer = bytearray()
    file = await to_thread.run_sync(lambda: part.open("xb"))
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit_mb << 20:
                raise TooLargeError(f"upload is larger than {limit_mb} MB", limit_mb=limit_mb)
            buffer += chunk
            if len(buffer) >= _BLOCK:
                await to_thread.run_sync(file.write, bytes(buffer))
                buffer.clear()
        await to_thread.run_sync(file.write, bytes(buffer))
    finally:
        await to_thread.run_sync(file.close)


def _put(part: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
