"""Pages, lines and passages of contents, read by place or by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from kb.store.database import Database
from kb.store.rows import place_of
from kb.store.tables import contents, documents, knowledge_bases, lines, pages, passages
from kb.types import Line, PageText, Passage


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


class Passages:
    """What contents say; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def pages(self, content_id: int) -> list[PageText]:
        """The pages of a content in order; parts of one long page are joined again."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(pages).where(pages.c.content_id == content_id).order_by(pages.c.position)
            ).all()
        # A long text has hundreds of parts: they are joined once, not one by one.
        return [
            PageText(page, sheet, "\n".join(row.text for row in parts))
            for (page, sheet), parts in groupby(rows, lambda row: (row.page, row.sheet))
        ]

    def of_content(
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
                place=place_of(row),
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


def _passage(row: Row[Any]) -> Passage:
    return Passage(
        first_line=row.first_line,
        last_line=row.last_line,
        text=row.text,
        heading=row.heading,
        group=row.group_key,
        place=place_of(row),
    )
