"""Folders that knowledge bases mirror, and their files as they were when last taken in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from kb.errors import DuplicateError, NotFoundError
from kb.store.changes import record_change, release_content
from kb.store.database import ROWS_AT_ONCE, Database
from kb.store.rows import path_values, reason_of, reason_values
from kb.store.tables import contents, documents, mirrored_files, mirrored_folders
from kb.types import DocumentState, Reason


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """A folder that is mirrored. ``path`` is "" for the drop folder.

    ``active`` once its first synchronisation was begun; ``waiting`` are removals that a person must
    confirm, where more than ``removal_share`` of the files (0 to 1) are gone at once; ``problem``
    is why it could not be looked at the last time.
    """

    folder_id: int
    kb_id: str
    path: str
    ignore: str
    active: bool
    created_by: str
    scanned_at: float | None
    files: int
    waiting: int
    removal_share: float
    problem: Reason | None = field(default=None)


@dataclass(frozen=True, slots=True)
class MirroredFile:
    """A file as it was when it was last taken in. ``document_id`` is that of its document."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    document_id: int


@dataclass(frozen=True, slots=True)
class AmissFile:
    """A file of a folder whose document is partial, failed, unsupported or excluded."""

    path: str
    document_id: int
    state: DocumentState
    reason: Reason | None


