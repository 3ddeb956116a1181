"""Answers a question from the tables that retrieval has led to: computed, or looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.answer.language import Language
from kb.answer.tables.asking import TableAnswer, TableAsker
from kb.answer.tables.lookup import CellLookup, LookedUp
from kb.store.sheets import Sheets
from loaders.sheets.columns import column_letters

# A table farther down the ranking is not what the question is about.
_NEAR = 3
# Of the rows that were counted or added up, so many are cited.
_MOST_CITED = 3


@dataclass(frozen=True, slots=True)
class FromTable:
    """An answer out of one table, and how likely it is right (0 to 1).

    ``values`` are what it says without the names of the cells. ``passage_ids`` show the rows used,
    the first of many; ``columns`` has the letter of the cell used in each of them. ``sql`` is what
    was computed, None where a cell was looked up. ``in_sheet`` tells a sheet from a table in a
    text, of which the text may say more.
    """

    text: str
    values: tuple[str, ...]
    sql: str | None
    passage_ids: tuple[int, ...]
    columns: Mapping[int, str]
    answerable: float
    in_sheet: bool


# A plan that explains less of its question gives way to a cell that is surely right.
_CLEAR, _SURE = 0.8, 0.8


class TableAnswers:
    """Finds answers; safe to call from several threads."""

    def __init__(self, sheets: Sheets, asker: TableAsker) -> None:
        self._sheets = sheets
        self._asker = asker
        self.lookup = CellLookup(sheets)

    def find(
        self,
        question: str,
        ranked: Sequence[tuple[int, float]],
        answerable: float,
        language: Language = "zh",
    ) -> FromTable | None:
        """Answer from the tables of the passages, or None where they are to be read as text.

        Args:
            question: the standalone question.
            ranked: (passage id, score) of the retrieved passages, best first.
            answerable: how likely they answer the question, 0 to 1.
        """
        ids = [passage_id for passage_id, _score in ranked]
        if not self._sheets.of_passages(ids[:_NEAR]):
            return None
        computed = self._asker.ask(question, ids, language=language)
        answer = self._computed(computed, answerable) if computed is not None else None
        if answer is not None and computed is not None and computed.fit >= _CLEAR:
            return answer
        looked_up = self.lookup.find(question, ranked, answerable)
        if answer is not None and not _is_surer(looked_up, computed):
            return answer
        return None if looked_up is None else _looked_up(looked_up)

    def _computed(self, answer: TableAnswer, answerable: float) -> FromTable | None:
        # Of a row's cells the last is the one that was measured.
        columns = {cell.row: cell.column for cell in answer.cells}
        rows = sorted(columns)[:_MOST_CITED]
        shown = self._sheets.passages_of(answer.table, rows)
        if not shown:
            return None
        return FromTable(
            text=answer.text,
            values=(answer.text,),
            sql=answer.sql,
            passage_ids=tuple(dict.fromkeys(shown[row] for row in rows if row in shown)),
            columns=columns,
            answerable=answerable,
            in_sheet=answer.table.of_sheet,
        )


def _is_surer(found: LookedUp | None, computed: TableAnswer | None) -> bool:
    """Whether a cell of another table answers what was computed from words that left much over."""
    return (
        found is not None
        and computed is not None
        and found.answerable >= _SURE
        and found.cells[0].table.table_id != computed.table.table_id
    )


def _looked_up(found: LookedUp) -> FromTable:
    columns = {cell.row: column_letters(cell.column) for cell in reversed(found.cells)}
    return FromTable(
        text=found.text,
        values=tuple(cell.text for cell in found.cells),
        sql=None,
        passage_ids=found.passage_ids,
        columns=columns,
        answerable=found.answerable,
        in_sheet=found.in_sheet,
    )
