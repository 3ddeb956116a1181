"""Documents of a knowledge base: their rows, states and names."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, delete, func, insert, select, update

from kb.errors import AmbiguousNameError, NotFoundError
from kb.store.changes import record_change, release_content
from kb.store.database import Database
from kb.store.health import TOTALS, judge_content, stored_warnings
from kb.store.rows import path_values, reason_of, reason_values
from kb.store.tables import contents, documents
from kb.store.versions import keep_version
from kb.types import (
    EVERY_DOCUMENT,
    DocumentFilter,
    DocumentOrder,
    DocumentRecord,
    DocumentState,
    Reason,
)

_ORDERS: dict[DocumentOrder, ColumnElement[Any]] = {
    "document": documents.c.sort_key,
    # The worst first: that is what people look for.
    "health": case({"red": 0, "amber": 1, "green": 2}, value=documents.c.health),
    "reason": documents.c.reason_code,
    "state": documents.c.state,
    "pages": contents.c.page_count,
    "passages": contents.c.passage_count,
    "size": documents.c.size,
    "updated": documents.c.updated_at,
    "format": documents.c.format,
}
# They may be unknown, which is neither more nor less than what is known: it stands last.
_UNKNOWN_LAST = ("health", "reason", "pages", "passages", "format")
_OF_CONTENTS = ("pages", "passages")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog remembers of a document's file. ``content_id`` is None until it was read."""

    document_id: int
    sha256: str | None
    content_id: int | None
    state: DocumentState


