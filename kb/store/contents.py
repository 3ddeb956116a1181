"""Contents, that is what files say: written in batches, published by documents, purged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, literal, select, update

from kb.store.catalog import take_ids
from kb.store.database import ROWS_AT_ONCE, Database
from kb.store.health import page_values, total_values
from kb.store.rows import place_values, reason_of
from kb.store.sheets import PackedPart, purge_tables, write_parts
from kb.store.statutes import record_names
from kb.store.tables import (
    content_ranges,
    contents,
    lines,
    page_health,
    pages,
    passages,
    statute_names,
    vectors,
)
from kb.store.vectors import vector_values
from kb.store.versions import is_version
from kb.types import Line, PageHealth, PageText, Passage, Reason

# The text of a page may have several hundred thousand characters.
_PAGES_AT_ONCE = 50
# What was written of a file before its embedder failed waits so long for another try.
_SET_ASIDE_SECONDS = 3 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class ContentBatch:
    """A part of a content that is written in one transaction.

    ``vectors`` has shape (len(passages), dim). ``first_line`` is the position of ``lines[0]``,
    from which the positions of the passages count, but not those of the tables.
    """

    pages: Sequence[PageText] = ()
    lines: Sequence[Line] = ()
    passages: Sequence[Passage] = ()
    vectors: NDArray[np.float32] | None = None
    first_line: int = 0
    first_page: int = 0
    tables: Sequence[PackedPart] = ()


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What is known of a content once it was read to its end."""

    format: str
    encoding: str | None
    page_count: int | None
    missing: Reason | None = None
    warnings: tuple[str, ...] = ()
    pages: tuple[PageHealth, ...] = ()


