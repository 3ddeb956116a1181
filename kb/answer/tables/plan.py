"""Plans: what is asked of a table, rendered to SQL by code and run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kb.answer.tables.sqlite import IS_TOTAL, ROW_NUMBER, SheetDatabase, Value, quoted

Operation = Literal["lookup", "list", "count", "sum", "avg", "max", "min", "top", "compare"]
Aggregate = Literal["count", "sum", "avg", "max", "min"]
Comparison = Literal["=", "!=", ">", ">=", "<", "<=", "between", "in", "not in", "contains"]

MOST_LISTED = 50
_NAME_OR_PLACE = re.compile(r'"(?:[^"]|"")*"|\?')
_TIES = 10


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column. ``values`` are cells, or numbers in the column's unit, or ISO dates.

    "between" has two values, both included; for dates the second is the first day after. Every
    other comparison but "in" and "not in" has one.
    """

    column: int
    comparison: Comparison
    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ``limit`` rows with the highest values of a column, or the lowest."""

    column: int
    descending: bool
    limit: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a table.

    ``columns`` are shown, the one that names the row first. ``measure`` is what is added up or
    ranked by, None for the number of rows. With ``group_by`` each group's ``aggregate`` of the
    measure is meant, listed, or ranked for max, min and top. ``among`` narrows the rows after the
    filters. ``rank`` asks for the second, third … of max and min. ``difference`` asks for how far
    the two of a comparison are apart.
    """

    operation: Operation
    columns: tuple[int, ...] = ()
    measure: int | None = None
    filters: tuple[Filter, ...] = ()
    group_by: int | None = None
    aggregate: Aggregate | None = None
    among: Ranking | None = None
    descending: bool = True
    limit: int = 1
    rank: int = 1
    distinct: bool = False
    difference: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with its values bound in order."""

    sql: str
    values: tuple[Value, ...] = ()

    def shown(self) -> str:
        """The statement with its values written into it, for a person to read."""
        values = map(_literal, self.values)
        return _NAME_OR_PLACE.sub(
            lambda found: next(values) if found[0] == "?" else found[0], self.sql
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan comes to.

    ``rows`` are (number of the row or None, key, value, shown cells): for a group the key is its
    name, for a single figure "". ``used`` are the rows that entered, at most some dozen, out of
    ``count``.
    """

    plan: Plan
    query: Query
    rows: tuple[ResultRow, ...]
    used: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a result; ``value`` is the measure, ``text`` its cell as it stands."""

    number: int | None
    cells: tuple[str, ...]
    value: float | str | None
    text: str


def render(plan: Plan, database: SheetDatabase) -> Query:
    """Write a plan as SQL: every name quoted, every value bound.

    Rows come as (row number, value, its text, shown cells …), groups as (NULL, aggregate, NULL,
    group), a single figure as (NULL, figure, NULL).
    """
    conditions, values = _conditions(plan, database)
    source = quoted(database.name)
    if plan.among is not None:
        column = database.column(plan.among.column)
        direction = "DESC" if plan.among.descending else "ASC"
        source = (
            f"(SELECT * FROM {source}{_where([*conditions, f'{column} IS NOT NULL'])} "  # noqa: S608
            f"ORDER BY {column} {direction} LIMIT ?)"
        )
        values.append(plan.among.limit)
        conditions = []
    if plan.group_by is not None:
        return _grouped(plan, database, source, conditions, values)
    if plan.operation in ("count", "sum", "avg"):
        where = _where(conditions)
        return Query(
            f"SELECT NULL, {_aggregated(plan, database)}, NULL FROM {source}{where}",  # noqa: S608
            tuple(values),
        )
    return _listed(plan, database, source, conditions, values)


def run(plan: Plan, database: SheetDatabase) -> Outcome:
    """Run a plan.

    Raises:
        TooLongError: it took too long.
        CatalogError: SQLite refused it.
    """
    query = render(plan, database)
    rows = tuple(
        ResultRow(
            number=int(row[0]) if isinstance(row[0], int) else None,
            cells=tuple("" if cell is None else str(cell) for cell in row[3:]),
            value=row[1],
            text="" if row[2] is None else str(row[2]),
        )
        for row in database.run(query.sql, query.values)
    )
    entered = replace(
        plan, operation="list", columns=(), measure=None, group_by=None, limit=MOST_LISTED
    )
    numbers = tuple(row.number for row in rows if row.number is not None)
    count = len(rows)
    if not numbers:
        conditions, values = _conditions(plan, database)
        if plan.measure is not None:
            conditions.append(f"{database.column(plan.measure)} IS NOT NULL")
        (found,) = database.run(
            f"SELECT COUNT(*) FROM {quoted(database.name)}{_where(conditions)}",  # noqa: S608
            values,
        )
        count = int(found[0] or 0)
        inner = render(entered, database)
        numbers = tuple(int(row[0] or 0) for row in database.run(inner.sql, inner.values))
    return Outcome(plan, query, rows, numbers, count)


def _conditions(plan: Plan, database: SheetDatabase) -> tuple[list[str], list[Value]]:
    conditions: list[str] = []
    values: list[Value] = []
    if database.has_totals and plan.operation != "lookup":
        conditions.append(f"NOT {quoted(IS_TOTAL)}")
    for each in plan.filters:
        column = database.column(each.column)
        if each.comparison in ("in", "not in"):
            places = ", ".join("?" * len(each.values))
            conditions.append(f"{column} {each.comparison.upper()} ({places})")
        elif each.comparison == "between":
            is_date = database.columns[each.column].kind == "date"
            conditions.append(f"{column} >= ? AND {column} {'<' if is_date else '<='} ?")
        elif each.comparison == "contains":
            conditions.append(f"INSTR({column}, ?) > 0")
        else:
            conditions.append(f"{column} {each.comparison} ?")
        values.extend(each.values)
    return conditions, values


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _aggregated(plan: Plan, database: SheetDatabase) -> str:
    function = plan.aggregate if plan.group_by is not None else plan.operation
    if function == "count":
        if plan.measure is None:
            return "COUNT(*)"
        return f"COUNT({'DISTINCT ' if plan.distinct else ''}{database.column(plan.measure)})"
    assert plan.measure is not None and function is not None  # noqa: S101 - plans are checked
    return f"{function.upper()}({database.column(plan.measure)})"


def _grouped(
    plan: Plan, database: SheetDatabase, source: str, conditions: list[str], values: list[Value]
) -> Query:
    assert plan.group_by is not None  # noqa: S101 - the caller looked
    group = database.column(plan.group_by)
    conditions = [*conditions, f"{group} IS NOT NULL"]
    figure = _aggregated(plan, database)
    order = ""
    if plan.operation in ("max", "min", "top"):
        descending = plan.operation == "max" or (plan.operation == "top" and plan.descending)
        order = f" ORDER BY 2 {'DESC' if descending else 'ASC'} LIMIT ?"
        values = [*values, plan.limit if plan.operation == "top" else plan.rank]
    else:
        order = f" ORDER BY MIN({quoted(ROW_NUMBER)})"
    return Query(
        f"SELECT NULL, {figure}, NULL, {group} FROM {source}{_where(conditions)} "  # noqa: S608
        f"GROUP BY {group}{order}",
        tuple(values),
    )


def _listed(
    plan: Plan, database: SheetDatabase, source: str, conditions: list[str], values: list[Value]
) -> Query:
    shown = [database.text(index) for index in plan.columns]
    number = quoted(ROW_NUMBER)
    if plan.measure is None:
        fields = ", ".join([number, "NULL", "NULL", *shown])
        return Query(
            f"SELECT {fields} FROM {source}{_where(conditions)} ORDER BY {number} LIMIT ?",  # noqa: S608
            (*values, MOST_LISTED),
        )
    measure = database.column(plan.measure)
    fields = ", ".join([number, measure, database.text(plan.measure), *shown])
    conditions = [*conditions, f"{measure} IS NOT NULL"]
    descending = plan.operation == "max" or (
        plan.operation in ("top", "compare") and plan.descending
    )
    direction = "DESC" if descending else "ASC"
    if plan.operation in ("max", "min") and plan.rank == 1:
        # All that share the first place.
        best = f"(SELECT {plan.operation.upper()}({measure}) FROM {source}{_where(conditions)})"  # noqa: S608
        return Query(
            f"SELECT {fields} FROM {source}{_where([*conditions, f'{measure} = {best}'])} "  # noqa: S608
            f"ORDER BY {number} LIMIT ?",
            (*values, *values, _TIES),
        )
    order = f"{number} ASC" if plan.operation == "list" else f"{measure} {direction}, {number}"
    limits = {"max": plan.rank, "min": plan.rank, "top": plan.limit}
    return Query(
        f"SELECT {fields} FROM {source}{_where(conditions)} ORDER BY {order} LIMIT ?",  # noqa: S608
        (*values, limits.get(plan.operation, MOST_LISTED)),
    )


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
