"""Turn a stream of JSON events into elements: headings, tables of records, lines of values."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.sheets.cells import cleaned
from loaders.tables.grid import table_elements
from loaders.tables.keyed import MOST_COLUMNS, keyed_tables

Event = tuple[str, Any]
"""start_map, map_key, end_map, start_array, end_array, or a scalar's kind; and the value."""

_SCALARS = frozenset({"null", "boolean", "integer", "double", "number", "string"})
_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})
_NAME = re.compile(r"title|name|heading|label|标题|名称|姓名|题目|id", re.IGNORECASE)
_CONTENT = re.compile(r"text|content|body|正文|内容|全文", re.IGNORECASE)
_DEEPEST_HEADING = 4
_DEEPEST = 100
"""Levels that are told apart; what is nested deeper is shown as JSON."""

_LONG = 200
_LONGEST_PIECE = 50_000
_LINES_LENGTH = 2000
_LOOKED_AT_ITEMS = 50
_LOOKED_AT_EVENTS = 5000
_LONG_CELL = 1000
_LEAST_SHARED = 0.3
_DEEPEST_CELL = 3


def events_of(value: Any) -> Iterator[Event]:
    """Yield the events of a value that is there as a whole."""
    stack: list[Iterator[Event | Any]] = [iter([value])]
    while stack:
        item = next(stack[-1], _END)
        if item is _END:
            stack.pop()
        elif isinstance(item, _Mark):
            yield item.event
        elif isinstance(item, dict):
            stack.append(_members(item))
        elif isinstance(item, list):
            stack.append(iter([_Mark(("start_array", None)), *item, _Mark(("end_array", None))]))
        else:
            yield ("null" if item is None else "string"), item


_END = object()


class _Mark:
    def __init__(self, event: Event) -> None:
        self.event = event


def _members(value: dict[str, Any]) -> Iterator[Any]:
    yield _Mark(("start_map", None))
    for key, member in value.items():
        yield _Mark(("map_key", key))
        yield member
    yield _Mark(("end_map", None))


