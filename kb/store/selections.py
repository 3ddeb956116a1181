"""Which passages of a knowledge base a question may be answered from, by its filter."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, select

from kb.selection import Selection
from kb.store.database import Database
from kb.store.tables import content_ranges, contents, documents
from kb.types import WHOLE, SearchFilter

# Of filters asked again and again, so many are remembered for each knowledge base.
_REMEMBERED = 16


def conditions(wanted: SearchFilter) -> list[ColumnElement[bool]]:
    """What a row of the documents must fulfil, but for the documents that may be read.

    These may be more than a statement can name: whoever reads the rows looks at their ids.
    """
    found: list[ColumnElement[bool]] = []
    if wanted.formats is not None:
        found.append(documents.c.format.in_(sorted(wanted.formats)))
    if wanted.since is not None:
        found.append(documents.c.mtime >= wanted.since)
    if wanted.until is not None:
        found.append(documents.c.mtime < wanted.until)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The passages of all live contents: (n,) each, by the first passage's id."""

    content: NDArray[np.int64]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]


class Selections:
    """Finds what filters select; safe to call from several threads."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._lock = threading.Lock()
        # By knowledge base, each with the number of the change it was read at.
        self._runs: dict[str, tuple[int, _Runs]] = {}
        self._selected: dict[str, tuple[int, dict[SearchFilter, Selection]]] = {}

    def of(self, kb_id: str, wanted: SearchFilter, change_number: int) -> Selection | None:
        """The passages that a filter leaves; None where it leaves all.

        Args:
            change_number: of the last change of the knowledge base, or of an earlier one.
        """
        if wanted == WHOLE:
            return None
        # Read before the rows are: what is written meanwhile makes the next question look again.
        state = self._db.writes
        with self._lock:
            known, selected = self._selected.get(kb_id, (-1, {}))
            if known == state and wanted in selected:
                return selected[wanted]
        found = self._select(kb_id, wanted, change_number)
        with self._lock:
            known, selected = self._selected.get(kb_id, (-1, {}))
            if known != state or len(selected) >= _REMEMBERED:
                selected = {}
            self._selected[kb_id] = (state, selected | {wanted: found})
        return found

    def _select(self, kb_id: str, wanted: SearchFilter, change_number: int) -> Selection:
        runs = self._all_runs(kb_id, change_number)
        query = select(documents.c.id, documents.c.content_id).where(
            documents.c.kb_id == kb_id, documents.c.content_id.is_not(None), *conditions(wanted)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        readable = wanted.document_ids
        chosen = np.unique(
            np.fromiter(
                (content for document, content in rows if readable is None or document in readable),
                np.int64,
            )
        )
        kept = np.isin(runs.content, chosen)
        first, stop = runs.first[kept], runs.stop[kept]
        # Runs that follow each other are one: there are as many as parts that were written.
        begins = np.ones(len(first), np.bool_)
        begins[1:] = first[1:] != stop[:-1]
        ends = np.roll(begins, -1)
        return Selection(chosen, first[begins], stop[ends])

    def _all_runs(self, kb_id: str, change_number: int) -> _Runs:
        with self._lock:
            known = self._runs.get(kb_id)
        if known is not None and known[0] == change_number:
            return known[1]
        query = (
            select(
                content_ranges.c.content_id,
                content_ranges.c.first_passage_id,
                content_ranges.c.passage_count,
            )
            .select_from(
                content_ranges.join(contents, contents.c.id == content_ranges.c.content_id)
            )
            .where(contents.c.kb_id == kb_id, contents.c.live)
            .order_by(content_ranges.c.first_passage_id)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        table = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 3)
        runs = _Runs(table[:, 0].copy(), table[:, 1].copy(), table[:, 1] + table[:, 2])
        with self._lock:
            self._runs[kb_id] = (change_number, runs)
        return runs
