"""Answers of tables: candidates from the best passages, a plan, its SQL, the cells used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb.answer.prompts import Prompt
from kb.answer.tables import words
from kb.answer.tables.choosing import StructuredChat, choose
from kb.answer.tables.link import link
from kb.answer.tables.mentions import Links
from kb.answer.tables.plan import Operation, Outcome, Plan, run
from kb.answer.tables.reading import filters_of
from kb.answer.tables.sqlite import SheetDatabase, SheetDatabases, TooLongError
from kb.answer.tables.templates import Drafted, draft
from kb.answer.tables.wording import say
from kb.errors import NotFoundError
from kb.store.sheets import Sheets
from kb.types import SheetTable

logger = logging.getLogger(__name__)

_MOST_TABLES = 6
# A plan is trusted from here on; a question that says much more than the plan is another question.
_GOOD_FIT = 0.6


@dataclass(frozen=True, slots=True)
class UsedCell:
    """A cell that an answer was taken from, as the spreadsheet program names its place."""

    row: int
    column: str
    header: str


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """An answer computed from a table.

    ``cells`` are the cells used, at most some dozen rows of them, out of ``row_count`` rows;
    ``fit`` is how much of the question the table explains, 1 where nothing is left over.
    """

    text: str
    sql: str
    table: SheetTable
    cells: tuple[UsedCell, ...]
    row_count: int
    operation: Operation
    fit: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A table with what of the question it explains."""

    database: SheetDatabase
    links: Links
    drafted: Drafted | None
    fit: float


@dataclass(frozen=True, slots=True)
class Chooser:
    """What is needed to let the chat model choose a plan."""

    chat: StructuredChat
    prompt: Prompt
    cancelled: Callable[[], bool]


class TableAsker:
    """Answers questions from tables; safe to call from several threads."""

    def __init__(self, sheets: Sheets, databases: Callable[[str], SheetDatabases]) -> None:
        self._sheets = sheets
        self._databases = databases

    def ask(
        self, question: str, passage_ids: Sequence[int], chooser: Chooser | None = None
    ) -> TableAnswer | None:
        """Compute an answer from the tables that these passages show, best first.

        None where no table fits, or the question is not one that the rows of a table answer.
        Without ``chooser`` only questions of a plain form are answered.

        Raises:
            CancelledError: the chooser was cancelled.
        """
        return self.ask_tables(question, self._tables(passage_ids), chooser)

    def ask_tables(
        self, question: str, tables: Sequence[SheetTable], chooser: Chooser | None = None
    ) -> TableAnswer | None:
        """Compute an answer from one of these tables, the likeliest first."""
        candidates = [found for table in tables if (found := self._candidate(question, table))]
        # The sort keeps the order of the search among equals.
        candidates.sort(key=lambda each: -each.fit)
        plain = [each for each in candidates if each.drafted is not None and each.fit >= _GOOD_FIT]
        plain.sort(key=lambda each: each.drafted is not None and not each.drafted.is_sure)
        for candidate in plain:
            assert candidate.drafted is not None  # noqa: S101 - the others were left out
            if chooser is not None and not candidate.drafted.is_sure:
                break
            answer = _computed(candidate.drafted.plan, candidate)
            if answer is not None:
                return answer
        if chooser is None or not candidates or not words.ASKS_TABLE.search(question):
            return None
        best = candidates[0]
        plan = choose(
            question,
            best.links,
            best.database,
            filters_of(best.links),
            chat=chooser.chat,
            prompt=chooser.prompt,
            cancelled=chooser.cancelled,
        )
        return _computed(plan, best) if plan is not None else None

    def _candidate(self, question: str, table: SheetTable) -> _Candidate | None:
        try:
            database = self._databases(table.kb_id).open(table)
            links = link(question, database)
            drafted = draft(links, database)
        except (NotFoundError, TooLongError) as exc:
            logger.info("a table was passed over: %s", exc)
            return None
        return _Candidate(database, links, drafted, drafted.fit if drafted else links.fit())

    def _tables(self, passage_ids: Sequence[int]) -> list[SheetTable]:
        shown = self._sheets.of_passages(passage_ids)
        tables: dict[int, SheetTable] = {}
        for passage_id in passage_ids:
            for rows in shown.get(passage_id, []):
                tables.setdefault(rows.table.table_id, rows.table)
        return list(tables.values())[:_MOST_TABLES]


def _computed(plan: Plan, candidate: _Candidate) -> TableAnswer | None:
    """Run a plan and word its result; None where that is empty."""
    database = candidate.database
    try:
        outcome = run(plan, database)
    except TooLongError as exc:
        logger.info("a plan was given up: %s", exc)
        return None
    text = say(outcome, database)
    if not text:
        return None
    return TableAnswer(
        text=text,
        sql=outcome.query.shown(),
        table=database.table,
        cells=tuple(_cells(outcome, database)),
        row_count=outcome.count,
        operation=plan.operation,
        fit=candidate.fit,
    )


def _cells(outcome: Outcome, database: SheetDatabase) -> list[UsedCell]:
    columns = [database.columns[index] for index in used_columns(outcome.plan)]
    return [
        UsedCell(row, column.letter, column.header) for row in outcome.used for column in columns
    ]


def used_columns(plan: Plan) -> list[int]:
    """The columns whose cells make up a plan's answer."""
    used = [*plan.columns]
    if plan.group_by is not None:
        used.append(plan.group_by)
    if plan.measure is not None:
        used.append(plan.measure)
    return list(dict.fromkeys(used or [each.column for each in plan.filters]))
