"""JSON and JSON Lines: lists of records become tables, the rest lines of "path: value".

Both are read as a stream of events, so that a file of any size takes little memory and a broken
one yields what comes before the fault.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import ijson

from loaders._unstructured import Element
from loaders.data.json_outline import Event, Outline, events_of
from loaders.errors import DamagedFileError
from loaders.source import Source
from loaders.text import encoding
from loaders.text.plain import load_text

_LONGEST_LINE = 16_000_000
_LOOKED_AT = 2


def load_json(source: Source) -> Iterator[Element]:
    """Yield the records and values of a JSON file; one that is no JSON is read as text."""
    name = _encoding(source)
    if _has_lines(source, name):
        yield from load_json_lines(source)
        return
    outline = Outline()
    with source.path.open("rb") as stream:
        events = _Fragile(_parsed(stream, name))
        found = False
        for element in outline.elements(events):
            found = True
            yield element
    source.title = outline.title or None
    if events.fault and not found:
        source.warn("not_json")
        yield from load_text(source)
    elif events.fault:
        source.missing = "rest_unreadable"


def load_json_lines(source: Source) -> Iterator[Element]:
    """Yield the records of a file with one JSON value a line; other lines are kept as text."""
    name = _encoding(source)
    lines = encoding.open_lines(source.path, name)
    yield from Outline().elements(_events_of_lines(lines, source))


def _encoding(source: Source) -> str:
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format=source.format.name)
    return source.encoding


def _has_lines(source: Source, name: str) -> bool:
    """Tell whether the first lines are whole values each, though the suffix says json."""
    lines = (line for line in encoding.open_lines(source.path, name) if line.strip())
    first = list(islice(lines, _LOOKED_AT))
    return len(first) == _LOOKED_AT and all(
        isinstance(_value_of(line), (dict, list)) for line in first
    )


def _value_of(line: str) -> Any:
    """Return the value that a line holds, or the line itself where it is no JSON."""
    if len(line) > _LONGEST_LINE:
        return line
    try:
        # Numbers stay as they are written: 1.10 is not 1.1.
        return json.loads(line.strip().removeprefix("\ufeff"), parse_float=str)
    except (ValueError, RecursionError):
        return line


def _events_of_lines(lines: Iterable[str], source: Source) -> Iterator[Event]:
    yield "start_array", None
    for line in lines:
        if not line.strip():
            continue
        value = _value_of(line)
        if value is line:
            source.warn("broken_lines")
            value = line.strip()
        yield from events_of(value)
    yield "end_array", None


class _Fragile:
    """Events up to the first fault, which is remembered instead of raised."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.fault = ""
        self._events = events

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self.fault:
            raise StopIteration
        try:
            return next(self._events)
        except (ijson.JSONError, ValueError, ArithmeticError) as exc:
            self.fault = str(exc) or type(exc).__name__
            raise StopIteration from None


def _parsed(stream: BinaryIO, name: str) -> Iterator[Event]:
    """Parse as a stream; several values one after the other are taken as they come."""
    if name not in ("utf-8", "ascii"):
        return _events(_Recoded(stream, name))
    return _events(stream)


def _events(stream: BinaryIO | _Recoded) -> Iterator[Event]:
    events: Iterator[Event] = ijson.basic_parse(stream, multiple_values=True)
    return events


class _Recoded:
    """A file as UTF-8, whatever its encoding is; ijson asks for no more than ``read``."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        # Lines of several encodings do not occur in JSON; the first of a mixture counts.
        self._text = io.TextIOWrapper(
            stream, encoding="utf-8" if "+" in name else name, errors="replace", newline=""
        )

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode("utf-8", "replace")
