"""What text bodies and tables on slides say: lists with their numbers, merged cells filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.office.drawing import A, paragraph_text
from loaders.tables.in_text import MOST_CELLS, WIDEST_SPAN, grid_elements
from loaders.text.numerals import numeral

_FOOTERS = frozenset(("ftr", "dt", "hdr"))
_TITLES = frozenset(("title", "ctrTitle"))
_NUMBERINGS = (
    # DrawingML names a numbering by its numerals and its marks (ST_TextAutonumberScheme).
    ("arabicDb", "decimalFullWidth"),
    ("arabic", "decimal"),
    ("alphaLc", "lowerLetter"),
    ("alphaUc", "upperLetter"),
    ("romanLc", "lowerRoman"),
    ("romanUc", "upperRoman"),
    ("circleNum", "decimalEnclosedCircle"),
    ("ea1JpnChsDb", "chineseCounting"),
    ("ea1", "chineseCounting"),
)


def body_elements(body: Any, kind: str, page: int) -> Iterator[Element]:
    """Yield a text body's paragraphs: a title as one, lists with the numbers they show."""
    paragraphs = list(body.iterchildren(f"{A}p"))
    if kind in _TITLES:
        text = " ".join(" ".join(map(paragraph_text, paragraphs)).split())
        if text:
            yield make_element(text, "Title", level=1, page=page)
        return
    counts: dict[int, tuple[str, int]] = {}
    for paragraph in paragraphs:
        text = paragraph_text(paragraph)
        if not text:
            continue
        if kind in _FOOTERS:
            yield make_element(text, "Footer", page=page)
            continue
        properties = paragraph.find(f"{A}pPr")
        number, is_item = _list_mark(properties, counts)
        if number:
            text = f"{number} {text}"
        plain = properties is not None and properties.find(f"{A}buNone") is not None
        is_item = is_item or (kind in ("body", "obj") and not plain)
        yield make_element(text, "ListItem" if is_item else "NarrativeText", page=page)


def _list_mark(properties: Any | None, counts: dict[int, tuple[str, int]]) -> tuple[str, bool]:
    """Return the number that a paragraph shows, and whether it is an item of a list."""
    if properties is None:
        counts.clear()
        return "", False
    depth = properties.get("lvl") or "0"
    level = int(depth) if depth.isdecimal() and len(depth) < 3 else 0
    for deeper in [known for known in counts if known > level]:
        del counts[deeper]
    auto = properties.find(f"{A}buAutoNum")
    if auto is None:
        counts.pop(level, None)
        return "", any(properties.find(A + mark) is not None for mark in ("buChar", "buBlip"))
    scheme, begin = auto.get("type") or "arabicPeriod", auto.get("startAt") or "1"
    known = counts.get(level)
    first = int(begin) if begin.isdecimal() and len(begin) < 6 else 1
    number = known[1] + 1 if known is not None and known[0] == scheme else first
    counts[level] = scheme, number
    return _numbered(number, scheme), True


def _numbered(number: int, scheme: str) -> str:
    style = next((style for start, style in _NUMBERINGS if scheme.startswith(start)), "decimal")
    text = numeral(number, style)
    if scheme.endswith("ParenBoth"):
        return f"({text})"
    if scheme.endswith("ParenR"):
        return f"{text})"
    if scheme.endswith("Period"):
        return text + ("、" if style == "chineseCounting" else ".")
    return text


def table_elements(table: Any, page: int) -> Iterator[Element]:
    """Yield a table with its merged cells filled."""
    grid: list[list[str]] = []
    pending: dict[tuple[int, int], str] = {}
    filled = 0
    for number, row in enumerate(table.iterchildren(f"{A}tr")):
        line: list[str] = []
        for cell in row.iterchildren(f"{A}tc"):
            text = " ".join(" ".join(map(paragraph_text, cell.iter(f"{A}p"))).split())
            if cell.get("hMerge") in ("1", "true") and line:
                text = line[-1]
            elif cell.get("vMerge") in ("1", "true"):
                text = pending.get((number, len(line)), text)
            down, across = _span(cell.get("rowSpan")), _span(cell.get("gridSpan"))
            filled += down * across
            if filled <= MOST_CELLS:
                for offset in range(1, down):
                    for column in range(across):
                        pending[number + offset, len(line) + column] = text
            line.append(text)
        grid.append(line)
    first = table.find(f"{A}tblPr")
    marked = first is not None and first.get("firstRow") in ("1", "true") and len(grid) > 1
    # The mark only tells how the row is painted; merged cells above others need a closer look.
    plain = marked and all(grid[0]) and len(set(grid[0])) == len(grid[0])
    yield from grid_elements(grid, marked=1 if plain else 0, page=page)


def _span(value: str | None) -> int:
    known = value is not None and value.isdecimal() and len(value) < 6
    return min(max(1, int(value or 1)), WIDEST_SPAN) if known else 1
