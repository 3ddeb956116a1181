"""Articles of statutes, found by the names of the statute and the numbers of the articles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select, union

from kb.store.database import Database
from kb.store.selections import conditions
from kb.store.tables import contents, documents, lines, passages, statute_names
from kb.text.statute_names import LEAST_NAME, parent_headings, short_name
from kb.types import WHOLE, SearchFilter

# A statute that nothing marks as one says its name in the first lines, which are short.
_TITLE_LINES = 6
_LONGEST_LINE = 60


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """The passages of one group (an article of a statute), in order, and where they stand."""

    content_id: int
    document: str
    title: str
    heading: str
    passage_ids: tuple[int, ...]


class Statutes:
    """Finds contents that have articles; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def named(self, name: str) -> list[int]:
        """Contents of this name, of all knowledge bases; the name is short.

        That of a document counts, its title, and headings above articles.
        """
        return [number for _name, number in self._with(lambda column: column == name)]

    def alike(self, name: str) -> list[tuple[str, int]]:
        """(Name, content) of those whose name has this one, stands in it, or is it abbreviated."""
        letters = [f"/{letter}" if letter in "%_/" else letter for letter in name]
        return self._with(
            lambda column: or_(
                func.instr(column, name) > 0,
                func.instr(name, column) > 0,
                column.like("%".join(letters), escape="/"),
            )
        )

    def standing_in(self, question: str) -> list[tuple[str, int]]:
        """(Name, content) of those whose name stands in a question, given as a plain name."""
        return self._with(lambda column: func.instr(question, column) > 0)

    def with_line(self, name: str) -> list[int]:
        """Contents one of whose first lines is this short name, of all knowledge bases."""
        query = select(statute_names.c.content_id).where(
            statute_names.c.name == name, ~statute_names.c.is_heading
        )
        with self._db.read() as connection:
            return list(connection.execute(query).scalars())

    def only_one(
        self, kb_ids: Sequence[str], keys: Sequence[str], wanted: SearchFilter = WHOLE
    ) -> int | None:
        """The content with groups of these keys, if there is exactly one in the knowledge bases."""
        query = _live(kb_ids, keys, wanted, passages.c.content_id, documents.c.id).distinct()
        found: set[int] = set()
        with self._db.read() as connection:
            for content_id, document_id in connection.execute(query):
                if wanted.document_ids is None or document_id in wanted.document_ids:
                    found.add(content_id)
                if len(found) > 1:
                    return None
        return found.pop() if found else None

    def groups(
        self,
        kb_ids: Sequence[str],
        keys: Sequence[str],
        content_ids: Iterable[int],
        wanted: SearchFilter = WHOLE,
    ) -> list[GroupPlace]:
        """Find the live groups with one of these keys, each under the first of its names.

        A document may hold several of a kind, such as the first articles of the statutes it
        collects: these differ in their headings.
        """
        query = (
            _live(
                kb_ids,
                keys,
                wanted,
                passages.c.id,
                passages.c.content_id,
                passages.c.heading,
                contents.c.title,
                documents.c.path,
                documents.c.id,
            )
            .where(passages.c.content_id.in_(list(content_ids)))
            .order_by(passages.c.content_id, passages.c.first_line, passages.c.id, documents.c.path)
        )
        readable = wanted.document_ids
        found: dict[tuple[int, str], GroupPlace] = {}
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        for passage_id, content_id, heading, title, path, document_id in rows:
            if readable is not None and document_id not in readable:
                continue
            place = found.get((content_id, heading))
            if place is None:
                place = GroupPlace(content_id, path, title or "", heading, (passage_id,))
            # A content under several names comes with each of them.
            elif place.passage_ids[-1] != passage_id:
                place = replace(place, passage_ids=(*place.passage_ids, passage_id))
            found[content_id, heading] = place
        return list(found.values())

    def _with(
        self, fits: Callable[[ColumnElement[str]], ColumnElement[bool]]
    ) -> list[tuple[str, int]]:
        """(Name, content) of all whose name fits."""
        of_documents = select(documents.c.statute_name, documents.c.content_id).where(
            documents.c.content_id.is_not(None),
            func.length(documents.c.statute_name) >= LEAST_NAME,
            fits(documents.c.statute_name),
        )
        of_contents = select(statute_names.c.name, statute_names.c.content_id).where(
            statute_names.c.is_heading, fits(statute_names.c.name)
        )
        with self._db.read() as connection:
            rows = connection.execute(union(of_contents, of_documents)).all()
        return [(name, number) for name, number in rows]


def record_names(connection: Connection, content_id: int) -> None:
    """Write down by which names the articles of a content may be asked for, if it has any."""
    connection.execute(delete(statute_names).where(statute_names.c.content_id == content_id))
    headings = (
        connection.execute(
            select(passages.c.heading)
            .where(passages.c.content_id == content_id, passages.c.group_key != "")
            .distinct()
        )
        .scalars()
        .all()
    )
    if not headings:
        return
    title = connection.execute(
        select(contents.c.title).where(contents.c.id == content_id)
    ).scalar_one()
    first_lines = connection.execute(
        select(lines.c.text).where(
            lines.c.content_id == content_id,
            lines.c.position < _TITLE_LINES,
            func.length(lines.c.text) <= _LONGEST_LINE,
        )
    ).scalars()
    parents = [parent for heading in headings for parent in parent_headings(heading)]
    names = dict.fromkeys(map(short_name, first_lines), False)
    names |= dict.fromkeys(map(short_name, [title or "", *parents]), True)
    rows = [
        {"name": name, "content_id": content_id, "is_heading": is_heading}
        for name, is_heading in names.items()
        if len(name) >= LEAST_NAME
    ]
    if rows:
        connection.execute(insert(statute_names), rows)


def _live(
    kb_ids: Sequence[str], keys: Sequence[str], wanted: SearchFilter, *columns: Any
) -> Select[Any]:
    return (
        select(*columns)
        .select_from(
            passages.join(contents, passages.c.content_id == contents.c.id).join(
                documents, documents.c.content_id == contents.c.id
            )
        )
        .where(
            passages.c.group_key.in_(keys),
            passages.c.group_key != "",
            contents.c.kb_id.in_(kb_ids),
            contents.c.live,
            *conditions(wanted),
        )
    )
