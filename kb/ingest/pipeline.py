"""One file from where it lies to where it answers: copy, read, split, embed, write, publish."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kb.embedders.base import Embedder
from kb.errors import CancelledError, IngestError
from kb.ingest.filling import ChangedTextError, Filler, Reading
from kb.ingest.originals import move_to_bin
from kb.ingest.pace import Pace
from kb.store.contents import Contents
from kb.store.documents import Documents
from kb.store.versions import FOLDER as VERSIONS
from kb.store.versions import Versions
from kb.types import Outcome, Reason
from loaders.errors import LoadCancelledError, LoadError, UnsupportedFormatError
from loaders.sandbox import ParserPool

logger = logging.getLogger(__name__)

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file to take in: where it lies, and the document that it becomes.

    ``owned`` files (uploads) are moved to the originals, those of mirrored folders (``in_place``)
    stay where they are, others are copied. ``staging`` is a path of this item alone, on the
    originals' file system. ``linked`` ones lie outside the data folder. ``again`` reads the file
    even if its content is known; ``force_ocr`` has its pages' pictures read even where there is
    text.
    """

    path: Path
    document: str
    staging: Path
    owned: bool
    created_by: str
    password: str | None = field(default=None, repr=False)
    again: bool = False
    force_ocr: bool = False
    in_place: bool = False
    linked: bool = False

    @property
    def label(self) -> str:
        """Where the document comes from, in a word of the catalog."""
        if self.linked:
            return "linked"
        return "upload" if self.owned else "added"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file."""

    outcome: Outcome
    reason: Reason | None
    document_id: int
    sha256: str | None
    pages: int | None
    passages: int
    seconds: float


class Pipeline:
    """Takes files into knowledge bases; safe to call from several threads with different files."""

    def __init__(
        self,
        *,
        documents: Documents,
        contents: Contents,
        versions: Versions,
        parsers: ParserPool,
        pace: Pace,
        files: Callable[[str], Path],
        max_file_bytes: int,
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._versions = versions
        self._filler = Filler(contents, parsers, pace)
        self._files = files
        self._max_file_bytes = max_file_bytes
        self._lock = threading.Lock()
        self._in_work: dict[tuple[str, str], _Turn] = {}
        self._closing = threading.Event()

    def close(self) -> None:
        """From now on keep what is broken off: it goes on at the next start."""
        self._closing.set()

    def take_in(
        self,
        kb_id: str,
        embedder: Embedder,
        source: Source,
        *,
        stage: Callable[[str, int], None],
        cancelled: Callable[[], bool],
    ) -> Taken:
        """Take one file in; what is wrong with the file is an outcome, not an error.

        Args:
            stage: told the stage's name and the passages written so far.
            cancelled: asked between steps.

        Raises:
            CancelledError: a person cancelled, and nothing of this version is left; or the program
                ends.
            KBError: the embedder or the catalog failed; trying again may help.
        """
        started = time.monotonic()
        try:
            status = source.path.stat()
        except FileNotFoundError:
            return self._taken_before(kb_id, source, started)
        document_id = self._documents.begin(
            kb_id,
            source.document,
            size=status.st_size,
            mtime=status.st_mtime,
            source=source.label,
            created_by=source.created_by,
        )
        if status.st_size > self._max_file_bytes:
            reason = Reason(
                "file_too_large",
                {"size_mb": status.st_size >> 20, "limit_mb": self._max_file_bytes >> 20},
            )
            self._documents.refuse(
                document_id, "failed", reason, format_name=None, sha256=None, size=status.st_size
            )
            return Taken("failed", reason, document_id, None, None, 0, _since(started))

        stage("copy", 0)
        staged, sha256 = self._stage_file(source, cancelled)
        known = self._documents.known(kb_id, source.document)
        if (
            not source.again
            and known is not None
            and known.sha256 == sha256
            and known.state in ("ready", "partial")
        ):
            record = self._documents.get(kb_id, document_id)
            if not (record.reason and record.reason.code == "new_version_failed"):
                file = _StagedFile(source, staged, sha256, status, document_id, started)
                self._keep_original(kb_id, file)
                return self._taken(kb_id, file, "unchanged")
        file = _StagedFile(source, staged, sha256, status, document_id, started)
        # The same content may arrive twice at once: the second waits and becomes a duplicate.
        with self._lock:
            turn = self._in_work.setdefault((kb_id, sha256), _Turn())
            turn.users += 1
        try:
            with turn.lock:
                return self._take_content(kb_id, embedder, file, stage, cancelled)
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._in_work[kb_id, sha256]

    def _take_content(
        self,
        kb_id: str,
        embedder: Embedder,
        file: _StagedFile,
        stage: Callable[[str, int], None],
        cancelled: Callable[[], bool],
    ) -> Taken:
        twin = (
            None
            if file.source.again
            else self._contents.find(kb_id, file.sha256, embedder.model_id)
        )
        if twin is not None:
            content_id, missing = twin
            return self._publish(kb_id, file, "duplicate", content_id, missing)
        stage("read", 0)
        reading = Reading(
            file.path, file.source.document, file.source.password, file.source.force_ocr
        )
        key = (kb_id, file.sha256, embedder.model_id)
        left = self._contents.take_up(*key, title=reading.title)
        content_id = left or self._contents.open(*key, title=reading.title)
        try:
            try:
                missing = self._filler.fill(
                    content_id, embedder, reading, stage=stage, cancelled=cancelled
                )
            except ChangedTextError as exc:
                logger.info("document %s begins anew: %s", file.document_id, exc)
                self._contents.discard(content_id)
                content_id = self._contents.open(*key, title=reading.title)
                missing = self._filler.fill(
                    content_id, embedder, reading, stage=stage, cancelled=cancelled
                )
        except (CancelledError, LoadCancelledError) as exc:
            if not self._closing.is_set():
                self._contents.discard(content_id)
            raise CancelledError(str(exc)) from exc
        except LoadError as exc:
            self._contents.discard(content_id)
            return self._refuse(kb_id, file, exc)
        except BaseException:
            # The embedder or the disk failed, not the file: another try goes on from here.
            self._contents.set_aside(content_id)
            raise
        return self._publish(kb_id, file, "partial" if missing else "ready", content_id, missing)

    def _refuse(self, kb_id: str, file: _StagedFile, exc: LoadError) -> Taken:
        """Record why a file could not be read; the file itself is kept."""
        outcome: Literal["unsupported", "failed"] = (
            "unsupported" if isinstance(exc, UnsupportedFormatError) else "failed"
        )
        reason = Reason(exc.code, exc.params)
        logger.info("document %s of %s: %s", file.document_id, kb_id, exc)
        format_name = exc.params.get("format")
        answers = self._documents.refuse(
            file.document_id,
            outcome,
            reason,
            format_name=str(format_name) if format_name else None,
            sha256=file.sha256,
            size=file.status.st_size,
        )
        if not file.source.in_place:
            self._keep(kb_id, file.path, file.source.document, answers=answers)
        return Taken(outcome, reason, file.document_id, file.sha256, None, 0, _since(file.started))

    def keep(self, kb_id: str, source: Source, *, answers: bool) -> None:
        """Keep an upload that could not be taken in, to be tried again.

        ``answers``: an earlier version of the document still does.
        """
        self._keep(kb_id, source.path, source.document, answers=answers)

    def _keep(self, kb_id: str, path: Path, document: str, *, answers: bool) -> None:
        if answers:
            # The earlier version still answers, so its original stays; the new file is not lost.
            move_to_bin(path, self._files(kb_id).parent / "bin", document)
        else:
            self._move_to_originals(kb_id, path, document)

    def _publish(
        self,
        kb_id: str,
        file: _StagedFile,
        outcome: Outcome,
        content_id: int,
        missing: Reason | None,
    ) -> Taken:
        """Let the document answer from the content and move its file to the originals."""
        self._documents.publish(
            file.document_id,
            content_id,
            "partial" if missing else "ready",
            missing,
            sha256=file.sha256,
            size=file.status.st_size,
            mtime=file.status.st_mtime,
            # A file that was changed where it lies is not what it was.
            keeps_original=not file.source.in_place,
        )
        self._keep_original(kb_id, file)
        return self._taken(kb_id, file, outcome)

    def _taken(self, kb_id: str, file: _StagedFile, outcome: Outcome) -> Taken:
        record = self._documents.get(kb_id, file.document_id)
        return Taken(
            outcome,
            record.reason,
            record.document_id,
            file.sha256,
            record.pages,
            record.passages,
            _since(file.started),
        )

    def _taken_before(self, kb_id: str, source: Source, started: float) -> Taken:
        """An upload that was moved to the originals just before the process died is all there."""
        known = self._documents.known(kb_id, source.document)
        original = self._files(kb_id) / source.document
        if source.owned and known is not None and known.sha256 and original.is_file():
            record = self._documents.get(kb_id, known.document_id)
            if record.state in ("ready", "partial"):
                return Taken(
                    "partial" if record.state == "partial" else "ready",
                    record.reason,
                    record.document_id,
                    known.sha256,
                    record.pages,
                    record.passages,
                    _since(started),
                )
        document_id = self._documents.begin(
            kb_id,
            source.document,
            size=0,
            mtime=0,
            source=source.label,
            created_by=source.created_by,
        )
        reason = Reason("file_vanished", {"path": str(source.path)})
        self._documents.refuse(document_id, "failed", reason, format_name=None, sha256=None, size=0)
        return Taken("failed", reason, document_id, None, None, 0, _since(started))

    def _stage_file(self, source: Source, cancelled: Callable[[], bool]) -> tuple[Path, str]:
        """Hash the file while it is copied beside the originals; an upload is there already."""
        digest = hashlib.sha256()
        if source.owned or source.in_place:
            for block in _blocks(source.path, cancelled):
                digest.update(block)
            return source.path, digest.hexdigest()
        source.staging.parent.mkdir(parents=True, exist_ok=True)
        try:
            with source.staging.open("wb") as target:
                for block in _blocks(source.path, cancelled):
                    digest.update(block)
                    target.write(block)
        except BaseException:
            source.staging.unlink(missing_ok=True)
            raise
        return source.staging, digest.hexdigest()

    def _keep_original(self, kb_id: str, file: _StagedFile) -> None:
        if not file.source.in_place:
            self._move_to_originals(kb_id, file.path, file.source.document)

    def _move_to_originals(self, kb_id: str, path: Path, document: str) -> None:
        """Move a file to the originals, in one step."""
        target = self._files(kb_id) / document
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IngestError(f"a folder stands where {document} belongs")
        if target.is_file():
            self._keep_earlier(kb_id, document, target)
        path.replace(target)

    def _keep_earlier(self, kb_id: str, document: str, original: Path) -> None:
        """Keep the file of an earlier version before another one takes its place."""
        earlier = self._versions.awaited_original(kb_id, document)
        if earlier is None or earlier.original is None:
            return
        kept = self._files(kb_id).parent / VERSIONS / earlier.original
        if kept.exists():
            return
        with original.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != earlier.sha256:
            logger.info("%s was changed by hand before another one came", original)
            self._versions.forget_originals(kb_id, [earlier.original])
            return
        kept.parent.mkdir(exist_ok=True)
        try:
            os.link(original, kept)
        except OSError:
            # Not every file system has links.
            original.replace(kept)


@dataclass(slots=True)
class _Turn:
    """Whose turn it is with one content, and how many wait for it or have it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


@dataclass(frozen=True, slots=True)
class _StagedFile:
    """A file whose bytes are safe on the originals' file system and whose document is noted."""

    source: Source
    path: Path
    sha256: str
    status: os.stat_result
    document_id: int
    started: float


def _blocks(path: Path, cancelled: Callable[[], bool]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if cancelled():
                raise CancelledError(f"{path.name}: cancelled")
            yield block


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