class Folders:
    """The mirrored folders; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def link(self, kb_id: str, path: str, *, ignore: str, active: bool, created_by: str) -> int:
        """Mirror a folder from now on and return its number.

        Raises:
            DuplicateError: it is mirrored already.
        """
        with self._db.write() as connection:
            taken = connection.execute(_of(kb_id).where(mirrored_folders.c.path == path)).first()
            if taken is not None:
                raise DuplicateError(f"{path} is mirrored already", name=path)
            done = connection.execute(
                insert(mirrored_folders).values(
                    kb_id=kb_id,
                    path=path,
                    ignore=ignore,
                    active=active,
                    created_at=time.time(),
                    created_by=created_by,
                    files=0,
                    waiting=0,
                )
            )
            assert done.inserted_primary_key is not None  # noqa: S101 - always there for one row
            return int(done.inserted_primary_key[0])

    def of(self, kb_id: str) -> list[FolderRecord]:
        """The folders of a knowledge base, the drop folder first."""
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(_of(kb_id))]

    def get(self, folder_id: int) -> FolderRecord:
        """Get one folder.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            row = connection.execute(
                select(mirrored_folders).where(mirrored_folders.c.id == folder_id)
            ).first()
        if row is None:
            raise NotFoundError(f"no folder {folder_id}", kind="folder", name=str(folder_id))
        return _record(row)

    def change(self, folder_id: int, **values: Any) -> None:
        """Set columns of a folder: ignore, active, removal_share."""
        with self._db.write() as connection:
            connection.execute(
                update(mirrored_folders).where(mirrored_folders.c.id == folder_id).values(**values)
            )

    def scanned(
        self, folder_id: int, *, files: int, waiting: int, problem: Reason | None = None
    ) -> None:
        """Note what the last look at a folder has shown."""
        self.change(
            folder_id,
            scanned_at=time.time(),
            files=files,
            waiting=waiting,
            **reason_values(problem),
        )

    def unlink(self, folder_id: int) -> None:
        """Mirror a folder no more; its documents stay as they are."""
        with self._db.write() as connection:
            connection.execute(
                delete(mirrored_files).where(mirrored_files.c.folder_id == folder_id)
            )
            connection.execute(delete(mirrored_folders).where(mirrored_folders.c.id == folder_id))

    # Files

    def files(self, folder_id: int) -> dict[str, MirroredFile]:
        """What is known of the files of a folder, by path; only those that are documents still."""
        query = (
            select(mirrored_files)
            .join(documents, documents.c.id == mirrored_files.c.document_id)
            .where(mirrored_files.c.folder_id == folder_id)
        )
        with self._db.read() as connection:
            return {
                row.path: MirroredFile(
                    row.path, row.size, row.mtime_ns, row.sha256, row.document_id
                )
                for row in connection.execute(query)
            }

    def amiss(self, folder_id: int, *, limit: int) -> tuple[int, list[AmissFile]]:
        """Count the files that do not answer, or not with all they have, and list the first."""
        where = (
            mirrored_files.c.folder_id == folder_id,
            documents.c.state.in_(("partial", "failed", "unsupported", "excluded")),
        )
        joined = mirrored_files.join(documents, documents.c.id == mirrored_files.c.document_id)
        with self._db.read() as connection:
            count = connection.execute(
                select(func.count()).select_from(joined).where(*where)
            ).scalar_one()
            rows = connection.execute(
                select(
                    mirrored_files.c.path,
                    documents.c.id,
                    documents.c.state,
                    documents.c.reason_code,
                    documents.c.reason_params,
                )
                .select_from(joined)
                .where(*where)
                .order_by(mirrored_files.c.path)
                .limit(limit)
            ).all()
        return int(count), [
            AmissFile(row.path, row.id, row.state, reason_of(row.reason_code, row.reason_params))
            for row in rows
        ]

    def note(self, folder_id: int, files: Sequence[MirroredFile]) -> None:
        """Remember how files were when they were taken in."""
        for start in range(0, len(files), ROWS_AT_ONCE):
            part = files[start : start + ROWS_AT_ONCE]
            with self._db.write() as connection:
                _forget(connection, folder_id, [file.path for file in part])
                connection.execute(
                    insert(mirrored_files),
                    [_values(folder_id, file) for file in part],
                )

    def forget(self, folder_id: int, paths: Sequence[str]) -> None:
        """Forget files that are gone."""
        for start in range(0, len(paths), ROWS_AT_ONCE):
            with self._db.write() as connection:
                _forget(connection, folder_id, paths[start : start + ROWS_AT_ONCE])

    def place_of(self, document_id: int) -> tuple[int, str] | None:
        """The linked folder and the path in it that a document is read from; None for others."""
        with self._db.read() as connection:
            row = connection.execute(
                select(mirrored_files.c.folder_id, mirrored_files.c.path)
                .join(mirrored_folders, mirrored_folders.c.id == mirrored_files.c.folder_id)
                .where(mirrored_files.c.document_id == document_id, mirrored_folders.c.path != "")
            ).first()
        return None if row is None else (int(row.folder_id), str(row.path))

    def rename(
        self, folder_id: int, before: str, now: MirroredFile, *, document: str, title: str
    ) -> None:
        """Note that a file stands elsewhere, and give its document another name.

        Its text gets another title where no other document has it. Nothing is read or embedded: the
        keyword index takes the title from the change.

        Args:
            before: the file's former path; that of ``now`` is the new one.
        """
        document_id, path = now.document_id, document
        with self._db.write() as connection:
            _forget(connection, folder_id, [before, now.path])
            connection.execute(insert(mirrored_files), [_values(folder_id, now)])
            row = connection.execute(
                select(documents.c.kb_id, documents.c.content_id).where(
                    documents.c.id == document_id
                )
            ).one()
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(**path_values(path), updated_at=time.time())
            )
            if row.content_id is None:
                return
            others = connection.execute(
                select(documents.c.id).where(
                    documents.c.content_id == row.content_id, documents.c.id != document_id
                )
            ).first()
            former = connection.execute(
                select(contents.c.title).where(contents.c.id == row.content_id)
            ).scalar()
            if others is None and former != title:
                connection.execute(
                    update(contents).where(contents.c.id == row.content_id).values(title=title)
                )
                record_change(connection, row.kb_id, "retitle", row.content_id)

    def exclude(self, document_id: int, reason: Reason) -> None:
        """Take a linked document out of all answers and keep it listed, so that it stays out."""
        with self._db.write() as connection:
            row = connection.execute(
                select(documents.c.kb_id, documents.c.content_id).where(
                    documents.c.id == document_id
                )
            ).one()
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    content_id=None,
                    state="excluded",
                    health=None,
                    warnings=None,
                    updated_at=time.time(),
                    **reason_values(reason),
                )
            )
            if row.content_id is not None:
                release_content(connection, row.kb_id, row.content_id)


def _of(kb_id: str) -> Any:
    return (
        select(mirrored_folders)
        .where(mirrored_folders.c.kb_id == kb_id)
        .order_by(mirrored_folders.c.path)
    )


def _values(folder_id: int, file: MirroredFile) -> dict[str, Any]:
    return {"folder_id": folder_id, **asdict(file)}


def _forget(connection: Connection, folder_id: int, paths: Sequence[str]) -> None:
    connection.execute(
        delete(mirrored_files).where(
            mirrored_files.c.folder_id == folder_id, mirrored_files.c.path.in_(paths)
        )
    )


def _record(row: Row[Any]) -> FolderRecord:
    return FolderRecord(
        folder_id=row.id,
        kb_id=row.kb_id,
        path=row.path,
        ignore=row.ignore,
        active=row.active,
        created_by=row.created_by,
        scanned_at=row.scanned_at,
        files=row.files,
        waiting=row.waiting,
        removal_share=row.removal_share,
        problem=reason_of(row.reason_code, row.reason_params),
    )
