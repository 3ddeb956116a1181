"""Measures how well each cell of a table answers a question, by the words around the cell.

A cell is told from its neighbours by what it is called (the header above it, the label at its left)
and by what its row is about. Tables of records have both in fixed places; forms have labels
anywhere, and a label may look like a value. So nothing is decided here: every cell that may be the
answer is measured, and `choose` weighs the measures.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from kb.answer.tables.asked import Asked, kind_of_value
from kb.answer.tables.layout import headings, label_columns, names_columns, sections
from kb.text.normalise import compact
from kb.types import SheetRow, SheetTable
from loaders.tables.header import is_column_name, is_numeric

# A table of at least so many rows with a header is one of records, not a form.
_RECORDS = 6
_LONGEST_LABEL = 16
_FEW_ROWS = 3
_KNOWN = 0.5
_SIGN = re.compile(r"[A-Za-z%℃°μ/·.³²]{1,6}")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table that retrieval has led to, with as many of its rows as are looked at.

    ``score`` is that of its best passage, ``row_ranks`` the rank (from 0) of each row found.
    """

    table: SheetTable
    rows: tuple[SheetRow, ...]
    score: float
    row_ranks: dict[int, int]


@dataclass(frozen=True, slots=True)
class CellMeasures:
    """What speaks for a cell; every measure is 0 where there is nothing to say.

    ``covered``: share of the question's characters in the rest of the row and the header.
    ``focus``: the largest share of a label that is in what is asked for.
    ``record_rank``: 1 / rank of the row in retrieval, in a table of records.
    ``record_key``: log length of the rarest cell of the row, in one, that the question holds.
    ``header``, ``left``: share of that label that is in the question.
    ``kind``: the cell is of the kind of value asked for.
    ``table``: the score of its table behind the best one's; ``table_words``: log length of what
    the table's cells share with the question.
    ``is_label``, ``in_label_column``: it is rather a label than a value.
    ``said``: share of its own text that the question says, by log length: what is known is not
    asked for. ``what``: it has the word behind which or what in the question.
    ``header_pairs``: share of the header's pairs of characters in the question.
    ``covered_form``: ``covered``, in a form.
    ``column_key``: log length of the rarest cell of its column that the question holds.
    ``unit``: the question asks for its unit.
    """

    covered: float
    focus: float
    record_rank: float
    record_key: float
    header: float
    left: float
    kind: float
    table: float
    table_words: float
    is_label: float
    in_label_column: float
    said: float
    header_pairs: float
    covered_form: float
    column_key: float
    unit: float
    what: float


