"""Looks up the cell, or the few cells, that a question asks for in the tables that were found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, mul

from kb.answer.tables.asked import asked
from kb.answer.tables.cells import Cell, FoundTable, cells, longest_common
from kb.answer.tables.several import Named, clauses, companions
from kb.store.sheets import Sheets
from kb.text.normalise import compact
from kb.text.tokenise import content_tokens
from kb.types import SheetRow, SheetTable, TableRows

# Tables of the best passages that are looked through.
_MOST_TABLES = 4
# Of a table that is longer, only the rows that retrieval found.
_WHOLE_TABLE = 40
# A cell with so much of the question is the question, as in a list of questions and answers:
# what answers it is to be read, not looked up.
_SAYS_QUESTION = 0.8
_LONGEST_SHORT = 40
# A longer cell is a text, which is to be read for what the question asks of it.
_LONGEST_VALUE = 120
# A longer name hides the values; the question has said it.
_LONGEST_NAME = 24

# Both fitted by `benchmarks.table_cells`: a log-linear choice among all cells …
WEIGHTS: Mapping[str, float] = {
    "covered": 8.612,
    "focus": 4.763,
    "record_rank": 2.816,
    "record_key": 1.528,
    "header": -2.801,
    "left": 2.131,
    "kind": 3.622,
    "table": 1.098,
    "table_words": 2.607,
    "is_label": -4.952,
    "in_label_column": -2.869,
    "said": -1.249,
    "header_pairs": 5.16,
    "covered_form": 2.303,
    "column_key": 1.283,
    "unit": 4.615,
    "what": 4.946,
}
# … and how likely the chosen one is right: of 1, ln of its share in the choice, the share of the
# question's words that are in its table, and how likely its passages answer the question.
CERTAINTY = (-2.306, 1.583, 4.249, 1.243)

_measures = attrgetter(*WEIGHTS)


@dataclass(frozen=True, slots=True)
class ChosenCell:
    """A cell with its share (0 to 1) in the choice among all that were looked at."""

    cell: Cell
    share: float


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The cells of one table that answer a question, and how likely they do (0 to 1).

    ``names`` tell cells from each other in the answer, "" where nothing needs to.
    ``passage_ids`` are the passages that show their rows. ``in_sheet`` tells cells of a sheet from
    those of a table in a text, of which the text may say more.
    """

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    passage_ids: tuple[int, ...]
    answerable: float
    in_sheet: bool

    @property
    def text(self) -> str:
        """The answer: what stands in the cells, each behind its name where all have one."""
        values = [cell.text for cell in self.cells]
        if len(values) == 1 or not _tell_apart(self.names):
            return "、".join(values)
        return "；".join(f"{name}：{value}" for name, value in zip(self.names, values, strict=True))


class CellLookup:
    """Finds cells; safe to call from several threads."""

    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets

    def find(
        self, question: str, ranked: Sequence[tuple[int, float]], answerable: float
    ) -> LookedUp | None:
        """Find the cell for a question among the tables of its passages.

        None where the best passage shows no table, or one that is to be read as text.

        Args:
            question: the standalone question.
            ranked: (passage id, score) of the retrieved passages, best first.
            answerable: how likely they answer the question, 0 to 1.
        """
        found = self.tables(ranked)
        if not found or min(ranks(found)) > 0 or _is_said(question, found):
            return None
        named: list[Named] = []
        sure = 1.0
        for clause in clauses(question):
            answers = [each.cell for each in named]
            # What is asked in one sentence stands in one table, each at a place of its own.
            candidates = [
                cell
                for cell in cells(asked(clause), found)
                if not answers or (cell.table == answers[0].table and not _is_known(cell, answers))
            ]
            chosen = choose(candidates)
            if not chosen or len(chosen[0].cell.text) > _LONGEST_VALUE:
                return None
            best = chosen[0].cell
            table = next(each for each in found if each.table == best.table)
            own = [each.cell for each in chosen[1:] if each.cell.table == best.table]
            whole = len(table.rows) >= table.table.row_count
            together = companions(clause, best, own, whole=whole)
            taken = {(each.cell.row, each.cell.column) for each in together}
            share = sum(
                each.share
                for each in chosen
                if each.cell.table == best.table and (each.cell.row, each.cell.column) in taken
            )
            sure = min(sure, certainty(question, min(share, 1.0), table, answerable))
            if len(together) == 1:
                together = [Named(best, best.called)]
            named.extend(together)
        answers = [each.cell for each in named]
        # A header that is a cell of a form has no passage of its own: the first row's is near.
        rows = [max(cell.row, table.rows[0].number) for cell in answers]
        shown = self._sheets.passages_of(table.table, rows)
        if any(row not in shown for row in rows):
            return None
        return LookedUp(
            cells=tuple(answers),
            names=tuple(each.name for each in named),
            passage_ids=tuple(dict.fromkeys(shown[row] for row in rows)),
            answerable=sure,
            in_sheet=table.table.of_sheet,
        )

    def tables(self, ranked: Sequence[tuple[int, float]]) -> list[FoundTable]:
        """The tables of the best passages, given as (passage id, score), best first."""
        shown = self._sheets.of_passages([passage_id for passage_id, _score in ranked])
        order: dict[int, tuple[SheetTable, float]] = {}
        places: dict[int, dict[int, int]] = {}
        rows: dict[int, dict[int, SheetRow]] = {}
        for rank, (passage_id, score) in enumerate(ranked):
            for part in shown.get(passage_id, []):
                key = part.table.table_id
                if key not in order and len(order) == _MOST_TABLES:
                    continue
                order.setdefault(key, (part.table, score))
                _note(part, rank, places.setdefault(key, {}), rows.setdefault(key, {}))
        found = []
        for key, (table, score) in order.items():
            if table.row_count <= _WHOLE_TABLE:
                seen = tuple(self._sheets.rows(table))
            else:
                seen = tuple(rows[key][number] for number in sorted(rows[key]))
            found.append(FoundTable(table, seen, score, places[key]))
        return found


