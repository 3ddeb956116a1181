"""The synonyms of knowledge bases in the catalog."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from kb.store.database import Database
from kb.store.tables import synonyms


class Synonyms:
    """Groups of words that mean the same, in the order in which they were written.

    Every question asks for them: they are kept once read, as one process alone writes a catalog.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[str, ...], ...]] = {}

    def groups(self, kb_id: str) -> tuple[tuple[str, ...], ...]:
        """The groups of a knowledge base."""
        with self._lock:
            if kb_id not in self._known:
                self._known[kb_id] = self._read(kb_id)
            return self._known[kb_id]

    def replace(self, kb_id: str, groups: Sequence[Sequence[str]]) -> None:
        """Write other groups in place of all that are there."""
        with self._lock, self._db.write() as connection:
            self._known.pop(kb_id, None)
            connection.execute(delete(synonyms).where(synonyms.c.kb_id == kb_id))
            if groups:
                connection.execute(
                    insert(synonyms),
                    [
                        {"kb_id": kb_id, "position": position, "words": list(words)}
                        for position, words in enumerate(groups)
                    ],
                )

    def _read(self, kb_id: str) -> tuple[tuple[str, ...], ...]:
        with self._db.read() as connection:
            rows = connection.execute(
                select(synonyms.c.words)
                .where(synonyms.c.kb_id == kb_id)
                .order_by(synonyms.c.position)
            )
            return tuple(tuple(row.words) for row in rows)
