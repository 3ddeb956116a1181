"""What a plan came to, in words: short, with the cells as they stand in the table."""

from __future__ import annotations

from kb.answer.tables.columns import Column
from kb.answer.tables.plan import Outcome, ResultRow
from kb.answer.tables.sqlite import SheetDatabase
from kb.answer.tables.values import SCALES

_MOST_NAMED = 10


def say(outcome: Outcome, database: SheetDatabase) -> str:
    """Word a result; "" where it is empty."""
    plan = outcome.plan
    measure = database.columns[plan.measure] if plan.measure is not None else None
    rows = outcome.rows
    if not rows:
        return ""
    if plan.group_by is not None and plan.operation != "compare":
        return _groups(outcome, measure)
    if plan.operation in ("count", "sum", "avg"):
        value = rows[0].value
        if value is None:
            return ""
        if plan.operation == "count":
            return figure(value)
        return figure(value) + unit_text(measure)
    if plan.operation == "lookup":
        return _cells(rows)
    if plan.operation == "list":
        return _names([_key(row) for row in rows])
    if plan.operation == "compare":
        return _comparison(outcome, measure)
    if plan.operation in ("max", "min") and plan.rank > 1:
        rows = rows[plan.rank - 1 :]
    shown = [f"{_key(row)}（{_valued(row, measure)}）" for row in rows[:_MOST_NAMED]]
    return "、".join(shown)


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


def _groups(outcome: Outcome, measure: Column | None) -> str:
    plan = outcome.plan
    unit = unit_text(measure) if plan.aggregate != "count" else ""
    rows = outcome.rows
    if plan.operation in ("max", "min"):
        rows = rows[plan.rank - 1 :]
    return "、".join(f"{_key(row)}（{figure(row.value)}{unit}）" for row in rows)


def _comparison(outcome: Outcome, measure: Column | None) -> str:
    rows = outcome.rows
    named = "、".join(f"{_key(row)}（{_valued(row, measure)}）" for row in rows)
    if not outcome.plan.difference or len(rows) < 2:
        # What was asked for comes first: the rows are ranked.
        return f"{_key(rows[0])}（{_valued(rows[0], measure)}）" if len(rows) == 2 else named
    first, last = rows[0].value, rows[-1].value
    if not isinstance(first, int | float) or not isinstance(last, int | float):
        return named
    return f"相差{figure(abs(first - last))}{unit_text(measure)}（{named}）"


def _cells(rows: tuple[ResultRow, ...]) -> str:
    lines = dict.fromkeys("、".join(row.cells) for row in rows)
    return "；".join(list(lines)[:_MOST_NAMED])


def _names(names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return "、".join(distinct)


def _key(row: ResultRow) -> str:
    return " ".join(" ".join(cell.split()) for cell in row.cells) or f"第{row.number}行"


def _valued(row: ResultRow, measure: Column | None) -> str:
    text = row.text or figure(row.value)
    unit = unit_text(measure)
    return text if not unit or text.endswith(unit) or not text[-1:].isdigit() else text + unit
