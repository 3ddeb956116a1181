"""Answers of tables: candidates from the best passages, a plan, its SQL, the cells used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb.answer.language import Language
from kb.answer.tables.link import link
from kb.answer.tables.plan import Operation, Outcome, Plan, run
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
    """A table with a plan that explains enough of the question."""

    database: SheetDatabase
    drafted: Drafted


class TableAsker:
    """Answers questions from tables; safe to call from several threads."""

    def __init__(self, sheets: Sheets, databases: Callable[[str], SheetDatabases]) -> None:
        self._sheets = sheets
        self._databases = databases

    def ask(
        self, question: str, passage_ids: Sequence[int], *, language: Language = "zh"
    ) -> TableAnswer | None:
        """Compute an answer from the tables that these passages show, best first.

        None where no table fits, or the question is not of a form that is computed.
        """
        return self.ask_tables(question, self._tables(passage_ids), language=language)

    def ask_tables(
        self, question: str, tables: Sequence[SheetTable], *, language: Language = "zh"
    ) -> TableAnswer | None:
        """Compute an answer from one of these tables, the likeliest first."""
        candidates = [found for table in tables if (found := self._candidate(question, table))]
        # The sort keeps the order of the search among equals.
        candidates.sort(key=lambda each: (not each.drafted.is_sure, -each.drafted.fit))
        for candidate in candidates:
            answer = _computed(candidate, language)
            if answer is not None:
                return answer
        return None

    def _candidate(self, question: str, table: SheetTable) -> _Candidate | None:
        try:
            database = self._databases(table.kb_id).open(table)
            links = link(question, database)
            drafted = draft(links, database)
        except (NotFoundError, TooLongError) as exc:
            logger.info("a table was passed over: %s", exc)
            return None
        if drafted is None or drafted.fit < _GOOD_FIT:
            return None
        return _Candidate(database, drafted)

    def _tables(self, passage_ids: Sequence[int]) -> list[SheetTable]:
        shown = self._sheets.of_passages(passage_ids)
        tables: dict[int, SheetTable] = {}
        for passage_id in passage_ids:
            for rows in shown.get(passage_id, []):
                tables.setdefault(rows.table.table_id, rows.table)
        return list(tables.values())[:_MOST_TABLES]


def _computed(candidate: _Candidate, language: Language) -> TableAnswer | None:
    """Run a plan and word its result; None where that is empty."""
    database, plan = candidate.database, candidate.drafted.plan
    try:
        outcome = run(plan, database)
    except TooLongError as exc:
        logger.info("a plan was given up: %s", exc)
        return None
    text = say(outcome, database, language)
    if not text:
        return None
    return TableAnswer(
        text=text,
        sql=outcome.query.shown(),
        table=database.table,
        cells=tuple(_cells(outcome, database)),
        row_count=outcome.count,
        operation=plan.operation,
        fit=candidate.drafted.fit,
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
