"""Keeps knowledge bases in step with folders: looks, tells what is to be done, and does it.

What is gone or renamed is done at once, in short transactions; what is to be read becomes a job.
Whatever breaks off in between is found again by the next look.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from kb.errors import FolderUnreachableError, NotFoundError, SettingsError
from kb.ingest.differences import Differences, Renamed, compare
from kb.ingest.files import unused
from kb.ingest.runner import SYNC, JobRunner
from kb.ingest.scan import REST_SECONDS, Listing, scan
from kb.store.documents import Documents
from kb.store.folders import AmissFile, FolderRecord, Folders, MirroredFile
from kb.store.jobs import Jobs, QueuedItem
from kb.store.removals import Removals
from kb.types import Reason

logger = logging.getLogger(__name__)

_BY = "sync"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a look at a folder has shown, and what is to be done about it."""

    folder: FolderRecord
    root: Path
    listing: Listing
    differences: Differences
    busy_job: str | None = None
    """The job that still takes in what an earlier look has found."""


@dataclass(frozen=True, slots=True)
class Synchronised:
    """What was done: ``job_id`` reads what is new, None where nothing is."""

    plan: Plan
    job_id: str | None
    removed: int


class Mirror:
    """The mirrored folders of all knowledge bases; safe to call from several threads."""

    def __init__(
        self,
        folders: Folders,
        documents: Documents,
        removals: Removals,
        jobs: Jobs,
        runner: JobRunner,
        files: Callable[[str], Path],
        *,
        rest: float = REST_SECONDS,
    ) -> None:
        self._folders = folders
        self._documents = documents
        self._removals = removals
        self._jobs = jobs
        self._runner = runner
        self._files = files
        self._rest = rest
        self._locks: dict[str, threading.Lock] = {}
        self._opening = threading.Lock()

    def folders(self, kb_id: str) -> list[FolderRecord]:
        """The folders of a knowledge base, its drop folder first."""
        found = self._folders.of(kb_id)
        if not any(folder.path == "" for folder in found):
            with self._lock(kb_id):
                if not self._folders.of(kb_id):
                    self._folders.link(kb_id, "", ignore="", active=True, created_by="")
            found = self._folders.of(kb_id)
        return found

    def root(self, folder: FolderRecord) -> Path:
        """Where a folder is."""
        return Path(folder.path) if folder.path else self._files(folder.kb_id)

    def link(
        self, kb_id: str, path: Path, *, ignore: str = "", created_by: str = ""
    ) -> FolderRecord:
        """Mirror a folder, which is only read. Nothing is taken in before `synchronise`.

        Raises:
            DuplicateError: it is mirrored already.
            FolderUnreachableError: it is not there.
            SettingsError: it holds the data folder, or lies in it.
        """
        root = path.absolute()
        if not root.is_dir():
            raise FolderUnreachableError(
                f"{root} is no folder", path=str(root), problem="no such folder"
            )
        home = self._files(kb_id).parent.parent.resolve()
        real = root.resolve()
        if real.is_relative_to(home) or home.is_relative_to(real):
            raise SettingsError(
                f"{root} and the data folder {home} hold one another",
                name=str(root),
                problem=f"KB_HOME: {home}",
            )
        self.folders(kb_id)
        number = self._folders.link(
            kb_id, str(root), ignore=ignore, active=False, created_by=created_by
        )
        return self._folders.get(number)

    def find(self, kb_id: str, name: str) -> FolderRecord:
        """Get a linked folder by its path or number.

        Raises:
            NotFoundError: it is not linked.
        """
        for folder in self.folders(kb_id):
            if folder.path and name in (folder.path, str(folder.folder_id)):
                return folder
            if folder.path and Path(name).absolute() == Path(folder.path):
                return folder
        raise NotFoundError(f"{name} is not linked", kind="folder", name=name)

    def unlink(self, folder: FolderRecord, *, keep: bool) -> int:
        """Mirror a folder no more; its documents go with it unless they are kept; count them.

        Those that are kept are answered from, but their originals are opened no more.
        """
        files = self._folders.files(folder.folder_id)
        if not keep:
            for file in files.values():
                self._remove(folder.kb_id, file, keep_text=False)
        self._folders.unlink(folder.folder_id)
        self._runner.wake()
        return len(files)

    def configure(
        self,
        folder: FolderRecord,
        *,
        ignore: str | None = None,
        removal_share: float | None = None,
    ) -> None:
        """Change how a folder is mirrored.

        Args:
            ignore: leave out what these patterns name, as in a .gitignore file.
            removal_share: of its files (0 to 1) may go at once without a person being asked.

        Raises:
            SettingsError: the share is none.
        """
        values: dict[str, object] = {}
        if ignore is not None:
            values["ignore"] = ignore
        if removal_share is not None:
            if not 0 <= removal_share <= 1:
                raise SettingsError(
                    "removal_share lies between 0 and 1", name="removal_share", problem="0-1"
                )
            values["removal_share"] = removal_share
        if values:
            self._folders.change(folder.folder_id, **values)

    def amiss(self, folder: FolderRecord, *, limit: int) -> tuple[int, list[AmissFile]]:
        """Count the files of a folder that do not answer, or not whole, and list the first."""
        return self._folders.amiss(folder.folder_id, limit=limit)

    def plan(self, folder: FolderRecord, *, cancelled: Callable[[], bool] = lambda: False) -> Plan:
        """Look at a folder and tell what is to be done; nothing is done.

        Raises:
            CancelledError: ``cancelled()`` said so.
            FolderUnreachableError: it is not there or cannot be listed; nothing is known of it.
        """
        root = self.root(folder)
        if not folder.path:
            root.mkdir(parents=True, exist_ok=True)
        try:
            listing = scan(root, folder.ignore, rest=self._rest, cancelled=cancelled)
        except FolderUnreachableError as exc:
            reason = Reason(exc.code, dict(exc.params))
            self._folders.scanned(
                folder.folder_id, files=folder.files, waiting=folder.waiting, problem=reason
            )
            raise
        known = self._folders.files(folder.folder_id)
        known |= self._adopted(folder, listing, known, root)
        differences = compare(
            listing,
            known,
            lambda path: _sha256(root / path),
            removal_share=folder.removal_share,
        )
        differences = self._without_excluded(folder, differences, known)
        waiting = len(differences.removed) if differences.must_ask else 0
        self._folders.scanned(folder.folder_id, files=len(listing.files), waiting=waiting)
        return Plan(
            self._folders.get(folder.folder_id),
            root,
            listing,
            differences,
            self.job_of(folder),
        )

    def job_of(self, folder: FolderRecord) -> str | None:
        """The job that takes in what was found in a folder, while there is one."""
        for job in self._jobs.page(kb_id=folder.kb_id, active_only=True):
            payload = self._jobs.payload(job.job_id) if job.kind == SYNC else {}
            if payload.get("folder") == folder.folder_id:
                return job.job_id
        return None

    def synchronise(
        self,
        folder: FolderRecord,
        *,
        confirm: bool = False,
        created_by: str = "",
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Synchronised:
        """Bring a knowledge base in step with a folder.

        Args:
            confirm: remove also what is so much that a person must say so.

        Raises:
            CancelledError, FolderUnreachableError: see `plan`.
        """
        with self._lock(folder.kb_id):
            plan = self.plan(folder, cancelled=cancelled)
            if plan.busy_job is not None:
                return Synchronised(plan, plan.busy_job, 0)
            if not folder.active:
                self._folders.change(folder.folder_id, active=True)
            return self._apply(plan, confirm=confirm, created_by=created_by)

    def _apply(self, plan: Plan, *, confirm: bool, created_by: str) -> Synchronised:
        folder, differences = plan.folder, plan.differences
        number = folder.folder_id
        self._folders.note(
            number,
            [
                replace(each.before, size=each.now.size, mtime_ns=each.now.mtime_ns)
                for each in differences.touched
            ],
        )
        names = self._documents.names(folder.kb_id)
        for each in differences.renamed:
            self._rename(folder, each, names)
        removed = differences.removed if confirm or not differences.must_ask else ()
        for file in removed:
            self._remove(folder.kb_id, file, keep_text=True)
        self._folders.forget(number, [file.path for file in removed])
        if removed:
            self._folders.scanned(number, files=len(plan.listing.files), waiting=0)
        job_id = self._read(plan, names, created_by=created_by)
        self._runner.wake()
        return Synchronised(plan, job_id, len(removed))

    def _read(self, plan: Plan, names: set[str], *, created_by: str) -> str | None:
        """Queue what is new and what has changed."""
        folder = plan.folder
        known = self._folders.files(folder.folder_id)
        items = []
        for file in plan.differences.changed:
            document = self._documents.get(folder.kb_id, known[file.path].document_id).document
            items.append(QueuedItem(str(plan.root / file.path), document))
        for file in plan.differences.added:
            document = unicodedata.normalize("NFC", file.path)
            if folder.path:
                document = unused(document, names)
            names.add(document)
            items.append(QueuedItem(str(plan.root / file.path), document))
        if not items:
            return None
        payload = {
            "folder": folder.folder_id,
            "root": str(plan.root),
            "linked": bool(folder.path),
        }
        job = self._runner.queue(
            lambda: self._jobs.create(
                folder.kb_id, SYNC, items, payload=payload, created_by=created_by
            ),
            None,
        )
        return job.job_id

    def _rename(self, folder: FolderRecord, renamed: Renamed, names: set[str]) -> None:
        before, now = renamed.before, renamed.now
        names.discard(self._documents.get(folder.kb_id, before.document_id).document)
        document = unused(unicodedata.normalize("NFC", now.path), names)
        names.add(document)
        self._folders.rename(
            folder.folder_id,
            before.path,
            replace(before, path=now.path, size=now.size, mtime_ns=now.mtime_ns),
            document=document,
            title=PurePosixPath(now.path).stem,
        )

    def _remove(self, kb_id: str, file: MirroredFile, *, keep_text: bool) -> None:
        try:
            self._removals.remove(
                kb_id, file.document_id, bin_path=None, removed_by=_BY, keep_text=keep_text
            )
        except NotFoundError:
            logger.info("document %s is gone already", file.document_id)

    def _adopted(
        self,
        folder: FolderRecord,
        listing: Listing,
        known: Collection[str],
        root: Path,
    ) -> dict[str, MirroredFile]:
        """Files of the drop folder that were taken in by other doors: uploads, `kb add`."""
        if folder.path:
            return {}
        found = []
        for path, file in listing.files.items():
            if path in known:
                continue
            document = self._documents.known(folder.kb_id, unicodedata.normalize("NFC", path))
            if document is None or document.sha256 is None:
                continue
            if document.sha256 == _sha256(root / path):
                found.append(
                    MirroredFile(
                        path, file.size, file.mtime_ns, document.sha256, document.document_id
                    )
                )
        self._folders.note(folder.folder_id, found)
        return {file.path: file for file in found}

    def _without_excluded(
        self, folder: FolderRecord, differences: Differences, known: dict[str, MirroredFile]
    ) -> Differences:
        """What a person has taken out stays out when its file changes."""
        if not differences.changed:
            return differences
        kept = tuple(
            file
            for file in differences.changed
            if self._documents.get(folder.kb_id, known[file.path].document_id).state != "excluded"
        )
        return replace(differences, changed=kept)

    def _lock(self, kb_id: str) -> threading.Lock:
        with self._opening:
            return self._locks.setdefault(kb_id, threading.Lock())


def _sha256(path: Path) -> str | None:
    """The checksum of a file; None where it cannot be read just now."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        logger.info("%s cannot be read yet: %s", path, exc)
        return None
