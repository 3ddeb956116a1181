"""What a plan came to, in words: short, with the cells as they stand in the table."""

from __future__ import annotations

from dataclasses import dataclass

from kb.answer.language import Language
from kb.answer.tables.columns import Column
from kb.answer.tables.plan import Outcome, ResultRow
from kb.answer.tables.sqlite import SheetDatabase
from kb.answer.tables.values import SCALES

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Words:
    """The words between the cells of an answer."""

    comma: str
    groups: str
    valued: str
    row: str
    difference: str


_WORDS: dict[Language, _Words] = {
    "zh": _Words("、", "；", "{0}（{1}）", "第{0}行", "相差{0}（{1}）"),
    "en": _Words(", ", "; ", "{0} ({1})", "row {0}", "a difference of {0} ({1})"),
}


def say(outcome: Outcome, database: SheetDatabase, language: Language = "zh") -> str:
    """Word a result; "" where it is empty. Cells and their units stay as the table has them."""
    words = _WORDS[language]
    plan = outcome.plan
    measure = database.columns[plan.measure] if plan.measure is not None else None
    rows = outcome.rows
    if not rows:
        return ""
    if plan.group_by is not None and plan.operation != "compare":
        return _groups(outcome, measure, words)
    if plan.operation in ("count", "sum", "avg"):
        value = rows[0].value
        if value is None:
            return ""
        if plan.operation == "count":
            return figure(value)
        return figure(value) + unit_text(measure)
    if plan.operation == "lookup":
        return _cells(rows, words)
    if plan.operation == "list":
        return _names([_key(row, words) for row in rows], words)
    if plan.operation == "compare":
        return _comparison(outcome, measure, words)
    if plan.operation in ("max", "min") and plan.rank > 1:
        rows = rows[plan.rank - 1 :]
    return words.comma.join(_named(row, measure, words) for row in rows[:_MOST_NAMED])


def figure(value: float | str | None) -> str:
    """Write a computed number: no more decimals than it needs, thousands parted."""
    if value is None or isinstance(value, str):
        return value or ""
    rounded = round(float(value), 4)
    text = f"{rounded:,.4f}".rstrip("0").rstrip(".")
    return text if abs(rounded) >= 10_000 else text.replace(",", "")


def unit_text(column: Column | None) -> str:
    """The unit of a column's numbers as headings write it: 万元, %, 岁."""
    if column is None or column.kind != "number":
        return ""
    scale = next((name for name, factor in SCALES.items() if factor == column.scale), "")
    return scale + column.unit


def _groups(outcome: Outcome, measure: Column | None, words: _Words) -> str:
    plan = outcome.plan
    unit = unit_text(measure) if plan.aggregate != "count" else ""
    rows = outcome.rows
    if plan.operation in ("max", "min"):
        rows = rows[plan.rank - 1 :]
    return words.comma.join(
        words.valued.format(_key(row, words), figure(row.value) + unit) for row in rows
    )


def _comparison(outcome: Outcome, measure: Column | None, words: _Words) -> str:
    rows = outcome.rows
    named = words.comma.join(_named(row, measure, words) for row in rows)
    if not outcome.plan.difference or len(rows) < 2:
        # What was asked for comes first: the rows are ranked.
        return _named(rows[0], measure, words) if len(rows) == 2 else named
    first, last = rows[0].value, rows[-1].value
    if not isinstance(first, int | float) or not isinstance(last, int | float):
        return named
    return words.difference.format(figure(abs(first - last)) + unit_text(measure), named)


def _cells(rows: tuple[ResultRow, ...], words: _Words) -> str:
    lines = dict.fromkeys(words.comma.join(row.cells) for row in rows)
    return words.groups.join(list(lines)[:_MOST_NAMED])


def _names(names: list[str], words: _Words) -> str:
    distinct = list(dict.fromkeys(names))
    return words.comma.join(distinct)


def _key(row: ResultRow, words: _Words) -> str:
    return " ".join(" ".join(cell.split()) for cell in row.cells) or words.row.format(row.number)


def _named(row: ResultRow, measure: Column | None, words: _Words) -> str:
    return words.valued.format(_key(row, words), _valued(row, measure))


def _valued(row: ResultRow, measure: Column | None) -> str:
    text = row.text or figure(row.value)
    unit = unit_text(measure)
    return text if not unit or text.endswith(unit) or not text[-1:].isdigit() else text + unit