class Documents:
    """The documents table; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def page(
        self,
        kb_id: str,
        wanted: DocumentFilter = EVERY_DOCUMENT,
        *,
        offset: int = 0,
        limit: int | None = 100,
        order: DocumentOrder = "document",
        descending: bool = False,
    ) -> list[DocumentRecord]:
        """List ``limit`` documents from ``offset``."""
        chosen = _filtered(select(documents.c.id), kb_id, wanted)
        if order in _OF_CONTENTS:
            chosen = chosen.outerjoin(contents, documents.c.content_id == contents.c.id)
        # Only what is shown is read whole: else a far page takes up to ten times as long.
        chosen = chosen.order_by(*_ordered(order, descending)).offset(offset)
        if limit is not None:
            chosen = chosen.limit(limit)
        query = _select().where(documents.c.id.in_(chosen)).order_by(*_ordered(order, descending))
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def count(self, kb_id: str, wanted: DocumentFilter = EVERY_DOCUMENT) -> int:
        """Count the documents that `page` would list."""
        query = _filtered(select(func.count()).select_from(documents), kb_id, wanted)
        with self._db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def get(self, kb_id: str, document_id: int) -> DocumentRecord:
        """Get one document by its number.

        Raises:
            NotFoundError: there is none in this knowledge base.
        """
        with self._db.read() as connection:
            row = connection.execute(
                _select().where(documents.c.kb_id == kb_id, documents.c.id == document_id)
            ).first()
        if row is None:
            raise not_found(str(document_id))
        return _record(row)

    def find(self, kb_id: str, name: str) -> DocumentRecord:
        """Get one document by its path, else its number, else its bare file name.

        Raises:
            NotFoundError: nothing fits.
            AmbiguousNameError: the file name stands in several folders.
        """
        here = _select().where(documents.c.kb_id == kb_id)
        with self._db.read() as connection:
            row = connection.execute(here.where(documents.c.path == name)).first()
            if row is None and name.isdecimal():
                row = connection.execute(here.where(documents.c.id == int(name))).first()
            if row is not None:
                return _record(row)
            rows = connection.execute(
                here.where(documents.c.path.endswith("/" + name, autoescape=True)).order_by(
                    documents.c.path
                )
            ).all()
        # SQL compares letters regardless of case here; names are told apart exactly.
        rows = [row for row in rows if row.path.endswith("/" + name)]
        if not rows:
            raise not_found(name)
        if len(rows) > 1:
            candidates = [row.path for row in rows]
            raise AmbiguousNameError(
                f"{name} fits {len(rows)} documents: {', '.join(candidates[:10])}",
                name=name,
                candidates=candidates,
            )
        return _record(rows[0])

    def known(self, kb_id: str, path: str) -> KnownFile | None:
        """What is remembered of the document with exactly this path."""
        with self._db.read() as connection:
            row = connection.execute(
                select(
                    documents.c.id, documents.c.sha256, documents.c.content_id, documents.c.state
                ).where(documents.c.kb_id == kb_id, documents.c.path == path)
            ).first()
        return None if row is None else KnownFile(row.id, row.sha256, row.content_id, row.state)

    def source(self, kb_id: str, path: str) -> str | None:
        """Where the document with exactly this path comes from; None where there is none."""
        with self._db.read() as connection:
            return connection.execute(
                select(documents.c.source).where(
                    documents.c.kb_id == kb_id, documents.c.path == path
                )
            ).scalar()

    def names(self, kb_id: str) -> set[str]:
        """The paths of all documents."""
        with self._db.read() as connection:
            return set(
                connection.execute(
                    select(documents.c.path).where(documents.c.kb_id == kb_id)
                ).scalars()
            )

    def content_id(self, kb_id: str, document_id: int) -> int | None:
        """The content that a document answers from; None where there is none yet."""
        with self._db.read() as connection:
            return connection.execute(
                select(documents.c.content_id).where(
                    documents.c.kb_id == kb_id, documents.c.id == document_id
                )
            ).scalar()

    def begin(
        self, kb_id: str, path: str, *, size: int, mtime: float, source: str, created_by: str
    ) -> int:
        """Note that a file is being taken in and return its document's number.

        A document that already answers keeps its state until the new version is published.
        """
        now = time.time()
        with self._db.write(durable=False) as connection:
            row = connection.execute(
                select(documents.c.id, documents.c.content_id).where(
                    documents.c.kb_id == kb_id, documents.c.path == path
                )
            ).first()
            if row is None:
                done = connection.execute(
                    insert(documents).values(
                        kb_id=kb_id,
                        **path_values(path),
                        state="processing",
                        size=size,
                        mtime=mtime,
                        source=source,
                        owner=created_by,
                        created_by=created_by,
                        created_at=now,
                        updated_at=now,
                    )
                )
                assert done.inserted_primary_key is not None  # noqa: S101 - always there for one row
                return int(done.inserted_primary_key[0])
            if row.content_id is None:
                connection.execute(
                    update(documents)
                    .where(documents.c.id == row.id)
                    .values(
                        state="processing",
                        **reason_values(None),
                        health=None,
                        warnings=None,
                        updated_at=now,
                    )
                )
            return int(row.id)

    def refuse(
        self,
        document_id: int,
        state: DocumentState,
        reason: Reason,
        *,
        format_name: str | None,
        sha256: str | None,
        size: int,
    ) -> bool:
        """Record that a file could not be read.

        A document that has an earlier version goes on answering from it and is shown as partial;
        returns whether that is so.
        """
        with self._db.write() as connection:
            content_id = connection.execute(
                select(documents.c.content_id).where(documents.c.id == document_id)
            ).scalar()
            values: dict[str, Any] = {
                "state": state,
                **reason_values(reason),
                "health": "red",
                "warnings": None,
                "format": format_name,
                "sha256": sha256,
                "size": size,
            }
            if content_id is not None:
                params = {"code": reason.code, "params": dict(reason.params)}
                health, _ = judge_content(connection, content_id, "partial")
                values = {
                    "state": "partial",
                    **reason_values(Reason("new_version_failed", params)),
                    "health": health,
                }
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(updated_at=time.time(), **values)
            )
        return content_id is not None

    def publish(
        self,
        document_id: int,
        content_id: int,
        state: DocumentState,
        reason: Reason | None,
        *,
        sha256: str,
        size: int,
        mtime: float,
        keeps_original: bool = False,
    ) -> None:
        """Let a document answer from a content; its former content dies in the same moment.

        What it was until now becomes an earlier version, if it had other bytes; with
        ``keeps_original`` its file too.
        """
        now = time.time()
        with self._db.write() as connection:
            document = connection.execute(
                select(documents).where(documents.c.id == document_id)
            ).one()
            content = connection.execute(
                select(contents.c.live, contents.c.format).where(contents.c.id == content_id)
            ).one()
            if not content.live:
                connection.execute(
                    update(contents).where(contents.c.id == content_id).values(live=True)
                )
                record_change(connection, document.kb_id, "add", content_id)
            health, warnings = judge_content(connection, content_id, state)
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    content_id=content_id,
                    state=state,
                    health=health,
                    warnings=warnings,
                    **reason_values(reason),
                    format=content.format,
                    sha256=sha256,
                    size=size,
                    mtime=mtime,
                    updated_at=now,
                )
            )
            if document.content_id is not None and document.content_id != content_id:
                if document.sha256 != sha256:
                    keep_version(connection, document, "changed", has_original=keeps_original)
                release_content(connection, document.kb_id, document.content_id)

    def forget(self, kb_id: str, path: str) -> None:
        """Take back `begin` for a document that was never read; one that answers stays."""
        with self._db.write() as connection:
            connection.execute(
                delete(documents).where(
                    documents.c.kb_id == kb_id,
                    documents.c.path == path,
                    documents.c.content_id.is_(None),
                )
            )

    def reset_unfinished(self) -> int:
        """Queue again the documents that were being read when the process died; count them."""
        with self._db.write() as connection:
            done = connection.execute(
                update(documents).where(documents.c.state == "processing").values(state="queued")
            )
            return int(done.rowcount)


def _ordered(order: DocumentOrder, descending: bool) -> list[ColumnElement[Any]]:
    """How rows are sorted; those that are alike by their numbers, so that pages never overlap."""
    column = _ORDERS[order]
    directed: list[ColumnElement[Any]] = [column, documents.c.id]
    if descending:
        directed = [each.desc() for each in directed]
    return [column.is_(None), *directed] if order in _UNKNOWN_LAST else directed


def _select() -> Select[Any]:
    return select(
        documents,
        contents.c.encoding,
        contents.c.title,
        contents.c.page_count,
        contents.c.line_count,
        contents.c.passage_count,
        *TOTALS,
    ).select_from(documents.outerjoin(contents, documents.c.content_id == contents.c.id))


def _filtered(query: Select[Any], kb_id: str, wanted: DocumentFilter) -> Select[Any]:
    query = query.where(documents.c.kb_id == kb_id)
    if wanted.states is not None:
        query = query.where(documents.c.state.in_(wanted.states))
    if wanted.health is not None:
        query = query.where(documents.c.health.in_(wanted.health))
    if wanted.contains:
        query = query.where(documents.c.path.contains(wanted.contains, autoescape=True))
    return query


def _record(row: Row[Any]) -> DocumentRecord:
    return DocumentRecord(
        document_id=row.id,
        kb_id=row.kb_id,
        document=row.path,
        state=row.state,
        reason=reason_of(row.reason_code, row.reason_params),
        format=row.format,
        encoding=row.encoding,
        title=row.title,
        size=row.size,
        pages=row.page_count,
        lines=row.line_count or 0,
        passages=row.passage_count or 0,
        owner=row.owner,
        created_at=row.created_at,
        updated_at=row.updated_at,
        health=row.health,
        warnings=stored_warnings(row.warnings),
        characters=row.characters,
        readable=row.readable,
        confidence=row.confidence,
        ocr_pages=row.ocr_pages,
        empty_pages=row.empty_pages,
        tables=row.table_count,
    )


def not_found(name: str) -> NotFoundError:
    """Make the error that tells that there is no such document."""
    return NotFoundError(f"no document {name}", kind="document", name=name)