def _tell_apart(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names) and all(0 < len(name) <= _LONGEST_NAME for name in names)


def ranks(found: Iterable[FoundTable]) -> list[int]:
    """The best rank (from 0) of each table's passages."""
    return [min(each.row_ranks.values()) for each in found]


def choose(candidates: Sequence[Cell]) -> list[ChosenCell]:
    """Weigh the measures of cells against each other, best first."""
    weights = tuple(WEIGHTS.values())
    scores = [sum(map(mul, weights, _measures(cell.measures))) for cell in candidates]
    best = max(scores, default=0.0)
    likely = [math.exp(score - best) for score in scores]
    whole = sum(likely)
    chosen = [ChosenCell(cell, each / whole) for cell, each in zip(candidates, likely, strict=True)]
    return sorted(chosen, key=lambda each: -each.share)


def certainty(question: str, share: float, found: FoundTable, answerable: float) -> float:
    """How likely cells are the answer, 0 to 1; 0.5 is where 3 % of look-ups are refused.

    Args:
        question: the standalone question.
        share: that of the cells in the choice among all, 0 to 1.
        found: their table.
        answerable: how likely the passages answer the question, 0 to 1.
    """
    features = certainty_features(question, share, found, answerable)
    score = sum(weight * value for weight, value in zip(CERTAINTY, features, strict=True))
    return 1 / (1 + math.exp(-score))


def certainty_features(
    question: str, share: float, found: FoundTable, answerable: float
) -> tuple[float, ...]:
    """What `CERTAINTY` weighs, in its order."""
    return (1.0, math.log(share), _words_in(question, found), answerable)


def _is_known(cell: Cell, answers: Sequence[Cell]) -> bool:
    return any((cell.row, cell.column) == (known.row, known.column) for known in answers)


def _words_in(question: str, found: FoundTable) -> float:
    """The share of the question's words, by length, that a table and its names have."""
    table = found.table
    texts = [table.document, table.title, table.heading, table.sheet or "", *table.header]
    texts.extend(text for row in found.rows for text in row.cells)
    # A line break no word has: what ends one cell and begins the next is no word.
    within = "\n".join(compact(text) for text in texts)
    words = {compact(word) for word in content_tokens(question)}
    whole = sum(map(len, words))
    return sum(len(word) for word in words if word in within) / whole if whole else 0.0


def _is_said(question: str, found: Sequence[FoundTable]) -> bool:
    """Whether a cell of the best table says the question itself, and a text answers it."""
    plain = compact(question)
    for row in found[0].rows:
        texts = list(dict.fromkeys(filter(None, row.cells)))
        for place, text in enumerate(texts):
            if longest_common(compact(text), plain)[0] >= _SAYS_QUESTION * len(plain):
                return any(len(other) > _LONGEST_SHORT for other in texts[place + 1 :])
    return False


def _note(part: TableRows, rank: int, places: dict[int, int], rows: dict[int, SheetRow]) -> None:
    for row in part.rows:
        rows[row.number] = row
        places.setdefault(row.number, rank)
