"""Questions to the catalog about itself: does it hold together, and what is left over in it."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text, update

from kb.store.changes import record_change
from kb.store.database import Database
from kb.store.tables import contents, documents, knowledge_bases, passages, vectors

_READABLE = ("ready", "partial")


class Integrity:
    """Checks of the catalog; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file: damaged pages, rows that point nowhere."""
        with self._db.read() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(20)"))]
            found += [
                f"{row[0]} {row[1]} → {row[2]}"
                for row in connection.execute(text("PRAGMA foreign_key_check")).fetchmany(20)
            ]
        return [each for each in found if each != "ok"]

    def documents_without_text(self, kb_id: str) -> list[str]:
        """Documents that are said to answer and have no living text, or not all of it."""
        query = (
            select(documents.c.path)
            .select_from(documents.outerjoin(contents, documents.c.content_id == contents.c.id))
            .where(
                documents.c.kb_id == kb_id,
                documents.c.state.in_(_READABLE),
                or_(contents.c.id.is_(None), contents.c.live.is_(False), _is_incomplete()),
            )
            .order_by(documents.c.path)
        )
        with self._db.read() as connection:
            return list(connection.execute(query).scalars())

    def unused_texts(self, kb_id: str) -> list[int]:
        """Living contents that no document answers from."""
        with self._db.read() as connection:
            return list(connection.execute(_unused(kb_id)).scalars())

    def drop_unused_texts(self, kb_id: str) -> int:
        """Let living contents die that no document answers from; count them."""
        with self._db.write() as connection:
            found = list(connection.execute(_unused(kb_id)).scalars())
            for content_id in found:
                connection.execute(
                    update(contents)
                    .where(contents.c.id == content_id)
                    .values(live=False, dead_since=time.time())
                )
                record_change(connection, kb_id, "remove", content_id)
        return len(found)

    def passage_counts(self, kb_id: str) -> tuple[int, int, int]:
        """Living passages, those of them with a vector of the embedder in use, and the last change.

        All as of one moment.
        """
        living = (
            select(func.count())
            .select_from(passages.join(contents, contents.c.id == passages.c.content_id))
            .where(contents.c.kb_id == kb_id, contents.c.live)
        )
        embedded = (
            select(func.count())
            .select_from(
                vectors.join(passages, passages.c.id == vectors.c.passage_id)
                .join(contents, contents.c.id == passages.c.content_id)
                .join(knowledge_bases, knowledge_bases.c.id == contents.c.kb_id)
            )
            .where(
                contents.c.kb_id == kb_id,
                contents.c.live,
                vectors.c.embedder == knowledge_bases.c.embedder,
            )
        )
        number = select(knowledge_bases.c.change_number).where(knowledge_bases.c.id == kb_id)
        with self._db.read() as connection:
            return (
                int(connection.execute(living).scalar_one()),
                int(connection.execute(embedded).scalar_one()),
                int(connection.execute(number).scalar_one()),
            )

    def originals(self, kb_id: str) -> list[tuple[str, str | None]]:
        """Documents that were read and whose originals the product keeps: path and checksum."""
        query = select(documents.c.path, documents.c.sha256).where(
            documents.c.kb_id == kb_id,
            documents.c.state.in_(_READABLE),
            documents.c.source != "linked",
        )
        with self._db.read() as connection:
            return [(row.path, row.sha256) for row in connection.execute(query)]


def _is_incomplete() -> ColumnElement[bool]:
    """Whether a content has fewer passages, or vectors of its embedder, than were written."""

    def count(joined: Any, *more: Any) -> Any:
        return (
            select(func.count())
            .select_from(joined)
            .where(passages.c.content_id == contents.c.id, *more)
            .scalar_subquery()
        )

    embedded = passages.join(vectors, vectors.c.passage_id == passages.c.id)
    return or_(
        count(passages) != contents.c.passage_count,
        count(embedded, vectors.c.embedder == contents.c.embedder) != contents.c.passage_count,
    )


def _unused(kb_id: str) -> Select[Any]:
    return select(contents.c.id).where(
        and_(
            contents.c.kb_id == kb_id,
            contents.c.live,
            ~exists().where(documents.c.content_id == contents.c.id),
        )
    )
