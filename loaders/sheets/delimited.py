"""Delimited text (csv, tsv), streamed: the delimiter found, no row and no cell lost."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator
from itertools import chain, count, islice

from loaders._unstructured import Element
from loaders.errors import DamagedFileError
from loaders.sheets.cells import cleaned
from loaders.source import Source
from loaders.tables.grid import Row, table_elements
from loaders.text import encoding

_SNIFFED_LINES = 50
_SNIFFED_CHARACTERS = 200_000
_USUAL = (",", "\t", ";", "|")
_UNUSUAL = ("，", "^", "\x01")
_LEAST_UNUSUAL = 0.8
"""Share of rows that must agree on a delimiter which more often is a part of the text."""

_MOST_LINES = 300
_MOST_CHARACTERS = 1_000_000
"""Of a quoted cell, before its quote is taken for a slip; a cell of Excel has 253 line feeds."""

_MOST_SLIPS = 20


def load_delimited(source: Source) -> Iterator[Element]:
    """Yield the rows of a csv or tsv file as tables; the file is never held as a whole."""
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format=source.format.name)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (
        line.replace("\0", "")
        for line in encoding.open_lines(source.path, source.encoding, newline="")
    )
    start = _sample(lines)
    if start:
        start[0] = start[0].removeprefix("\ufeff")
    delimiter = _delimiter(start, "\t" if source.format.name == "tsv" else ",")
    if start and (told := re.fullmatch(r'"?sep=(.)"?\s*', start[0])):
        # Excel's own way to name the delimiter; it takes a row that people do not see.
        delimiter = told.group(1)
        start[0] = "\n"
    rows = _records(chain(start, lines), delimiter, source)
    try:
        yield from table_elements(_numbered(rows))
    except csv.Error as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc


def _sample(lines: Iterator[str]) -> list[str]:
    taken: list[str] = []
    size = 0
    for line in islice(lines, _SNIFFED_LINES):
        taken.append(line)
        size += len(line)
        if size > _SNIFFED_CHARACTERS:
            break
    return taken


def _records(lines: Iterator[str], delimiter: str, source: Source) -> Iterator[list[str]]:
    """Yield the cells of each record.

    A quote that nothing closes would make one cell of all that follows. Its line is cut at every
    delimiter instead; where this happens often, quotes are no quotes in this file.
    """
    taken = _Lines(lines)
    for slips in count():
        reader = csv.reader(
            taken,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if slips < _MOST_SLIPS else csv.QUOTE_NONE,
            strict=False,
        )
        try:
            for cells in reader:
                taken.close_record()
                yield cells
        except _OpenQuoteError:
            source.warn("open_quotes")
            yield taken.give_back().rstrip("\r\n").split(delimiter)
        else:
            return


class _OpenQuoteError(Exception):
    """A quoted cell goes on and on."""


class _Lines:
    """The lines of a file; those of the record that is being read can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.held: list[str] = []
        self.ended = False
        self._lines = lines
        self._again: deque[str] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.held:
            self._size = 0
        if len(self.held) >= _MOST_LINES or (self.held and self._size > _MOST_CHARACTERS):
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.held.append(line)
        self._size += len(line)
        return line

    def close_record(self) -> None:
        """Forget the lines of a record that was read; raises where the file ended inside quotes."""
        if self.ended and len(self.held) > 1:
            raise _OpenQuoteError
        self.held.clear()

    def give_back(self) -> str:
        """Return the first line of the record; the others come again."""
        first, *others = self.held
        self._again.extendleft(reversed(others))
        self.held.clear()
        self.ended = False
        return first


def _numbered(records: Iterator[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(records, 1):
        yield number, [cleaned(cell) for cell in cells]


def _delimiter(lines: list[str], usual: str) -> str:
    """Find the delimiter that gives most rows the same number of cells, and more than one."""
    best = (0.0, usual)
    for candidate in (*sorted(_USUAL, key=lambda mark: mark != usual), *_UNUSUAL):
        rows = [row for row in csv.reader(lines, delimiter=candidate) if row]
        widths = Counter(map(len, rows))
        if not widths:
            continue
        width, agreeing = widths.most_common(1)[0]
        share = agreeing / len(rows)
        if candidate in _UNUSUAL and (best[0] or share < _LEAST_UNUSUAL):
            continue
        if width > 1 and share > best[0]:
            best = share, candidate
    return best[1]
