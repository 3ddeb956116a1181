"""Earlier versions of documents: kept for a while, looked up by name, never searched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from kb.store.database import Database
from kb.store.tables import contents, document_versions, documents
from kb.types import DocumentVersion, VersionEnd

FOLDER = "versions"
"""Where a knowledge base keeps the files of earlier versions."""

KEPT_DAYS = 90
KEPT_VERSIONS = 5
"""Of one document; a report that is written anew each week is not kept for a quarter."""


class Versions:
    """Earlier versions of documents; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, kb_id: str, document_id: int | None, path: str) -> list[DocumentVersion]:
        """List what a document was, the newest first; those of its name when it is gone."""
        query = (
            _select()
            .where(_history(kb_id, document_id, path))
            .order_by(document_versions.c.number.desc())
        )
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def gone(self, kb_id: str, *, limit: int = 100) -> list[DocumentVersion]:
        """The last versions of documents that are not there any more, the newest first."""
        there = exists().where(documents.c.kb_id == kb_id, documents.c.path == _C.path)
        query = (
            _select()
            .where(_C.kb_id == kb_id, _C.ended == "deleted", ~there)
            .order_by(_C.until.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def awaited_original(self, kb_id: str, path: str) -> DocumentVersion | None:
        """The last version of a document, if its file is to be kept."""
        query = (
            _select().where(_C.kb_id == kb_id, _C.path == path).order_by(_C.number.desc()).limit(1)
        )
        with self._db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None or row.original is None else _record(row)

    def originals(self, kb_id: str) -> list[tuple[str, str | None]]:
        """The files that are kept: name in the folder of versions, and checksum."""
        query = select(_C.original, _C.sha256).where(_C.kb_id == kb_id, _C.original.is_not(None))
        with self._db.read() as connection:
            return [(row.original, row.sha256) for row in connection.execute(query)]

    def forget_originals(self, kb_id: str, names: Sequence[str]) -> None:
        """Note that these files are lost; the texts stay."""
        with self._db.write() as connection:
            connection.execute(
                update(document_versions)
                .where(_C.kb_id == kb_id, _C.original.in_(names))
                .values(original=None)
            )

    def expire(self, now: float) -> list[tuple[str, str]]:
        """Drop what was kept for long enough; lists the files that go: knowledge base and name."""
        order = func.row_number().over(
            partition_by=(_C.kb_id, _C.document_id), order_by=_C.number.desc()
        )
        ranked = select(_C.id, _C.until, order.label("place")).subquery()
        old = select(ranked.c.id).where(
            or_(ranked.c.place > KEPT_VERSIONS, ranked.c.until < now - KEPT_DAYS * 86_400.0)
        )
        with self._db.read() as connection:
            if connection.execute(old.limit(1)).first() is None:
                return []
        with self._db.write() as connection:
            return _drop(connection, _C.id.in_(old))


_C = document_versions.c


def keep_version(
    connection: Connection, document: Row[Any], ended: VersionEnd, *, has_original: bool
) -> None:
    """Note what a document, a row of its table, is until now.

    To be called before its content is released. ``has_original``: its file will be moved to the
    folder of versions.
    """
    number, until = connection.execute(
        select(func.max(_C.number), func.max(_C.until)).where(
            _history(document.kb_id, document.id, document.path)
        )
    ).one()
    done = connection.execute(
        insert(document_versions).values(
            kb_id=document.kb_id,
            document_id=document.id,
            path=document.path,
            number=(number or 0) + 1,
            content_id=document.content_id,
            sha256=document.sha256,
            size=document.size,
            since=max(until or 0.0, document.created_at),
            until=time.time(),
            ended=ended,
        )
    )
    if has_original:
        assert done.inserted_primary_key is not None  # noqa: S101 - always there for one row
        version_id = done.inserted_primary_key[0]
        suffix = PurePosixPath(document.path).suffix
        connection.execute(
            update(document_versions)
            .where(_C.id == version_id)
            .values(original=f"{version_id}{suffix}")
        )


def drop_versions(connection: Connection, kb_id: str, document_id: int, path: str) -> list[str]:
    """Forget what a document was, it is taken out for good; lists the files that were kept."""
    return [name for _kb_id, name in _drop(connection, _history(kb_id, document_id, path))]


def is_version(content_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an earlier version of a document points to a content."""
    return exists().where(_C.content_id == content_id)


def _drop(connection: Connection, which: ColumnElement[bool]) -> list[tuple[str, str]]:
    rows = connection.execute(
        select(_C.id, _C.kb_id, _C.content_id, _C.original).where(which)
    ).all()
    connection.execute(delete(document_versions).where(_C.id.in_([row.id for row in rows])))
    connection.execute(
        update(contents)
        .where(
            contents.c.id.in_({row.content_id for row in rows}),
            contents.c.live.is_(False),
            ~is_version(contents.c.id),
        )
        .values(dead_since=time.time())
    )
    return [(row.kb_id, row.original) for row in rows if row.original is not None]


def _history(kb_id: str, document_id: int | None, path: str) -> ColumnElement[bool]:
    """The versions of a document, and of those that had its name before it."""
    return (_C.kb_id == kb_id) & ((_C.path == path) | (_C.document_id == document_id))


def _select() -> Select[Any]:
    return select(
        document_versions,
        contents.c.title,
        contents.c.format,
        contents.c.page_count,
        contents.c.line_count,
        contents.c.passage_count,
    ).join(contents, contents.c.id == _C.content_id)


def _record(row: Row[Any]) -> DocumentVersion:
    return DocumentVersion(
        version=row.number,
        document=row.path,
        document_id=row.document_id,
        content_id=row.content_id,
        title=row.title,
        format=row.format,
        sha256=row.sha256,
        size=row.size,
        pages=row.page_count,
        lines=row.line_count,
        passages=row.passage_count,
        since=row.since,
        until=row.until,
        ended=row.ended,
        original=row.original,
    )
