"""Pages, lines and passages of contents, read by place or by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from kb.errors import NotFoundError
from kb.store.database import Database
from kb.store.rows import place_from, place_of
from kb.store.selections import conditions
from kb.store.tables import (
    contents,
    documents,
    knowledge_bases,
    lines,
    pages,
    passages,
)
from kb.types import WHOLE, Line, PagePart, PagePlace, PageText, Passage, SearchFilter

# A piece of a page has some ten thousand characters.
_PARTS_AT_ONCE = 16
_PASSAGES_AT_ONCE = 1_000


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
    content_id: int
    title: str
    heading: str
    body: str


# Each question runs these many times: making a statement takes as long as running it.
_LINES = (
    select(lines)
    .where(
        lines.c.content_id == bindparam("content_id"),
        lines.c.position.between(bindparam("first"), bindparam("last")),
    )
    .order_by(lines.c.position)
)
_FOUND = (
    select(
        passages.c.id,
        passages.c.content_id,
        passages.c.first_line,
        passages.c.last_line,
        passages.c.text,
        passages.c.heading,
        passages.c.group_key,
        passages.c.page,
        passages.c.boxes,
        passages.c.sheet,
        passages.c.row_number,
        passages.c.column_letter,
        passages.c.paragraph,
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
    .where(passages.c.id.in_(bindparam("ids", expanding=True)), contents.c.live)
    .order_by(documents.c.id)
)


class Passages:
    """What contents say; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def pages(self, content_id: int) -> Iterator[PagePart]:
        """Read the pages of a content in order, a few pieces at a time.

        Raises:
            NotFoundError: the content was purged meanwhile.
        """
        before: tuple[int | None, str | None] | None = None
        count = self._page_parts(content_id)
        for first in range(0, count, _PARTS_AT_ONCE):
            stop = min(first + _PARTS_AT_ONCE, count)
            with self._db.read() as connection:
                rows = connection.execute(
                    select(pages)
                    .where(
                        pages.c.content_id == content_id,
                        pages.c.position.between(first, stop - 1),
                    )
                    .order_by(pages.c.position)
                ).all()
            if len(rows) < stop - first:
                raise _purged(content_id)
            for row in rows:
                key = (row.page, row.sheet)
                yield PagePart(row.page, row.sheet, row.text, begins=key != before)
                before = key

    def page_places(self, content_id: int) -> list[PagePlace]:
        """Which pages a content's text has, piece by piece and without the text."""
        query = (
            select(pages.c.position, pages.c.page, pages.c.sheet)
            .where(pages.c.content_id == content_id)
            .order_by(pages.c.position)
        )
        with self._db.read() as connection:
            return [
                PagePlace(row.position, row.page, row.sheet) for row in connection.execute(query)
            ]

    def page_text(self, content_id: int, position: int) -> PageText:
        """One piece of a content's text.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            row = connection.execute(
                select(pages).where(pages.c.content_id == content_id, pages.c.position == position)
            ).first()
        if row is None:
            raise _purged(content_id)
        return PageText(row.page, row.sheet, row.text)

    def _page_parts(self, content_id: int) -> int:
        with self._db.read() as connection:
            last = connection.execute(
                select(func.max(pages.c.position)).where(pages.c.content_id == content_id)
            ).scalar()
        return 0 if last is None else int(last) + 1

    def of_content(
        self, content_id: int, *, offset: int = 0, limit: int
    ) -> list[tuple[int, Passage]]:
        """``limit`` passages of a content in reading order, with their ids."""
        query = _in_order(content_id).offset(offset).limit(limit)
        with self._db.read() as connection:
            return [(row.id, _passage(row)) for row in connection.execute(query)]

    def each_of_content(self, content_id: int) -> Iterator[tuple[int, Passage]]:
        """Read the passages of a content in reading order, with their ids, some at a time."""
        query = _in_order(content_id).limit(_PASSAGES_AT_ONCE)
        line = last = -1
        while True:
            # Where the last ones ended; skipping rows by number takes longer each time.
            beyond = (passages.c.first_line > line) | (passages.c.id > last)
            with self._db.read() as connection:
                rows = connection.execute(query.where(passages.c.first_line >= line, beyond)).all()
            if not rows:
                return
            yield from ((row.id, _passage(row)) for row in rows)
            line, last = rows[-1].first_line, rows[-1].id

    def lines(self, content_id: int, first: int, last: int) -> list[Line]:
        """Lines [first, last] of a content, fewer at its ends."""
        wanted = {"content_id": content_id, "first": first, "last": last}
        with self._db.read() as connection:
            rows = connection.execute(_LINES, wanted).all()
        return [_line(row) for row in rows]

    def lines_of(self, passage_ids: Sequence[int]) -> list[Line]:
        """Lines of these passages of one content, in reading order."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(lines)
                .join(
                    passages,
                    (passages.c.content_id == lines.c.content_id)
                    & lines.c.position.between(passages.c.first_line, passages.c.last_line),
                )
                .where(passages.c.id.in_(passage_ids))
                .order_by(lines.c.position)
            ).all()
        return [_line(row) for row in rows]

    def found(
        self, passage_ids: Sequence[int], wanted: SearchFilter = WHOLE
    ) -> dict[int, FoundPassage]:
        """Look up live passages by id; dead and unknown ids, and what is not wanted, are left out.

        Each is shown under the name of a document that is wanted.
        """
        if not passage_ids:
            return {}
        result: dict[int, FoundPassage] = {}
        query, readable = _FOUND.where(*conditions(wanted)), wanted.document_ids
        with self._db.read() as connection:
            rows = connection.execute(query, {"ids": list(passage_ids)}).all()
        # Each question has hundreds of them: to ask a row for its columns by name takes longer than
        # to read it.
        for passage_id, content_id, first, last, text, heading, group, *place_and_document in rows:
            *place, kb_id, kb_name, document_id, path = place_and_document
            if readable is not None and document_id not in readable:
                continue
            # The same content under several names is shown under the name that came first.
            if passage_id not in result:
                passage = Passage(first, last, text, heading, group, place_from(*place))
                result[passage_id] = FoundPassage(
                    passage_id, kb_id, kb_name, content_id, document_id, path, passage
                )
        return result

    def indexed(self, first: int, count: int) -> list[IndexedPassage]:
        """What the keyword index takes of live passages [first, first + count)."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(
                    passages.c.id,
                    passages.c.content_id,
                    passages.c.heading,
                    passages.c.text,
                    contents.c.title,
                )
                .select_from(passages.join(contents, passages.c.content_id == contents.c.id))
                .where(passages.c.id.between(first, first + count - 1), contents.c.live)
                .order_by(passages.c.id)
            ).all()
        return [indexed_passage(row) for row in rows]


def indexed_passage(row: Any) -> IndexedPassage:
    """Return what the indexes take of a row with these columns of a passage and its content."""
    return IndexedPassage(row.id, row.content_id, row.title or "", row.heading, row.text)


def _in_order(content_id: int) -> Select[Any]:
    return (
        select(passages)
        .where(passages.c.content_id == content_id)
        .order_by(passages.c.first_line, passages.c.id)
    )


def _purged(content_id: int) -> NotFoundError:
    return NotFoundError(
        f"the text of content {content_id} is gone", kind="document", name=str(content_id)
    )


def _line(row: Row[Any]) -> Line:
    return Line(
        text=row.text,
        place=place_of(row),
        heading=row.heading,
        group=row.group_key,
        glue=row.glue,
        is_heading=row.is_heading,
    )


def _passage(row: Row[Any]) -> Passage:
    return Passage(
        first_line=row.first_line,
        last_line=row.last_line,
        text=row.text,
        heading=row.heading,
        group=row.group_key,
        place=place_of(row),
    )
