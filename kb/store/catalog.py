"""Knowledge bases in the catalog: settings, counts and change numbers; global options."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from kb.errors import DuplicateError, NotFoundError
from kb.store.changes import Change
from kb.store.database import Database
from kb.store.tables import (
    changes,
    contents,
    counters,
    documents,
    knowledge_bases,
    options,
)
from kb.types import AskedBase, DocumentState, KnowledgeBaseRecord

DEFAULT_TOP_K = 5
DEFAULT_THRESHOLD = 0.5
DEFAULT_PROMPT = "knowledge_base"


class Catalog:
    """The knowledge bases; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self,
        kb_id: str,
        name: str,
        *,
        description: str,
        embedder: str,
        dim: int,
        created_by: str,
    ) -> KnowledgeBaseRecord:
        """Add a knowledge base.

        Raises:
            DuplicateError: the name is taken.
        """
        now = time.time()
        with self._db.write() as connection:
            self._require_free_name(connection, name, except_id=None)
            connection.execute(
                insert(knowledge_bases).values(
                    id=kb_id,
                    name=name,
                    description=description,
                    embedder=embedder,
                    dim=dim,
                    top_k=DEFAULT_TOP_K,
                    threshold=DEFAULT_THRESHOLD,
                    prompt=DEFAULT_PROMPT,
                    owner=created_by,
                    created_by=created_by,
                    created_at=now,
                    updated_at=now,
                    change_number=0,
                )
            )
        return self.get(kb_id)

    def ids(self) -> set[str]:
        """Every id that was ever used, deleted knowledge bases included."""
        with self._db.read() as connection:
            return {row.id for row in connection.execute(select(knowledge_bases.c.id))}

    def all(self) -> list[KnowledgeBaseRecord]:
        """List the knowledge bases by name."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(knowledge_bases)
                .where(knowledge_bases.c.deleted_at.is_(None))
                .order_by(knowledge_bases.c.name)
            ).all()
            return _records(connection, rows)

    def get(self, kb_id: str) -> KnowledgeBaseRecord:
        """Get one knowledge base by id.

        Raises:
            NotFoundError: there is none, or it was deleted.
        """
        return self._one(knowledge_bases.c.id == kb_id, kb_id)

    def find(self, name: str) -> KnowledgeBaseRecord:
        """Get one knowledge base by its name, or else by its id.

        Raises:
            NotFoundError: there is none.
        """
        try:
            return self._one(knowledge_bases.c.name == name, name)
        except NotFoundError:
            return self._one(knowledge_bases.c.id == name, name)

    def ids_in_use(self) -> list[str]:
        """The ids of the knowledge bases that were not deleted; counts nothing."""
        with self._db.read() as connection:
            return list(
                connection.execute(
                    select(knowledge_bases.c.id).where(knowledge_bases.c.deleted_at.is_(None))
                ).scalars()
            )

    def asked(self, names: Sequence[str]) -> list[AskedBase]:
        """Find knowledge bases by their names, or else by their ids; counts nothing.

        Raises:
            NotFoundError: there is none of one of the names.
        """
        with self._db.read() as connection:
            rows = connection.execute(_ASKED, {"names": list(names)}).all()
        by_id = {row.id: row for row in rows}
        by_name = by_id | {row.name: row for row in rows}
        for name in names:
            if name not in by_name:
                raise _not_found(name)
        return [AskedBase(*by_name[name]) for name in names]

    def change(self, kb_id: str, **values: Any) -> KnowledgeBaseRecord:
        """Set columns of a knowledge base, such as name, description, top_k, threshold, prompt.

        Raises:
            DuplicateError: the new name is taken.
            NotFoundError: there is no such knowledge base.
        """
        with self._db.write() as connection:
            if "name" in values:
                self._require_free_name(connection, values["name"], except_id=kb_id)
            _set(connection, kb_id, updated_at=time.time(), **values)
        return self.get(kb_id)

    def delete(self, kb_id: str) -> None:
        """Mark a knowledge base as deleted; from now on nothing finds it.

        Raises:
            NotFoundError: there is no such knowledge base.
        """
        with self._db.write() as connection:
            _set(connection, kb_id, deleted_at=time.time())

    def embedder(self, kb_id: str) -> str:
        """The name of the embedder that a knowledge base is searched with; counts nothing.

        Raises:
            NotFoundError: there is no such knowledge base.
        """
        with self._db.read() as connection:
            found = connection.execute(
                select(knowledge_bases.c.embedder).where(
                    knowledge_bases.c.id == kb_id, knowledge_bases.c.deleted_at.is_(None)
                )
            ).scalar()
        if found is None:
            raise _not_found(kb_id)
        return str(found)

    def change_number(self, kb_id: str) -> int:
        """The number of the knowledge base's last change."""
        with self._db.read() as connection:
            found = connection.execute(
                select(knowledge_bases.c.change_number).where(knowledge_bases.c.id == kb_id)
            ).scalar()
        if found is None:
            raise _not_found(kb_id)
        return int(found)

    def changes_after(self, kb_id: str, number: int) -> list[Change]:
        """List what an index that has applied ``number`` has yet to replay, oldest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(changes)
                .where(changes.c.kb_id == kb_id, changes.c.number > number)
                .order_by(changes.c.number)
            ).all()
        return [
            Change(row.number, row.action, row.content_id, row.first_passage_id, row.passage_count)
            for row in rows
        ]

    def option(self, name: str) -> Any:
        """Read a global option; None where it was never set."""
        with self._db.read() as connection:
            return connection.execute(
                select(options.c.value).where(options.c.name == name)
            ).scalar()

    def set_option(self, name: str, value: Any) -> None:
        """Write a global option."""
        with self._db.write() as connection:
            connection.execute(delete(options).where(options.c.name == name))
            connection.execute(insert(options).values(name=name, value=value))

    def _one(self, condition: Any, name: str) -> KnowledgeBaseRecord:
        with self._db.read() as connection:
            rows = connection.execute(
                select(knowledge_bases).where(condition, knowledge_bases.c.deleted_at.is_(None))
            ).all()
            if not rows:
                raise _not_found(name)
            return _records(connection, rows)[0]

    @staticmethod
    def _require_free_name(connection: Connection, name: str, *, except_id: str | None) -> None:
        query = select(knowledge_bases.c.id).where(
            knowledge_bases.c.name == name, knowledge_bases.c.deleted_at.is_(None)
        )
        taken = connection.execute(query).scalar()
        if taken is not None and taken != except_id:
            raise DuplicateError(f"the name {name} is taken", name=name)


# Each question runs it: making a statement takes as long as running it.
_ASKED = select(
    knowledge_bases.c.id,
    knowledge_bases.c.name,
    knowledge_bases.c.top_k,
    knowledge_bases.c.threshold,
    knowledge_bases.c.prompt,
    knowledge_bases.c.change_number,
).where(
    knowledge_bases.c.name.in_(bindparam("names", expanding=True))
    | knowledge_bases.c.id.in_(bindparam("names", expanding=True)),
    knowledge_bases.c.deleted_at.is_(None),
)


def _set(connection: Connection, kb_id: str, **values: Any) -> None:
    done = connection.execute(
        update(knowledge_bases)
        .where(knowledge_bases.c.id == kb_id, knowledge_bases.c.deleted_at.is_(None))
        .values(**values)
    )
    if done.rowcount == 0:
        raise _not_found(kb_id)


def take_ids(connection: Connection, name: str, count: int) -> int:
    """Reserve ``count`` ids in a row and return the first; ids are never given twice."""
    value = connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar()
    if value is None:
        connection.execute(insert(counters).values(name=name, value=count))
        return 1
    connection.execute(
        update(counters).where(counters.c.name == name).values(value=int(value) + count)
    )
    return int(value) + 1


def _records(connection: Connection, rows: Sequence[Row[Any]]) -> list[KnowledgeBaseRecord]:
    ids = [row.id for row in rows]
    states: dict[str, dict[DocumentState, int]] = {kb_id: {} for kb_id in ids}
    sizes = dict.fromkeys(ids, 0)
    for row in connection.execute(
        select(
            documents.c.kb_id,
            documents.c.state,
            func.count(),
            func.coalesce(func.sum(documents.c.size), 0),
        )
        .where(documents.c.kb_id.in_(ids))
        .group_by(documents.c.kb_id, documents.c.state)
    ):
        states[row[0]][cast(DocumentState, row[1])] = int(row[2])
        sizes[row[0]] += int(row[3])
    passages = {
        row[0]: int(row[1])
        for row in connection.execute(
            select(contents.c.kb_id, func.sum(contents.c.passage_count))
            .where(contents.c.kb_id.in_(ids), contents.c.live)
            .group_by(contents.c.kb_id)
        )
    }
    return [
        KnowledgeBaseRecord(
            kb_id=row.id,
            name=row.name,
            description=row.description,
            embedder=row.embedder,
            top_k=row.top_k,
            threshold=row.threshold,
            prompt=row.prompt,
            owner=row.owner,
            created_at=row.created_at,
            updated_at=row.updated_at,
            document_count=sum(states[row.id].values()),
            passage_count=passages.get(row.id, 0),
            size=sizes[row.id],
            states=states[row.id],
        )
        for row in rows
    ]


def _not_found(name: str) -> NotFoundError:
    return NotFoundError(f"no knowledge base {name}", kind="knowledge_base", name=name)
