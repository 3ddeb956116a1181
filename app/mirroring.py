"""What the front doors can do with mirrored folders, on a workspace of this process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from app.api.folder_models import (
    AmissModel,
    ExcludedModel,
    FolderList,
    FolderModel,
    FolderSettingsRequest,
    LinkRequest,
    RenamedModel,
    SyncModel,
    SyncReport,
    SyncRequest,
    UnlinkRequest,
)
from app.messages import of_error, of_reason
from app.strings import Language, text
from kb.errors import FolderUnreachableError

if TYPE_CHECKING:
    from kb.ingest.mirror import Plan
    from kb.store.folders import FolderRecord
    from kb.workspace import Workspace

_LISTED = 100


class Mirroring:
    """The folders of the knowledge bases of a workspace."""

    def __init__(self, workspace: Workspace, language: Language) -> None:
        self._workspace = workspace
        self._mirror = workspace.mirror
        self._language: Language = language

    def folders(self, name: str) -> FolderList:
        """List the folders that a knowledge base mirrors."""
        kb_id = self._workspace.knowledge_base(name).kb_id
        return FolderList(folders=[self._folder(each) for each in self._mirror.folders(kb_id)])

    def link(self, name: str, request: LinkRequest) -> SyncReport:
        """Mirror a folder and tell what is in it; nothing is taken in yet."""
        kb_id = self._workspace.knowledge_base(name).kb_id
        folder = self._mirror.link(kb_id, Path(request.path), ignore=request.ignore)
        if request.removal_share is not None:
            self._mirror.configure(folder, removal_share=request.removal_share)
        return SyncReport(dry_run=True, folders=[self._planned(name, folder)])

    def configure(self, name: str, request: FolderSettingsRequest) -> FolderList:
        """Change how a folder is mirrored."""
        kb_id = self._workspace.knowledge_base(name).kb_id
        for folder in self._chosen(kb_id, request.folder):
            self._mirror.configure(
                folder, ignore=request.ignore, removal_share=request.removal_share
            )
            self._workspace.watcher.touch(folder.folder_id)
        return self.folders(name)

    def unlink(self, name: str, request: UnlinkRequest) -> FolderList:
        """Mirror a folder no more."""
        kb_id = self._workspace.knowledge_base(name).kb_id
        self._mirror.unlink(self._mirror.find(kb_id, request.folder), keep=request.keep)
        return self.folders(name)

    def sync(self, name: str, request: SyncRequest) -> SyncReport:
        """Bring a knowledge base in step with its folders, or tell what that would do."""
        kb_id = self._workspace.knowledge_base(name).kb_id
        done = []
        for folder in self._chosen(kb_id, request.folder):
            if request.dry_run:
                done.append(self._planned(name, folder))
                continue
            try:
                synchronised = self._mirror.synchronise(folder, confirm=request.confirm)
            except FolderUnreachableError as exc:
                done.append(self._unreachable(name, folder, exc))
                continue
            found = self._model(name, synchronised.plan)
            found.job = synchronised.job_id
            found.must_confirm = found.must_confirm and not synchronised.removed
            done.append(found)
        return SyncReport(dry_run=request.dry_run, folders=done)

    def _chosen(self, kb_id: str, folder_id: int | None) -> list[FolderRecord]:
        return [
            folder
            for folder in self._mirror.folders(kb_id)
            if folder_id is None or folder.folder_id == folder_id
        ]

    def _planned(self, name: str, folder: FolderRecord) -> SyncModel:
        try:
            return self._model(name, self._mirror.plan(folder))
        except FolderUnreachableError as exc:
            return self._unreachable(name, folder, exc)

    def _unreachable(
        self, name: str, folder: FolderRecord, exc: FolderUnreachableError
    ) -> SyncModel:
        return SyncModel(
            knowledge_base=name,
            path=str(self._mirror.root(folder)),
            linked=bool(folder.path),
            problem=of_error(exc, self._language).text,
        )

    def _model(self, name: str, plan: Plan) -> SyncModel:
        differences, listing = plan.differences, plan.listing
        count, amiss = self._mirror.amiss(plan.folder, limit=_LISTED)
        return SyncModel(
            knowledge_base=name,
            path=str(plan.root),
            linked=bool(plan.folder.path),
            added=len(differences.added),
            changed=len(differences.changed),
            renamed=len(differences.renamed),
            removed=len(differences.removed),
            excluded=len(listing.ignored),
            moving=len(listing.moving),
            amiss=count,
            added_files=_first(file.path for file in differences.added),
            changed_files=_first(file.path for file in differences.changed),
            renamed_files=[
                RenamedModel(before=each.before.path, now=each.now.path)
                for each in differences.renamed[:_LISTED]
            ],
            removed_files=_first(file.path for file in differences.removed),
            excluded_files=[
                ExcludedModel(
                    path=path, reason=text(f"excluded.{listing.ignored[path]}", self._language)
                )
                for path in _first(listing.ignored)
            ],
            moving_files=_first(sorted(listing.moving)),
            amiss_files=[
                AmissModel(
                    path=each.path,
                    document_id=each.document_id,
                    state=each.state,
                    reason=of_reason(each.reason, self._language),
                )
                for each in amiss
            ],
            unreadable=_first(listing.unreadable),
            must_confirm=differences.must_ask,
            job=plan.busy_job,
        )

    def _folder(self, folder: FolderRecord) -> FolderModel:
        watcher = self._workspace.watcher
        return FolderModel(
            id=folder.folder_id,
            path=str(self._mirror.root(folder)),
            linked=bool(folder.path),
            active=folder.active,
            watching=watcher.is_watching(folder.folder_id),
            ignore=folder.ignore,
            files=folder.files,
            waiting=folder.waiting,
            removal_share=folder.removal_share,
            scanned_at=folder.scanned_at,
            next_look=watcher.next_look(folder.folder_id),
            problem=of_reason(folder.problem, self._language),
            job=self._mirror.job_of(folder),
        )


def _first(paths: Iterable[str]) -> list[str]:
    return [path for path, _number in zip(paths, range(_LISTED), strict=False)]
