"""Vectors of passages, for the embedder in use and for the one that is to replace it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, func, insert, select, update

from kb.store.database import ROWS_AT_ONCE, Database
from kb.store.passages import IndexedPassage, indexed_passage
from kb.store.tables import contents, knowledge_bases, passages, vectors


class Vectors:
    """The vectors table; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def between(
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

    def missing(
        self, kb_id: str, embedder: str, limit: int, *, after: int = 0
    ) -> list[IndexedPassage]:
        """Live passages that lack a vector of ``embedder``: ``limit`` from id ``after`` on."""
        query = _lacking(
            select(
                passages.c.id,
                passages.c.content_id,
                contents.c.title,
                passages.c.heading,
                passages.c.text,
            ),
            kb_id,
            embedder,
        ).where(passages.c.id > after)
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(passages.c.id).limit(limit)).all()
        return [indexed_passage(row) for row in rows]

    def count_missing(self, kb_id: str, embedder: str) -> int:
        """How many live passages lack a vector of ``embedder``."""
        query = _lacking(select(func.count()), kb_id, embedder)
        with self._db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def add(self, ids: Sequence[int], matrix: NDArray[np.float32], embedder: str) -> None:
        """Add vectors of another embedder for passages that exist."""
        with self._db.write() as connection:
            connection.execute(insert(vectors), vector_values(ids, matrix, embedder))

    def adopt(self, kb_id: str, embedder: str, dim: int) -> None:
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

    def drop_others(self, kb_id: str, embedder: str, *, after: int = 0) -> int | None:
        """Delete some vectors of other embedders, from id ``after`` on.

        Returns the last passage's id, to go on from; None when there is nothing more to delete.
        """
        # Looked for outside the write transaction: where there are few, that takes a while.
        with self._db.read() as connection:
            ids = list(
                connection.execute(
                    select(vectors.c.passage_id)
                    .select_from(
                        vectors.join(passages, passages.c.id == vectors.c.passage_id).join(
                            contents, contents.c.id == passages.c.content_id
                        )
                    )
                    .where(
                        contents.c.kb_id == kb_id,
                        vectors.c.embedder != embedder,
                        vectors.c.passage_id > after,
                    )
                    .order_by(vectors.c.passage_id)
                    .limit(ROWS_AT_ONCE)
                ).scalars()
            )
        if not ids:
            return None
        with self._db.write() as connection:
            connection.execute(
                delete(vectors).where(vectors.c.passage_id.in_(ids), vectors.c.embedder != embedder)
            )
        return int(ids[-1])


def vector_values(
    ids: Sequence[int], matrix: NDArray[np.float32], embedder: str
) -> list[dict[str, Any]]:
    """Return the rows of vectors (n, dim) of passages; they are kept as float16."""
    return [
        {"passage_id": passage_id, "embedder": embedder, "vector": row.tobytes()}
        for passage_id, row in zip(ids, matrix.astype(np.float16), strict=True)
    ]


def _lacking(query: Select[Any], kb_id: str, embedder: str) -> Select[Any]:
    """Bound a query of passages to the live ones without a vector of the embedder."""
    own = (vectors.c.passage_id == passages.c.id) & (vectors.c.embedder == embedder)
    joined = passages.join(contents, passages.c.content_id == contents.c.id).outerjoin(vectors, own)
    return query.select_from(joined).where(
        contents.c.kb_id == kb_id, contents.c.live, vectors.c.passage_id.is_(None)
    )