class _Events:
    """Events that can be looked at before they are taken; the end closes whatever is open."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = iter(events)
        self._ahead: deque[Event] = deque()

    def take(self) -> Event | None:
        """Return the next event, None at the end."""
        return self._ahead.popleft() if self._ahead else next(self._events, None)

    def look(self, position: int) -> Event | None:
        """Return an event that is still to come."""
        while len(self._ahead) <= position:
            event = next(self._events, None)
            if event is None:
                return None
            self._ahead.append(event)
        return self._ahead[position]

    def value(self, event: Event) -> Any:
        """Build the value that begins with an event."""
        kind, scalar = event
        if kind in _SCALARS:
            return scalar
        holder: Any = {} if kind == "start_map" else []
        stack: list[Any] = [holder]
        keys: list[str] = [""]
        while stack and (following := self.take()) is not None:
            kind, scalar = following
            if kind in _ENDS:
                stack.pop()
                keys.pop()
            elif kind == "map_key":
                keys[-1] = scalar
            else:
                part: Any = scalar
                if kind in _STARTS:
                    part = {} if kind == "start_map" else []
                if isinstance(stack[-1], dict):
                    stack[-1][keys[-1]] = part
                else:
                    stack[-1].append(part)
                if kind in _STARTS:
                    stack.append(part)
                    keys.append("")
        return holder


class Outline:
    """Writes one document; lines of values are gathered until something else comes."""

    def __init__(self) -> None:
        self.title = ""
        self._lines: list[str] = []
        self._length = 0
        # Lists of the same name go on counting, or two rows would have the same place.
        self._next_row: dict[str | None, int] = {}

    def elements(self, events: Iterable[Event]) -> Iterator[Element]:
        """Yield the elements of all values."""
        stream = _Events(events)
        while (event := stream.take()) is not None:
            if event[0] == "start_map" and not self.title:
                self.title = _name(stream)
            yield from self._value(stream, event, (), 0, 0)
        yield from self._flush()

    def _value(
        self, stream: _Events, event: Event, path: tuple[str, ...], base: int, level: int
    ) -> Iterator[Element]:
        """Yield what a value says.

        ``path`` are the keys down to it; the first ``base`` of them stand in the ``level`` headings
        above.
        """
        kind, scalar = event
        if kind in _SCALARS:
            yield from self._scalar(path[base:], scalar)
        elif len(path) > _DEEPEST:
            yield from self._scalar(path[base:][-3:], _compact(stream.value(event)))
        elif kind == "start_map":
            yield from self._map(stream, path, base, level)
        elif kind == "start_array":
            yield from self._array(stream, path, base, level)

    def _map(
        self, stream: _Events, path: tuple[str, ...], base: int, level: int
    ) -> Iterator[Element]:
        if len(path) > base and level < 2 and _has_several(stream):
            yield from self._flush()
            level += 1
            yield make_element(_heading(path[base:]), "Title", level=level + 1)
            base = len(path)
        while (event := stream.take()) is not None and event[0] != "end_map":
            following = stream.take()
            if following is None:
                return
            yield from self._value(stream, following, (*path, str(event[1])), base, level)
        if base == len(path):
            yield from self._flush()

    def _array(
        self, stream: _Events, path: tuple[str, ...], base: int, level: int
    ) -> Iterator[Element]:
        if stream.look(0) == ("end_array", None):
            stream.take()
            return
        shape = _shape(stream)
        if shape in ("records", "grid"):
            yield from self._flush()
            sheet = ".".join(path) or None
            if shape == "records":
                yield from _record_tables(self._counted(stream, sheet), sheet)
            else:
                yield from table_elements(
                    (
                        (number, [_cell(cell) for cell in row] if isinstance(row, list) else [])
                        for number, row in self._counted(stream, sheet)
                    ),
                    sheet=sheet,
                )
            return
        if shape == "scalars":
            yield from self._scalar(path[base:], "; ".join(_text(item) for item in _items(stream)))
            return
        if len(path) > base and level < 2:
            yield from self._flush()
            level += 1
            yield make_element(_heading(path[base:]), "Title", level=level + 1)
            base = len(path)
        while (event := stream.take()) is not None and event[0] != "end_array":
            named, below = base, level
            if event[0] == "start_map" and level < _DEEPEST_HEADING and (name := _name(stream)):
                yield from self._flush()
                below += 1
                yield make_element(name, "Title", level=below + 1)
                named = len(path)
            yield from self._value(stream, event, path, named, below)
            yield from self._flush()

    def _counted(self, stream: _Events, sheet: str | None) -> Iterator[tuple[int, Any]]:
        """Yield the items of an array with their rows, from 1 for the first of this name."""
        number = self._next_row.get(sheet, 1)
        for item in _items(stream):
            yield number, item
            number += 1
            self._next_row[sheet] = number

    def _scalar(self, keys: tuple[str, ...], value: Any) -> Iterator[Element]:
        text = _text(value).strip()
        if not text:
            return
        label = ".".join(keys)
        if len(text) <= _LONG and "\n" not in text:
            self._lines.append(f"{label}: {text}" if label else text)
            self._length += len(text)
            if self._length > _LINES_LENGTH:
                yield from self._flush()
            return
        yield from self._flush()
        if label and not _CONTENT.fullmatch(keys[-1]):
            text = f"{label}: {text}"
        for paragraph in text.splitlines():
            for start in range(0, len(paragraph), _LONGEST_PIECE):
                if piece := paragraph[start : start + _LONGEST_PIECE].strip():
                    yield make_element(piece)

    def _flush(self) -> Iterator[Element]:
        if self._lines:
            yield make_element("\n".join(self._lines))
        self._lines, self._length = [], 0


def _heading(keys: tuple[str, ...]) -> str:
    return ".".join(keys)


def _has_several(stream: _Events) -> bool:
    """Tell whether the object that was just opened has more than one scalar in it."""
    first, value, following = (stream.look(position) for position in range(3))
    if first is None or first[0] == "end_map":
        return False
    return value is None or value[0] in _STARTS or following is None or following[0] != "end_map"


def _name(stream: _Events) -> str:
    """Return what the object that was just opened is called, by its first scalar members."""
    position = 0
    while (key := stream.look(position)) is not None and key[0] == "map_key":
        value = stream.look(position + 1)
        if value is None or value[0] not in _SCALARS:
            break
        text = _text(value[1]).strip()
        if _NAME.fullmatch(str(key[1])) and 0 < len(text) <= 100 and "\n" not in text:
            return text
        position += 2
    return ""


def _shape(stream: _Events) -> str:
    """Tell what the array that was just opened holds by its first items.

    "records" are flat objects with keys in common, "grid" lists of equally many scalars, "scalars"
    short values; "" is anything else.
    """
    items: list[Any] = []
    ahead: list[Event] = []
    depth = 0
    for position in range(_LOOKED_AT_EVENTS):
        event = stream.look(position)
        if event is None:
            break
        kind = event[0]
        if kind in _ENDS:
            depth -= 1
        if depth < 0:
            break
        ahead.append(event)
        depth += kind in _STARTS
        if depth == 0 and kind != "map_key":
            reader = _Events(ahead)
            first = reader.take()
            assert first is not None  # noqa: S101 - one was just put there
            items.append(reader.value(first))
            ahead = []
            if len(items) >= _LOOKED_AT_ITEMS:
                break
    if not items:
        return ""
    if not any(isinstance(item, (dict, list)) for item in items):
        short = max(len(_text(item)) for item in items) <= _LONG
        return "scalars" if short and len(items) < _LOOKED_AT_ITEMS else ""
    if len(items) > 1 and all(isinstance(item, dict) and _is_flat(item) for item in items):
        return "records" if _share_keys(items) else ""
    return "grid" if len(items) > 1 and all(map(_is_row, items)) else ""


def _is_row(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) > 1
        and not any(isinstance(cell, (dict, list)) for cell in item)
    )


def _is_flat(item: dict[str, Any], depth: int = 1) -> bool:
    for value in item.values():
        if isinstance(value, dict):
            if depth >= _DEEPEST_CELL or not _is_flat(value, depth + 1):
                return False
        elif isinstance(value, list):
            if any(isinstance(part, (dict, list)) for part in value):
                return False
        elif isinstance(value, str) and len(value) > _LONG_CELL:
            # A text, and its record what is said about it.
            return False
    return True


def _share_keys(items: list[dict[str, Any]]) -> bool:
    rows = [dict(_flat(item)) for item in items]
    union = {key for row in rows for key in row}
    if not 0 < len(union) <= MOST_COLUMNS:
        return False
    return sum(map(len, rows)) >= _LEAST_SHARED * len(union) * len(rows)


def _items(stream: _Events) -> Iterator[Any]:
    """Yield the values of the array that was just opened, up to its end."""
    while (event := stream.take()) is not None and event[0] != "end_array":
        yield stream.value(event)


def _record_tables(items: Iterator[tuple[int, Any]], sheet: str | None) -> Iterator[Element]:
    """Yield records as rows under their keys; a key that comes later widens the table from there.

    Rows count from 1: the first record is row 1.
    """
    records = (
        (number, dict(_flat(item) if isinstance(item, dict) else [("", _cell(item))]))
        for number, item in items
    )
    yield from keyed_tables(records, sheet)


def _flat(item: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    """Yield the members of a record with their keys joined, nested ones too."""
    for key, value in item.items():
        name = cleaned(f"{prefix}{key}")
        if isinstance(value, dict) and value and depth < _DEEPEST_CELL:
            yield from _flat(value, f"{name}.", depth + 1)
        else:
            yield name, _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(part, (dict, list)) for part in value):
        return cleaned("; ".join(filter(None, map(_text, value))))
    if isinstance(value, (dict, list)):
        return cleaned(_compact(value)) if value else ""
    return cleaned(_text(value))


def _compact(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
