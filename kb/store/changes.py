"""The change sequence of a knowledge base, which its indexes replay."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from kb.store.tables import changes, content_ranges, contents, documents, knowledge_bases

# Passages of one change: an index may commit between two of them.
_LONGEST_CHANGE = 8192


@dataclass(frozen=True, slots=True)
class Change:
    """``count`` passages from ``first_passage_id`` on became live ("add") or dead ("remove").

    Or their document has another title ("retitle"), which concerns words and no vectors.
    """

    number: int
    action: str
    content_id: int
    first_passage_id: int
    count: int

    def batches(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield the passages as ranges (first id, count) of at most ``size`` ids."""
        for start in range(self.first_passage_id, self.first_passage_id + self.count, size):
            yield start, min(size, self.first_passage_id + self.count - start)


def record_change(connection: Connection, kb_id: str, action: str, content_id: int) -> None:
    """Append changes for a content's passages, in the caller's transaction.

    A content is written in small parts: those that follow each other are one change, so that a
    document of a million passages makes a hundred changes, not many thousands.
    """
    rows = connection.execute(
        select(content_ranges)
        .where(content_ranges.c.content_id == content_id)
        .order_by(content_ranges.c.first_passage_id)
    )
    ranges = _joined([(row.first_passage_id, row.passage_count) for row in rows])
    number = int(
        connection.execute(
            select(knowledge_bases.c.change_number).where(knowledge_bases.c.id == kb_id)
        ).scalar_one()
    )
    if not ranges:
        return
    connection.execute(
        insert(changes),
        [
            {
                "kb_id": kb_id,
                "number": number + offset,
                "action": action,
                "content_id": content_id,
                "first_passage_id": first,
                "passage_count": count,
            }
            for offset, (first, count) in enumerate(ranges, 1)
        ],
    )
    connection.execute(
        update(knowledge_bases)
        .where(knowledge_bases.c.id == kb_id)
        .values(change_number=number + len(ranges))
    )


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges (first id, count) that follow each other, up to a length that is one step."""
    joined: list[tuple[int, int]] = []
    for first, count in ranges:
        if joined:
            before, size = joined[-1]
            if before + size == first and size + count <= _LONGEST_CHANGE:
                joined[-1] = before, size + count
                continue
        joined.append((first, count))
    return joined


def release_content(connection: Connection, kb_id: str, content_id: int) -> None:
    """Let a content die if no document answers from it any more."""
    users = connection.execute(
        select(func.count()).select_from(documents).where(documents.c.content_id == content_id)
    ).scalar_one()
    if users:
        return
    connection.execute(
        update(contents)
        .where(contents.c.id == content_id)
        .values(live=False, dead_since=time.time())
    )
    record_change(connection, kb_id, "remove", content_id)
