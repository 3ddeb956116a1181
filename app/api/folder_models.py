"""Requests and responses about mirrored folders."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.api.models import Model
from app.api.requests import Request

Share = Annotated[
    float,
    Field(ge=0, le=1, description="of its files that may go at once without a question"),
]


class FolderModel(Model):
    """A folder that is mirrored.

    ``linked`` ones are only read; the other one is the drop folder. ``active`` once it was
    synchronised; ``watching`` where the file system tells of changes. ``waiting`` removals want a
    person's word. ``next_look`` in seconds, ``job`` takes in what was found.
    """

    id: int
    path: str
    linked: bool
    active: bool
    watching: bool
    ignore: str
    files: int
    waiting: int
    removal_share: float
    scanned_at: float | None
    next_look: float | None
    problem: str | None
    job: str | None


class FolderList(Model):
    """The folders of a knowledge base, its drop folder first."""

    folders: list[FolderModel]


class RenamedModel(Model):
    """A file that is called otherwise now."""

    before: str
    now: str


class ExcludedModel(Model):
    """A file, or with a slash at the end a folder, that is left out, and why."""

    path: str
    reason: str


class AmissModel(Model):
    """A file that does not answer, or not with all it has; ``reason`` says why."""

    path: str
    document_id: int
    state: str
    reason: str | None


class SyncModel(Model):
    """What a look at a folder has shown, and with ``job`` what was begun.

    Each list has at most a hundred files; the numbers count all. ``removed`` is done only where
    ``must_confirm`` is false or a person has said so. ``moving`` are still being written. ``amiss``
    are files taken in before whose documents are partial, failed, unsupported or excluded.
    """

    knowledge_base: str
    path: str
    linked: bool
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    excluded: int = 0
    moving: int = 0
    amiss: int = 0
    added_files: list[str] = Field(default_factory=list)
    changed_files: list[str] = Field(default_factory=list)
    renamed_files: list[RenamedModel] = Field(default_factory=list)
    removed_files: list[str] = Field(default_factory=list)
    excluded_files: list[ExcludedModel] = Field(default_factory=list)
    moving_files: list[str] = Field(default_factory=list)
    amiss_files: list[AmissModel] = Field(default_factory=list)
    unreadable: list[str] = Field(default_factory=list)
    must_confirm: bool = False
    problem: str | None = None
    job: str | None = None


class SyncReport(Model):
    """The folders that were looked at; ``dry_run`` where nothing was done."""

    dry_run: bool
    folders: list[SyncModel]


class LinkRequest(Request):
    """Mirror a folder of the server's machine; only for callers with the server's token."""

    path: str
    ignore: str = Field("", description="patterns as in a .gitignore file, one a line")
    removal_share: Share | None = None


class UnlinkRequest(Request):
    """Mirror a folder no more. ``keep`` its documents; else they go with it."""

    folder: str
    keep: bool = False


class FolderSettingsRequest(Request):
    """Change how a folder is mirrored; what is null stays."""

    folder: int
    ignore: Annotated[
        str | None, Field(description="patterns as in a .gitignore file, one a line")
    ] = None
    removal_share: Share | None = None


class SyncRequest(Request):
    """Look at the folders, or at one; ``dry_run`` only tells, ``confirm`` removes what waits."""

    folder: int | None = None
    dry_run: bool = False
    confirm: bool = False
