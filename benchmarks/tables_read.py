"""Are the cells of tables read where they stand, under the right header?

The data folder holds ``tables/files/…``, ``tables/tables.json`` (table id → ``rows``, the cells of
the sheet from its first row on) and ``tables/questions.jsonl`` (lines with ``kind``, ``doc``,
``sheet``, ``cells`` as pairs of row and column from 0 or ``sql`` with ``evidence``, ``answers``,
``table_id``, ``table_type``).

A look-up counts as read when the value stands in its sheet row and column, or, where that is a row
of the header, in the header of its column. Its header counts as right when it holds what the gold
table's first row says of that column; where the headers stand at the left (``horizontal``), when
the row begins as the gold row does.

    python -m benchmarks.tables_read --data PATH [--misses]
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from loaders.errors import LoadError
from loaders.load import records_of
from loaders.records import ElementRecord, TableRecord

_COLUMN = re.compile(r'\s*SELECT\s+(?:DISTINCT\s+)?"([^"]+)"', re.IGNORECASE)
_HEADED = frozenset({"vertical", "hierarchical"})


def normalised(text: str) -> str:
    """Compare texts by their characters: NFKC, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@functools.cache
def tables_of(path: Path, sheet: str) -> tuple[TableRecord, ...]:
    """Return the tables of a sheet, or of the whole file where it has no sheets."""
    return tuple(
        record.table
        for record in records_of(path)
        if isinstance(record, ElementRecord)
        and record.table is not None
        and (not sheet or record.sheet == sheet)
    )


def cell_at(
    tables: tuple[TableRecord, ...], row: int, column: int
) -> tuple[TableRecord, int, int] | None:
    """Find the table and the place in it of a sheet's cell, both counted from 0."""
    for table in tables:
        down, across = row + 1 - table.first_row, column + 1 - table.first_column
        if 0 <= down < len(table.rows) and 0 <= across < len(table.rows[down]):
            return table, down, across
    return None


def in_header(tables: tuple[TableRecord, ...], row: int, column: int, value: str) -> bool:
    """Tell whether a cell is a part of the header right below which the rows of a table begin."""
    for table in tables:
        across = column + 1 - table.first_column
        if row + 1 < table.first_row <= row + 6 and 0 <= across < len(table.header):
            return normalised(value) in normalised(table.header[across])
    return False


def same_value(shown: str, answers: list[str]) -> bool:
    """Tell whether a cell shows one of the answers, as text or as a number."""
    own = normalised(shown)
    if any(normalised(answer) in own for answer in answers if normalised(answer)):
        return True
    return any(_number(own) == _number(normalised(answer)) for answer in answers if _number(own))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "").rstrip("%"))
    except ValueError:
        return None


def cells_of_query(question: dict[str, Any], gold: list[list[str]]) -> list[tuple[int, int]]:
    """Return the cells of a look-up told as a query: its column, in the rows of evidence."""
    named = _COLUMN.match(question["sql"])
    assert named is not None
    column = gold[0].index(named.group(1))
    rows = set(question["evidence"].split("\n"))
    return [
        (number, column)
        for number, row in enumerate(gold[1:], 1)
        if " | ".join(row) in rows and row[column] in question["answers"]
    ]


def outcome(
    question: dict[str, Any], gold: list[list[str]], tables: tuple[TableRecord, ...]
) -> str:
    """Return "right", "header", "value" or "place": what is wrong, if anything."""
    result = "right"
    for row, column in question.get("cells") or cells_of_query(question, gold):
        place = cell_at(tables, row, column)
        if place is None and in_header(tables, row, column, gold[row][column]):
            continue
        if place is None:
            return "place"
        table, down, across = place
        shown = table.rows[down][across]
        if not same_value(shown, [*question["answers"], gold[row][column]]):
            return "value"
        kind = question["table_type"]
        if kind in _HEADED:
            wanted = normalised(gold[0][column])
            if not table.header or wanted not in normalised(table.header[across]):
                result = "header"
        elif kind == "horizontal":
            wanted = normalised(gold[row][0])
            if wanted not in normalised(table.rows[down][0]):
                result = "header"
    return result


def main() -> None:
    """Print the outcomes for each kind of table and of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--misses", action="store_true", help="list the questions not right")
    arguments = parser.parse_args()
    folder = arguments.data / "tables"
    gold = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    counts: dict[str, Counter[str]] = {}
    with (folder / "questions.jsonl").open(encoding="utf-8") as file:
        asked = [question for line in file if (question := json.loads(line))["kind"] == "lookup"]
    for question in asked:
        path = folder / "files" / question["doc"]
        try:
            found = outcome(
                question,
                gold[question["table_id"]]["rows"],
                tables_of(path, question["sheet"] or ""),
            )
        except LoadError as exc:
            found = exc.code
        for group in ("all", question["table_type"], path.suffix):
            counts.setdefault(group, Counter())[found] += 1
        if arguments.misses and found != "right":
            print(found, question["id"], question["table_type"], question["doc"], question["cells"])
    for group, counter in counts.items():
        total = sum(counter.values())
        print(f"{group:<14}{counter['right'] / total:.3f} of {total}  {dict(counter)}")


if __name__ == "__main__":
    main()
