"""Taking documents out: what is planned, and where their originals go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from kb.store.changes import release_content
from kb.store.database import Database
from kb.store.documents import not_found
from kb.store.tables import binned_documents, documents
from kb.store.versions import drop_versions, keep_version


@dataclass(frozen=True, slots=True)
class PlannedRemoval:
    """A document whose original was about to be moved to ``bin_path``."""

    kb_id: str
    document_id: int
    document: str
    bin_path: str
    removed_by: str


class Removals:
    """Removals of documents; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def plan(self, kb_id: str, document_id: int, *, bin_path: str, removed_by: str) -> None:
        """Note that a document's original is about to be moved to the bin.

        `remove` completes it, `drop` takes it back; `planned` lists what a process
        that died has left.

        Raises:
            NotFoundError: there is no such document.
        """
        with self._db.write() as connection:
            row = _row_to_remove(connection, kb_id, document_id)
            _note_bin(connection, row, bin_path, removed_by)

    def drop(self, document_id: int) -> None:
        """Take `plan` back: the original could not be moved."""
        with self._db.write() as connection:
            connection.execute(
                delete(binned_documents).where(binned_documents.c.document_id == document_id)
            )

    def planned(self) -> list[PlannedRemoval]:
        """Documents whose removal was begun and not completed."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(binned_documents)
                .join(documents, documents.c.id == binned_documents.c.document_id)
                .where(binned_documents.c.bin_path.is_not(None))
            ).all()
        return [
            PlannedRemoval(row.kb_id, row.document_id, row.path, row.bin_path, row.removed_by)
            for row in rows
        ]

    def remove(
        self,
        kb_id: str,
        document_id: int,
        *,
        bin_path: str | None,
        removed_by: str,
        keep_text: bool = False,
    ) -> list[str]:
        """Take a document out; its passages are dead in the same moment.

        With ``keep_text`` what it said can be looked up for a while, as an earlier version; else
        all that it was is forgotten: lists the files of earlier versions that nobody needs now.

        Raises:
            NotFoundError: there is no such document.
        """
        with self._db.write() as connection:
            row = _row_to_remove(connection, kb_id, document_id)
            _note_bin(connection, row, bin_path, removed_by)
            connection.execute(delete(documents).where(documents.c.id == document_id))
            left = []
            if not keep_text:
                left = drop_versions(connection, kb_id, document_id, row.path)
            elif row.content_id is not None:
                keep_version(connection, row, "deleted", has_original=False)
            if row.content_id is not None:
                release_content(connection, kb_id, row.content_id)
        return left


def _row_to_remove(connection: Connection, kb_id: str, document_id: int) -> Row[Any]:
    row = connection.execute(
        select(documents).where(documents.c.kb_id == kb_id, documents.c.id == document_id)
    ).first()
    if row is None:
        raise not_found(str(document_id))
    return row


def _note_bin(connection: Connection, row: Row[Any], bin_path: str | None, removed_by: str) -> None:
    """Note where a document's original goes, in place of what was planned."""
    connection.execute(delete(binned_documents).where(binned_documents.c.document_id == row.id))
    connection.execute(
        insert(binned_documents).values(
            kb_id=row.kb_id,
            document_id=row.id,
            path=row.path,
            bin_path=bin_path,
            sha256=row.sha256,
            owner=row.owner,
            removed_at=time.time(),
            removed_by=removed_by,
        )
    )