MEASURES = tuple(field.name for field in fields(CellMeasures))


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that may be the answer; ``row`` and ``column`` count from 1 as the sheet shows them.

    ``labels`` is what its row is about and what the cell is called; ``names`` what tells it from
    the other cells: of a record, whatever the question has of its row. ``called`` is the label that
    fits the question best. ``about`` is what the question has of the rest of its row, or else of
    the title above it; ``under_merged`` whether its label at the left holds for several rows.
    """

    table: SheetTable
    row: int
    column: int
    text: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    called: str
    about: frozenset[str]
    under_merged: bool
    measures: CellMeasures


def cells(asked: Asked, found: Sequence[FoundTable]) -> Iterator[Cell]:
    """Yield every cell of the tables that may be the answer."""
    best = max((each.score for each in found), default=0.0)
    for each in found:
        yield from _Measured(asked, each, each.score - best).cells()


class _Measured:
    """One table under one question; the header is its first row, for in a form it may be data."""

    def __init__(self, asked: Asked, found: FoundTable, behind: float) -> None:
        self._asked = asked
        self._table = found.table
        self._ranks = found.row_ranks
        self._behind = behind
        head = [text.strip() for text in found.table.header]
        self._head = head if any(head) else []
        self._body = int(bool(self._head))
        self._rows = [self._head] if self._head else []
        self._numbers = [found.table.first_row - 1] if self._head else []
        for row in found.rows:
            self._rows.append([text.strip() for text in row.cells])
            self._numbers.append(row.number)
        self._in = Counter(text for row in self._rows for text in set(row) if text)
        self._records = bool(self._head) and len(self._rows) >= _RECORDS
        self._label_columns = label_columns(self._head, self._rows[self._body :])
        self._names_columns = [names_columns(row) for row in self._rows]
        self._seen_letters: dict[str, float] = {}
        self._seen_pairs: dict[str, float] = {}
        self._matches: dict[str, tuple[int, int, int, int]] = {}
        longest = sorted((self._match(text)[1] for text in self._in), reverse=True)
        self._table_words = math.log1p(sum(longest[:4]))
        self._sections = sections(self._rows)
        self._headings = headings(self._head, self._rows)
        self._column_keys = [
            sorted(
                (
                    (self._length(text) * self._rarity(text), text)
                    for text in {row[column] for row in self._rows if column < len(row)}
                    if self._share(text) == 1
                ),
                reverse=True,
            )[:2]
            for column in range(found.table.width)
        ]
        self._constant = {
            column
            for column in range(found.table.width)
            if len(self._rows) >= _RECORDS
            and len({row[column] for row in self._rows[1:] if column < len(row)}) == 1
        }

    def cells(self) -> Iterator[Cell]:
        for place, row in enumerate(self._rows):
            for column, text in enumerate(row):
                # Under no header, what all rows repeat joins their other cells.
                joins = place and column in self._constant and not self._header(place, column)
                if text and not joins and not self._merged(place, column):
                    yield self._cell(place, column, text)

    def _merged(self, place: int, column: int) -> bool:
        """Tell a repetition of the cell at the left or above, of which one is enough."""
        row = self._rows[place]
        if place > self._body and self._rows[place - 1] == row:
            return True
        if not column or row[column - 1] != row[column]:
            return False
        # Under headers of their own, equal values are two values.
        head = self._head
        return not place or column >= len(head) or head[column] == head[column - 1]

    def _cell(self, place: int, column: int, text: str) -> Cell:
        row = self._rows[place]
        head = self._headings[place]
        header = self._header(place, column)
        labels = {
            "header": header,
            "leaf": header.split(" ")[-1],
            "left": self._left(row, column),
            "first": next((cell for cell in row if cell and not is_numeric(cell)), ""),
            "above": self._above(place, column),
        }
        if labels["first"] == text:
            labels["first"] = ""
        shares = {name: self._share(label) for name, label in labels.items()}
        best = max(
            ("header", "left", "first", "above", "leaf"),
            key=lambda name: (self._focus(labels[name]), shares[name], self._length(labels[name])),
        )
        others = [cell for cell in dict.fromkeys(row) if cell and cell != text]
        rarest = max(
            (
                self._length(cell) * self._rarity(cell)
                for cell in others
                if cell != labels[best] and self._share(cell) == 1
            ),
            default=0.0,
        )
        key = math.log1p(rarest)
        rank = self._rank(place)
        covered = self._covered([*others, header])
        measures = CellMeasures(
            covered=covered,
            focus=max(self._letters(label) for label in labels.values()),
            record_rank=self._records / (1 + rank) if rank is not None else 0.0,
            record_key=key if self._records else 0.0,
            header=shares["header"],
            left=shares["left"],
            kind=float(self._asked.kind != "" and kind_of_value(text) == self._asked.kind),
            table=10 * self._behind,
            table_words=self._table_words,
            is_label=float(
                len(text) <= _LONGEST_LABEL
                and is_column_name(text)
                and kind_of_value(text) == "text"
            ),
            in_label_column=float(column in self._label_columns),
            said=self._share(text) * math.log1p(self._length(text)),
            header_pairs=self._pairs_share(header),
            covered_form=0.0 if self._records else covered,
            column_key=math.log1p(
                max((key for key, each in self._column_keys[column] if each != text), default=0.0)
            ),
            unit=float(self._asked.asks_unit(text, header, labels["left"])),
            what=float(self._asked.is_one(text)),
        )
        names = [header, labels["left"]]
        if self._records:
            names.extend(cell for cell in others if self._share(cell) >= _KNOWN)
        about = max(others, key=lambda cell: self._length(cell) * self._rarity(cell), default="")
        return Cell(
            table=self._table,
            row=self._numbers[place],
            column=self._table.first_column + column,
            text=text,
            labels=tuple(dict.fromkeys(filter(None, (about, header, labels["left"])))),
            names=tuple(dict.fromkeys(filter(None, names))),
            called=labels[best],
            about=self._about(place, others, "" if head is self._head else header),
            under_merged=self._is_spread(place, labels["left"]),
            measures=measures,
        )

    def _header(self, place: int, column: int) -> str:
        head = self._headings[place]
        own = not place or head is self._rows[place]
        return head[column] if not own and column < len(head) else ""

    def _left(self, row: Sequence[str], column: int) -> str:
        """The nearest text at the left; a number or a unit there is passed over."""
        text = row[column]
        nearest = ""
        for cell in reversed(row[:column]):
            if not cell or cell in (text, nearest):
                continue
            if not is_numeric(cell) and not _SIGN.fullmatch(cell):
                return cell
            nearest = cell
        return ""

    def _above(self, place: int, column: int) -> str:
        """What stands above in the nearest row that looks like a header inside the table."""
        for above in range(place - 1, self._body - 1, -1):
            if self._names_columns[above]:
                row = self._rows[above]
                return row[column] if column < len(row) else ""
        return ""

    def _about(self, place: int, others: Sequence[str], heading: str) -> frozenset[str]:
        held = frozenset(cell for cell in others if self._share(cell) == 1 and self._length(cell))
        titles = (self._sections[place], heading)
        return held or frozenset(title for title in titles if self._pairs_share(title) >= _KNOWN)

    def _is_spread(self, place: int, label: str) -> bool:
        """Whether the next row, or the one before, has the label too, each for a value."""
        near = self._rows[max(self._body, place - 1) : place] + self._rows[place + 1 : place + 2]
        return bool(label) and any(label in row for row in near)

    def _rank(self, place: int) -> int | None:
        if not self._ranks:
            return None
        return self._ranks.get(self._numbers[place])

    def _match(self, text: str) -> tuple[int, int, int, int]:
        """Length, longest match with the question, its place there, longest match with focus."""
        if text not in self._matches:
            plain = compact(text)
            length, place = longest_common(plain, self._asked.text)
            focus, _ = longest_common(plain, self._asked.focus)
            self._matches[text] = (len(plain), length, place, focus)
        return self._matches[text]

    def _length(self, text: str) -> int:
        length = self._match(text)[1]
        return length if length > 1 else 0

    def _share(self, text: str) -> float:
        whole, length, _, _ = self._match(text)
        return length / whole if whole and (length > 1 or whole == 1) else 0.0

    def _focus(self, text: str) -> float:
        whole, _, _, focus = self._match(text)
        return focus / whole if whole and focus > 1 else 0.0

    def _letters(self, text: str) -> float:
        """The share of a text's different characters that are in what is asked for."""
        if text not in self._seen_letters:
            letters = set(compact(text))
            shared = len(letters.intersection(self._asked.focus))
            self._seen_letters[text] = shared / len(letters) if letters else 0.0
        return self._seen_letters[text]

    def _pairs_share(self, text: str) -> float:
        if text not in self._seen_pairs:
            plain = compact(text)
            pairs = {plain[at : at + 2] for at in range(len(plain) - 1)}
            shared = sum(pair in self._asked.text for pair in pairs)
            self._seen_pairs[text] = shared / len(pairs) if pairs else 0.0
        return self._seen_pairs[text]

    def _rarity(self, text: str) -> float:
        """1 for a text of one row, 0 for one of all rows."""
        rows = len(self._rows)
        if rows < _FEW_ROWS or text not in self._in:
            return 1.0
        return math.log((rows + 1) / self._in[text]) / math.log(rows + 1)

    def _covered(self, texts: Sequence[str]) -> float:
        """The share of the question's characters that the texts hold."""
        places: set[int] = set()
        for text in texts:
            _, length, place, _ = self._match(text)
            if length > 1:
                places.update(range(place, place + length))
        return len(places) / max(1, len(self._asked.text))


def longest_common(text: str, within: str) -> tuple[int, int]:
    """Return length and place in ``within`` of the longest run of characters that both have."""
    best, place = 0, -1
    for start in range(len(text)):
        while start + best < len(text):
            found = within.find(text[start : start + best + 1])
            if found < 0:
                break
            best, place = best + 1, found
    return best, place
