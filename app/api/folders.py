"""Routes of mirrored folders."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api.dependencies import CurrentOperations, require_token
from app.api.folder_models import (
    FolderList,
    FolderSettingsRequest,
    LinkRequest,
    SyncReport,
    SyncRequest,
    UnlinkRequest,
)

router = APIRouter(prefix="/knowledge-bases/{name}", tags=["folders"])


@router.get("/folders")
def folders(name: str, operations: CurrentOperations) -> FolderList:
    """List the folders that a knowledge base mirrors."""
    return operations.folders(name)


@router.post("/folders", status_code=201, dependencies=[Depends(require_token)])
def link(name: str, request: LinkRequest, operations: CurrentOperations) -> SyncReport:
    """Mirror a folder and tell what is in it; nothing is taken in yet. Needs the server's token."""
    return operations.link(name, request)


@router.post("/folders/settings")
def configure(
    name: str, request: FolderSettingsRequest, operations: CurrentOperations
) -> FolderList:
    """Change which files of a folder are left out, and how many may go without a question."""
    return operations.configure_folder(name, request)


@router.post("/folders/unlink")
def unlink(name: str, request: UnlinkRequest, operations: CurrentOperations) -> FolderList:
    """Mirror a folder no more."""
    return operations.unlink(name, request)


@router.post("/sync")
def sync(name: str, request: SyncRequest, operations: CurrentOperations) -> SyncReport:
    """Bring a knowledge base in step with its folders; what is to be read becomes a job."""
    return operations.sync(name, request)
