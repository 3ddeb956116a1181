"""What files say: pages, lines, passages and vectors, written in batches, read by place."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, delete, func, insert, select, update

from kb.store.catalog import take_ids
from kb.store.database import Database
from kb.store.health import page_values, total_values
from kb.store.rows import reason_of
from kb.store.tables import (
    content_ranges,
    contents,
    documents,
    knowledge_bases,
    lines,
    page_health,
    pages,
    passages,
    vectors,
)
from kb.types import Line, PageHealth, PageText, Passage, Place, Reason

# Rows deleted in one write transaction: keeps it well under 100 ms.
_PURGE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ContentBatch:
    """A part of a content that is written in one transaction.

    ``vectors`` has shape (len(passages), dim). ``first_line`` is the position of ``lines[0]``.
    """

    pages: Sequence[PageText] = ()
    lines: Sequence[Line] = ()
    passages: Sequence[Passage] = ()
    vectors: NDArray[np.float32] | None = None
    first_line: int = 0
    first_page: int = 0


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What is known of a content once it was read to its end."""

    format: str
    encoding: str | None
    page_count: int | None
    missing: Reason | None = None
    warnings: tuple[str, ...] = ()
    pages: tuple[PageHealth, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A live passage with the document it is shown under."""

    passage_id: int
    kb_id: str
    kb_name: str
    content_id: int
    document_id: int
    document: str
    passage: Passage = field(repr=False)


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """What the indexes take of a passage."""

    passage_id: int
    title: str
    heading: str
    body: str


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
        with self._db.write() as connection:
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

    def append(self, content_id: int, batch: ContentBatch, embedder: str) -> None:
        """Write a part of a content in one transaction."""
        with self._db.write() as connection:
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
                            **_place_values(line.place),
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
                            "first_line": passage.first_line,
                            "last_line": passage.last_line,
                            "text": passage.text,
                            "heading": passage.heading,
                            "group_key": passage.group,
                            **_place_values(passage.place),
                        }
                        for number, passage in enumerate(batch.passages)
                    ],
                )
                if batch.vectors is not None:
                    connection.execute(
                        insert(vectors),
                        [
                            {
                                "passage_id": first + number,
                                "embedder": embedder,
                                "vector": row.tobytes(),
                            }
                            for number, row in enumerate(batch.vectors.astype(np.float16))
                        ],
                    )
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
        for rows in page_values(content_id, facts.pages):
            with self._db.write() as connection:
                connection.execute(insert(page_health), rows)
        with self._db.write() as connection:
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

    def discard(self, content_id: int) -> None:
        """Give up a content that was not published; `purge` takes its rows."""
        with self._db.write() as connection:
            connection.execute(
                update(contents)
                .where(contents.c.id == content_id, contents.c.live.is_(False))
                .values(dead_since=time.time())
            )

    def discard_unpublished(self) -> int:
        """Give up contents whose writing was interrupted and count them. Only at start-up."""
        with self._db.write() as connection:
            done = connection.execute(
                update(contents)
                .where(contents.c.live.is_(False), contents.c.dead_since.is_(None))
                .values(dead_since=time.time())
            )
            return int(done.rowcount)

    def purge(self) -> bool:
        """Delete some rows of dead contents; returns whether there is more to delete."""
        with self._db.write() as connection:
            content_id = connection.execute(
                select(contents.c.id).where(contents.c.dead_since.is_not(None)).limit(1)
            ).scalar()
            if content_id is None:
                return False
            ids = list(
                connection.execute(
                    select(passages.c.id)
                    .where(passages.c.content_id == content_id)
                    .limit(_PURGE_ROWS)
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
                    .limit(_PURGE_ROWS)
                ).scalars()
            )
            if positions:
                connection.execute(
                    delete(lines).where(
                        lines.c.content_id == content_id, lines.c.position.in_(positions)
                    )
                )
                return True
            for table in (pages, page_health, content_ranges):
                connection.execute(delete(table).where(table.c.content_id == content_id))
            connection.execute(delete(contents).where(contents.c.id == content_id))
            return True

    def pages(self, content_id: int) -> list[PageText]:
        """The pages of a content in order; parts of one long page are joined again."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(pages).where(pages.c.content_id == content_id).order_by(pages.c.position)
            ).all()
        joined: list[PageText] = []
        for row in rows:
            if joined and (joined[-1].page, joined[-1].sheet) == (row.page, row.sheet):
                joined[-1] = PageText(row.page, row.sheet, joined[-1].text + "\n" + row.text)
            else:
                joined.append(PageText(row.page, row.sheet, row.text))
        return joined

    def passages(
        self, content_id: int, *, offset: int = 0, limit: int | None = None
    ) -> list[tuple[int, Passage]]:
        """The passages of a content in reading order, with their ids."""
        query = (
            select(passages)
            .where(passages.c.content_id == content_id)
            .order_by(passages.c.first_line, passages.c.id)
            .offset(offset)
        )
        if limit is not None:
            query = query.limit(limit)
        with self._db.read() as connection:
            return [(row.id, _passage(row)) for row in connection.execute(query)]

    def lines(self, content_id: int, first: int, last: int) -> list[Line]:
        """Lines [first, last] of a content, fewer at its ends."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(lines)
                .where(lines.c.content_id == content_id, lines.c.position.between(first, last))
                .order_by(lines.c.position)
            ).all()
        return [
            Line(
                text=row.text,
                place=_place(row),
                heading=row.heading,
                group=row.group_key,
                glue=row.glue,
                is_heading=row.is_heading,
            )
            for row in rows
        ]

    def found(self, passage_ids: Sequence[int]) -> dict[int, FoundPassage]:
        """Look up live passages by id; dead and unknown ids are left out."""
        if not passage_ids:
            return {}
        query = (
            select(
                passages,
                contents.c.kb_id,
                knowledge_bases.c.name.label("kb_name"),
                documents.c.id.label("document_id"),
                documents.c.path,
            )
            .select_from(
                passages.join(contents, passages.c.content_id == contents.c.id)
                .join(documents, documents.c.content_id == contents.c.id)
                .join(knowledge_bases, contents.c.kb_id == knowledge_bases.c.id)
            )
            .where(passages.c.id.in_(passage_ids), contents.c.live)
            .order_by(documents.c.id)
        )
        result: dict[int, FoundPassage] = {}
        with self._db.read() as connection:
            for row in connection.execute(query):
                # The same content under several names is shown under the name that came first.
                result.setdefault(
                    row.id,
                    FoundPassage(
                        passage_id=row.id,
                        kb_id=row.kb_id,
                        kb_name=row.kb_name,
                        content_id=row.content_id,
                        document_id=row.document_id,
                        document=row.path,
                        passage=_passage(row),
                    ),
                )
        return result

    def indexed(self, first: int, count: int) -> list[IndexedPassage]:
        """What the keyword index takes of live passages [first, first + count)."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(passages.c.id, passages.c.heading, passages.c.text, contents.c.title)
                .select_from(passages.join(contents, passages.c.content_id == contents.c.id))
                .where(passages.c.id.between(first, first + count - 1), contents.c.live)
                .order_by(passages.c.id)
            ).all()
        return [IndexedPassage(row.id, row.title or "", row.heading, row.text) for row in rows]

    def vectors(
        self, first: int, count: int, embedder: str, dim: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Vectors of live passages [first, first + count): ids (n,) and vectors (n, dim)."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(vectors.c.passage_id, vectors.c.vector)
                .select_from(
                    vectors.join(passages, passages.c.id == vectors.c.passage_id).join(
                        contents, passages.c.content_id == contents.c.id
                    )
                )
                .where(
                    vectors.c.passage_id.between(first, first + count - 1),
                    vectors.c.embedder == embedder,
                    contents.c.live,
                )
                .order_by(vectors.c.passage_id)
            ).all()
        ids = np.fromiter((row.passage_id for row in rows), dtype=np.int64, count=len(rows))
        matrix = np.frombuffer(b"".join(row.vector for row in rows), dtype=np.float16)
        return ids, matrix.reshape(len(rows), dim).astype(np.float32)

    def without_vectors(
        self, kb_id: str, embedder: str, limit: int
    ) -> list[tuple[int, str, str, str]]:
        """Live passages that lack a vector of ``embedder``: (id, title, heading, text)."""
        query = (
            select(passages.c.id, contents.c.title, passages.c.heading, passages.c.text)
            .select_from(
                passages.join(contents, passages.c.content_id == contents.c.id).outerjoin(
                    vectors,
                    (vectors.c.passage_id == passages.c.id) & (vectors.c.embedder == embedder),
                )
            )
            .where(contents.c.kb_id == kb_id, contents.c.live, vectors.c.passage_id.is_(None))
            .order_by(passages.c.id)
            .limit(limit)
        )
        with self._db.read() as connection:
            return [
                (row.id, row.title or "", row.heading, row.text)
                for row in connection.execute(query)
            ]

    def count_without_vectors(self, kb_id: str, embedder: str) -> int:
        """How many live passages lack a vector of ``embedder``."""
        query = (
            select(func.count())
            .select_from(
                passages.join(contents, passages.c.content_id == contents.c.id).outerjoin(
                    vectors,
                    (vectors.c.passage_id == passages.c.id) & (vectors.c.embedder == embedder),
                )
            )
            .where(contents.c.kb_id == kb_id, contents.c.live, vectors.c.passage_id.is_(None))
        )
        with self._db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def add_vectors(self, ids: Sequence[int], matrix: NDArray[np.float32], embedder: str) -> None:
        """Add vectors of another embedder for passages that exist."""
        with self._db.write() as connection:
            connection.execute(
                insert(vectors),
                [
                    {"passage_id": passage_id, "embedder": embedder, "vector": row.tobytes()}
                    for passage_id, row in zip(ids, matrix.astype(np.float16), strict=True)
                ],
            )

    def adopt_embedder(self, kb_id: str, embedder: str, dim: int) -> None:
        """Search a knowledge base with ``embedder`` from now on; all its vectors must be there."""
        with self._db.write() as connection:
            connection.execute(
                update(contents)
                .where(contents.c.kb_id == kb_id, contents.c.live)
                .values(embedder=embedder)
            )
            connection.execute(
                update(knowledge_bases)
                .where(knowledge_bases.c.id == kb_id)
                .values(embedder=embedder, dim=dim, updated_at=time.time())
            )

    def drop_other_vectors(self, kb_id: str, embedder: str) -> bool:
        """Delete some vectors of former embedders; returns whether there is more to delete."""
        with self._db.write() as connection:
            ids = list(
                connection.execute(
                    select(vectors.c.passage_id)
                    .select_from(
                        vectors.join(passages, passages.c.id == vectors.c.passage_id).join(
                            contents, contents.c.id == passages.c.content_id
                        )
                    )
                    .where(contents.c.kb_id == kb_id, vectors.c.embedder != embedder)
                    .limit(_PURGE_ROWS)
                ).scalars()
            )
            if not ids:
                return False
            connection.execute(
                delete(vectors).where(vectors.c.passage_id.in_(ids), vectors.c.embedder != embedder)
            )
            return True


def in_batches(ranges: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Cut long id ranges so that none has more than ``size`` ids."""
    for first, count in ranges:
        for start in range(first, first + count, size):
            yield start, min(size, first + count - start)


def _place_values(place: Place) -> dict[str, Any]:
    return {
        "page": place.page,
        "boxes": [list(box) for box in place.boxes] or None,
        "sheet": place.sheet,
        "row_number": place.row,
        "column_letter": place.column,
        "paragraph": place.paragraph,
    }


def _place(row: Row[Any]) -> Place:
    return Place(
        page=row.page,
        boxes=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in row.boxes or ()),
        sheet=row.sheet,
        row=row.row_number,
        column=row.column_letter,
        paragraph=row.paragraph,
    )


def _passage(row: Row[Any]) -> Passage:
    return Passage(
        first_line=row.first_line,
        last_line=row.last_line,
        text=row.text,
        heading=row.heading,
        group=row.group_key,
        place=_place(row),
    )
