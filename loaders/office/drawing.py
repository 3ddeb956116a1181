"""What drawings in office documents say: text of shapes, charts as tables, SmartArt as lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from loaders._unstructured import Element, make_element, make_table
from loaders.office.equations import equation_text
from loaders.office.opc import Parts, local_name
from loaders.sheets.number_format import shown
from loaders.source import Source

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_MOST_POINTS = 20_000
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")

Series = tuple[str, list[str], list[str]]
"""Name, categories, values."""


def paragraph_text(paragraph: Any) -> str:
    """Return the text of a DrawingML paragraph (a:p), line breaks as newlines."""
    pieces = []
    for node in paragraph:
        kind = local_name(node)
        if kind == "br":
            pieces.append("\n")
        elif kind in ("r", "fld"):
            pieces.append("".join(piece.text or "" for piece in node.iterchildren(f"{A}t")))
        elif kind in ("m", "oMath", "oMathPara"):
            pieces.append(equation_text(node))
        elif kind in ("AlternateContent", "Choice"):
            chosen = node.find("{*}Choice") if kind == "AlternateContent" else node
            pieces.append(paragraph_text(chosen) if chosen is not None else "")
    # A vertical tab is how programs write a line break inside a title.
    return "".join(pieces).replace("\v", "\n").replace("_x000B_", "\n").strip()


def picture_text(data: bytes | None, source: Source) -> str | None:
    """Return the text of an embedded picture, None where it has none."""
    from loaders.pictures.embedded import embedded_text

    return embedded_text(data, source) if data else None


def chart_elements(parts: Parts, name: str, *, page: int | None = None) -> Iterator[Element]:
    """Yield a chart's titles as text and its series as one table, a row for each category."""
    root = parts.xml(name)
    if root is None:
        return
    if root.find(f".//{_C}chart") is None:
        yield from _new_chart(root, page)
        return
    title = root.find(f"{_C}chart/{_C}title")
    for text in dict.fromkeys(filter(None, [_title(title)])):
        yield make_element(text, "Text", page=page)
    for axis in root.iter(f"{_C}catAx", f"{_C}valAx", f"{_C}dateAx", f"{_C}serAx"):
        if text := _title(axis.find(f"{_C}title")):
            yield make_element(text, "Text", page=page)
    yield from _series_tables([_series(entry) for entry in root.iter(f"{_C}ser")], page)


def diagram_texts(parts: Parts, name: str) -> Iterator[tuple[int, str]]:
    """Yield depth and text of a SmartArt's points, in the order of its tree."""
    root = parts.xml(name)
    if root is None:
        return
    texts: dict[str, str] = {}
    roots: list[str] = []
    for point in root.iter(f"{_DGM}pt"):
        kind, key = point.get("type", "node"), point.get("modelId") or ""
        if kind in ("pres", "parTrans", "sibTrans"):
            continue
        lines = [paragraph_text(paragraph) for paragraph in point.iter(f"{A}p")]
        texts[key] = "\n".join(filter(None, lines))
        if kind == "doc":
            roots.append(key)
    children: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(f"{_DGM}cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd") or "0"
            children.setdefault(link.get("srcId") or "", []).append(
                (int(order) if order.isdecimal() else 0, link.get("destId") or "")
            )
    seen: set[str] = set()
    # What hangs on no root is shown too, after the rest.
    stack = [(0, key) for key in reversed([*roots, *texts])]
    while stack:
        depth, key = stack.pop()
        if key in seen or key not in texts:
            continue
        seen.add(key)
        if texts[key]:
            yield max(0, depth - 1), texts[key]
        below = sorted(children.get(key, ()), reverse=True)
        stack.extend((depth + 1, child) for _, child in below)


def _title(node: Any | None) -> str:
    if node is None:
        return ""
    lines = [paragraph_text(paragraph) for paragraph in node.iter(f"{A}p")]
    return " ".join(filter(None, lines)) or " ".join(
        value.text or "" for value in node.iter(f"{_C}v")
    )


def _series(entry: Any) -> Series:
    name = " ".join(value.text or "" for value in entry.iterfind(f"{_C}tx//{_C}v"))
    categories = _points(_first(entry, "cat", "xVal"))
    values = _points(_first(entry, "val", "yVal"))
    return name, categories, values


def _first(entry: Any, *names: str) -> Any | None:
    return next((found for name in names if (found := entry.find(_C + name)) is not None), None)


def _points(node: Any | None) -> list[str]:
    """Return the cached points; those of several levels are joined, the outermost first."""
    if node is None:
        return []
    levels = list(node.iter(f"{_C}lvl"))
    if not levels:
        return _level(node)
    columns = [_filled(_level(level)) for level in reversed(levels)]
    length = max(map(len, columns))
    padded = [column + [""] * (length - len(column)) for column in columns]
    return ["/".join(filter(None, texts)) for texts in zip(*padded, strict=True)]


def _level(node: Any) -> list[str]:
    code = node.findtext(f".//{_C}formatCode") or "General"
    found: list[str] = []
    for point in node.iter(f"{_C}pt"):
        index = point.get("idx") or ""
        position = int(index) if index.isdecimal() and len(index) < 7 else len(found)
        if position >= _MOST_POINTS:
            break
        found.extend([""] * (position + 1 - len(found)))
        text = (point.findtext(f"{_C}v") or "").strip()
        number = _NUMBER.fullmatch(text) is not None and node.find(f".//{_C}strCache") is None
        found[position] = shown(float(text), point.get("formatCode") or code) if number else text
    return found


def _filled(texts: list[str]) -> list[str]:
    """An outer level names only the first of its categories."""
    last = ""
    return [last := text or last for text in texts]


def _series_tables(series: list[Series], page: int | None) -> Iterator[Element]:
    """Put series that share their categories into one table."""
    groups: dict[tuple[str, ...], list[Series]] = {}
    for entry in series:
        groups.setdefault(tuple(entry[1]), []).append(entry)
    for categories, members in groups.items():
        length = max(len(categories), *(len(values) for _, _, values in members))
        if not length:
            for name, _, _ in members:
                if name:
                    yield make_element(name, "Text", page=page)
            continue
        columns = [values + [""] * (length - len(values)) for _, _, values in members]
        keys = [*categories, *[""] * (length - len(categories))]
        header = ("", *(name for name, _, _ in members))
        rows = tuple(zip(keys, *columns, strict=True))
        yield make_table(header if any(header) else (), rows, page=page)


def _new_chart(root: Any, page: int | None) -> Iterator[Element]:
    """Yield a chart of the newer kind (chartex): waterfall, funnel, treemap."""
    for title in root.iterfind(".//{*}chart/{*}title"):
        lines = [paragraph_text(paragraph) for paragraph in title.iter(f"{A}p")]
        if any(lines):
            yield make_element(" ".join(filter(None, lines)), "Text", page=page)
    for data in root.iterfind("{*}chartData/{*}data"):
        columns = [
            [(point.text or "").strip() for point in level.iterfind("{*}pt")][:_MOST_POINTS]
            for level in data.iterfind("{*}*/{*}lvl")
        ]
        length = max(map(len, columns), default=0)
        padded = [column + [""] * (length - len(column)) for column in columns]
        if length:
            yield make_table((), tuple(zip(*padded, strict=True)), page=page)
