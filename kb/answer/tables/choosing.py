"""Plans that the chat model chooses, where a question's form is not plain.

It chooses only what needs language: the operation and the columns, out of those that the table has.
What rows are meant is linked by matching, and the SQL is written by code.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from kb.answer.prompts import Prompt
from kb.answer.tables.columns import Column
from kb.answer.tables.mentions import Links
from kb.answer.tables.plan import Filter, Plan
from kb.answer.tables.sqlite import SheetDatabase, table_name
from kb.errors import BackendError
from kb.llms.base import ChatMessage, Sampling

logger = logging.getLogger(__name__)

NONE = "无"
_OPERATIONS = ("list", "lookup", "count", "sum", "avg", "max", "min", "top")
_LIMITS = (1, 2, 3, 5, 10, 20)
_MOST_COLUMNS = 30
_SAMPLING = Sampling(max_tokens=160)
_COMPARISONS = {"=": "＝", "!=": "≠", "in": "＝", "not in": "≠", "between": "在", "contains": "含"}


class StructuredChat(Protocol):
    """A chat model that answers within a JSON Schema."""

    def structured(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any],
        sampling: Sampling | None = None,
        cancelled: Callable[[], bool] = ...,
    ) -> Any: ...


def choose(
    question: str,
    links: Links,
    database: SheetDatabase,
    filters: Sequence[Filter],
    *,
    chat: StructuredChat,
    prompt: Prompt,
    cancelled: Callable[[], bool],
) -> Plan | None:
    """Let the chat model choose a plan; one that makes no sense is sent back once.

    None where the second makes none either, or the model cannot answer within a schema.

    Raises:
        CancelledError: ``cancelled`` said so.
    """
    columns = _offered(links, database.columns)
    message = prompt.template.format(
        table=table_name(database.table),
        columns="；".join(_described(column) for column in columns),
        conditions="；".join(_condition(each, database) for each in filters) or NONE,
        question=question,
    )
    messages = [ChatMessage("user", message)]
    schema = _schema(columns)
    for attempt in range(2):
        try:
            chosen = chat.structured(messages, schema, _SAMPLING, cancelled)
        except BackendError as exc:
            logger.warning("asking a table without the chat model: %s", exc)
            return None
        problem, plan = _checked(chosen, columns, filters)
        if plan is not None:
            return plan
        logger.debug("plan %d makes no sense: %s", attempt, problem)
        messages = [
            *messages,
            ChatMessage("assistant", str(chosen)),
            ChatMessage("user", problem),
        ]
    return None


def _offered(links: Links, columns: Sequence[Column]) -> list[Column]:
    """The columns to choose from: all, or of a wide table those that the question may mean."""
    named = [column for column in columns if column.name and column.filled]
    if len(named) <= _MOST_COLUMNS:
        return named
    said = {mention.column.index for mention in links.columns}
    said |= {mention.column.index for mention in links.values}
    first = [column for column in named if column.index in said]
    others = [column for column in named if column.index not in said]
    return sorted((first + others)[:_MOST_COLUMNS], key=lambda column: column.index)


def _schema(columns: Sequence[Column]) -> dict[str, Any]:
    names = list(dict.fromkeys(_name(column) for column in columns))
    measured = [_name(column) for column in columns if column.kind != "text"]
    texts = [_name(column) for column in columns if column.kind != "number"]
    properties: dict[str, Any] = {
        "operation": {"enum": list(_OPERATIONS)},
        "show": {"enum": names},
        "measure": {"enum": [*dict.fromkeys(measured), NONE]},
        "group_by": {"enum": [*dict.fromkeys(texts), NONE]},
        "descending": {"type": "boolean"},
        "limit": {"enum": list(_LIMITS)},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _checked(
    chosen: Any, columns: Sequence[Column], filters: Sequence[Filter]
) -> tuple[str, Plan | None]:
    """Turn the model's choice into a plan, or say what is wrong with it."""
    by_name = {_name(column): column for column in reversed(columns)}
    operation = chosen["operation"]
    show = by_name[chosen["show"]]
    measure = by_name.get(chosen["measure"])
    group = by_name.get(chosen["group_by"])
    if operation in ("sum", "avg") and (measure is None or measure.kind != "number"):
        return f"measure of {operation} must be a column of numbers; write the JSON again", None
    if operation in ("max", "min", "top") and measure is None and group is None:
        return f"{operation} needs a measure; write the JSON again", None
    if operation == "lookup" and not filters:
        return "lookup needs a condition; choose another operation and write the JSON again", None
    if group is not None and operation in ("list", "lookup"):
        group = None
    aggregate: Any = None
    if group is not None:
        ranked = operation in ("max", "min", "top")
        aggregate = operation if not ranked else "count" if measure is None else "sum"
    counted = operation == "count"
    return "", Plan(
        operation,
        columns=() if group is not None or operation in ("count", "sum", "avg") else (show.index,),
        measure=None
        if counted or measure is None or operation in ("list", "lookup")
        else measure.index,
        filters=tuple(filters),
        group_by=group.index if group is not None else None,
        aggregate=aggregate,
        descending=bool(chosen["descending"]),
        limit=int(chosen["limit"]),
    )


def _name(column: Column) -> str:
    return column.header or f"{column.letter}列"


def _described(column: Column) -> str:
    kind = {"number": "数字", "date": "日期", "text": "文字"}[column.kind]
    return f"{_name(column)}（{kind}）"


def _condition(each: Filter, database: SheetDatabase) -> str:
    values = "或".join(f"{value:g}" if isinstance(value, float) else value for value in each.values)
    sign = _COMPARISONS.get(each.comparison, each.comparison)
    return f"{_name(database.columns[each.column])}{sign}{values}"