class Contents:
    """Contents and all that hangs on them; every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, kb_id: str, sha256: str, embedder: str) -> tuple[int, Reason | None] | None:
        """Find a live content with these bytes and embedder: (its id, what is missing of it)."""
        with self._db.read() as connection:
            row = connection.execute(
                select(contents.c.id, contents.c.missing_code, contents.c.missing_params).where(
                    contents.c.kb_id == kb_id,
                    contents.c.sha256 == sha256,
                    contents.c.embedder == embedder,
                    contents.c.live,
                )
            ).first()
        if row is None:
            return None
        missing = reason_of(row.missing_code, row.missing_params)
        return int(row.id), missing

    def open(self, kb_id: str, sha256: str, embedder: str, *, title: str) -> int:
        """Begin a content; nothing finds it before a document is published with it."""
        with self._db.write(durable=False) as connection:
            done = connection.execute(
                insert(contents).values(
                    kb_id=kb_id,
                    sha256=sha256,
                    embedder=embedder,
                    title=title,
                    live=False,
                    line_count=0,
                    passage_count=0,
                    created_at=time.time(),
                )
            )
            assert done.inserted_primary_key is not None  # noqa: S101 - always there for one row
            return int(done.inserted_primary_key[0])

    def take_up(self, kb_id: str, sha256: str, embedder: str, *, title: str) -> int | None:
        """Find a content whose writing was broken off, to go on with it.

        It has the same bytes, embedder and title.
        """
        with self._db.write(durable=False) as connection:
            found = connection.execute(
                select(contents.c.id)
                .where(
                    contents.c.kb_id == kb_id,
                    contents.c.sha256 == sha256,
                    contents.c.embedder == embedder,
                    contents.c.title == title,
                    contents.c.live.is_(False),
                    contents.c.dead_since.is_(None) | (contents.c.dead_since > time.time()),
                    ~is_version(contents.c.id),
                )
                .order_by(contents.c.id.desc())
            ).scalar()
            if found is None:
                return None
            connection.execute(
                update(contents).where(contents.c.id == found).values(dead_since=None)
            )
        return int(found)

    def extent(self, content_id: int) -> tuple[int, int]:
        """How many lines and pages of a content are written."""
        with self._db.read() as connection:
            count = connection.execute(
                select(contents.c.line_count).where(contents.c.id == content_id)
            ).scalar_one()
            last = connection.execute(
                select(func.max(pages.c.position)).where(pages.c.content_id == content_id)
            ).scalar()
        return int(count), 0 if last is None else int(last) + 1

    def written(self, content_id: int, first: int, last: int) -> list[tuple[str, str]]:
        """Heading and text of the passages that begin in the lines [first, last]."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(passages.c.heading, passages.c.text)
                .where(
                    passages.c.content_id == content_id,
                    passages.c.first_line.between(first, last),
                )
                .order_by(passages.c.first_line, passages.c.id)
            ).all()
        return [(row.heading, row.text) for row in rows]

    def append(self, content_id: int, batch: ContentBatch, embedder: str) -> None:
        """Write a part of a content in one transaction."""
        with self._db.write(durable=False) as connection:
            if batch.pages:
                connection.execute(
                    insert(pages),
                    [
                        {
                            "content_id": content_id,
                            "position": batch.first_page + number,
                            "page": page.page,
                            "sheet": page.sheet,
                            "text": page.text,
                        }
                        for number, page in enumerate(batch.pages)
                    ],
                )
            if batch.lines:
                connection.execute(
                    insert(lines),
                    [
                        {
                            "content_id": content_id,
                            "position": batch.first_line + number,
                            "text": line.text,
                            "glue": line.glue,
                            "heading": line.heading,
                            "is_heading": line.is_heading,
                            "group_key": line.group,
                            **place_values(line.place),
                        }
                        for number, line in enumerate(batch.lines)
                    ],
                )
            if batch.passages:
                first = take_ids(connection, "passage", len(batch.passages))
                connection.execute(
                    insert(content_ranges).values(
                        content_id=content_id,
                        first_passage_id=first,
                        passage_count=len(batch.passages),
                    )
                )
                connection.execute(
                    insert(passages),
                    [
                        {
                            "id": first + number,
                            "content_id": content_id,
                            "first_line": batch.first_line + passage.first_line,
                            "last_line": batch.first_line + passage.last_line,
                            "text": passage.text,
                            "heading": passage.heading,
                            "group_key": passage.group,
                            **place_values(passage.place),
                        }
                        for number, passage in enumerate(batch.passages)
                    ],
                )
                if batch.vectors is not None:
                    ids = range(first, first + len(batch.passages))
                    connection.execute(insert(vectors), vector_values(ids, batch.vectors, embedder))
            write_parts(connection, content_id, batch.tables)
            connection.execute(
                update(contents)
                .where(contents.c.id == content_id)
                .values(
                    line_count=contents.c.line_count + len(batch.lines),
                    passage_count=contents.c.passage_count + len(batch.passages),
                )
            )

    def finish(self, content_id: int, facts: ContentFacts) -> None:
        """Record what is known of a content after its last batch."""
        former = delete(page_health).where(page_health.c.content_id == content_id)
        *earlier, last = [*page_values(content_id, facts.pages)] or [[]]
        for number, rows in enumerate(earlier):
            with self._db.write(durable=False) as connection:
                if not number:
                    connection.execute(former)
                connection.execute(insert(page_health), rows)
        with self._db.write(durable=False) as connection:
            if not earlier:
                connection.execute(former)
            if last:
                connection.execute(insert(page_health), last)
            connection.execute(
                update(contents)
                .where(contents.c.id == content_id)
                .values(
                    format=facts.format,
                    encoding=facts.encoding,
                    page_count=facts.page_count,
                    missing_code=facts.missing.code if facts.missing else None,
                    missing_params=dict(facts.missing.params) if facts.missing else None,
                    warnings=list(facts.warnings),
                    **total_values(facts.pages),
                )
            )
            record_names(connection, content_id)

    def discard(self, content_id: int) -> None:
        """Give up a content that was not published; `purge` takes its rows."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                update(contents)
                .where(contents.c.id == content_id, contents.c.live.is_(False))
                .values(dead_since=time.time())
            )

    def set_aside(self, content_id: int) -> None:
        """Keep a content that was not published for some days, in which `take_up` finds it."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                update(contents)
                .where(contents.c.id == content_id, contents.c.live.is_(False))
                .values(dead_since=time.time() + _SET_ASIDE_SECONDS)
            )

    def discard_unpublished(self) -> int:
        """Give up contents whose writing was interrupted and count them. Only at start-up."""
        with self._db.write(durable=False) as connection:
            done = connection.execute(
                update(contents)
                .where(
                    contents.c.live.is_(False),
                    contents.c.dead_since.is_(None),
                    ~is_version(contents.c.id),
                )
                .values(dead_since=time.time())
            )
            return int(done.rowcount)

    def purge(self) -> bool:
        """Delete some rows of dead contents; returns whether there is more to delete.

        Of an earlier version of a document the pages stay.
        """
        with self._db.write(durable=False) as connection:
            content_id = connection.execute(
                select(contents.c.id).where(contents.c.dead_since <= time.time()).limit(1)
            ).scalar()
            if content_id is None:
                return False
            ids = list(
                connection.execute(
                    select(passages.c.id)
                    .where(passages.c.content_id == content_id)
                    .limit(ROWS_AT_ONCE)
                ).scalars()
            )
            if ids:
                connection.execute(delete(vectors).where(vectors.c.passage_id.in_(ids)))
                connection.execute(delete(passages).where(passages.c.id.in_(ids)))
                return True
            positions = list(
                connection.execute(
                    select(lines.c.position)
                    .where(lines.c.content_id == content_id)
                    .limit(ROWS_AT_ONCE)
                ).scalars()
            )
            if positions:
                connection.execute(
                    delete(lines).where(
                        lines.c.content_id == content_id, lines.c.position.in_(positions)
                    )
                )
                return True
            kept = connection.execute(select(is_version(literal(content_id)))).scalar_one()
            numbers = (
                []
                if kept
                else list(
                    connection.execute(
                        select(pages.c.position)
                        .where(pages.c.content_id == content_id)
                        .limit(_PAGES_AT_ONCE)
                    ).scalars()
                )
            )
            if numbers:
                connection.execute(
                    delete(pages).where(
                        pages.c.content_id == content_id, pages.c.position.in_(numbers)
                    )
                )
                return True
            if purge_tables(connection, content_id):
                return True
            for table in (page_health, content_ranges, statute_names):
                connection.execute(delete(table).where(table.c.content_id == content_id))
            if kept:
                connection.execute(
                    update(contents).where(contents.c.id == content_id).values(dead_since=None)
                )
            else:
                connection.execute(delete(contents).where(contents.c.id == content_id))
            return True
