"""XML: repeated records become tables, everything else text in the order of the document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import Any

from lxml import etree, html

from loaders._unstructured import Element, make_element
from loaders.data.xml_stream import XmlFile, unit_depth
from loaders.office.opc import local_name
from loaders.sheets.cells import cleaned
from loaders.source import Source
from loaders.tables.keyed import keyed_tables

_LOOKED_AT = 50
_LONG = 200
_LONG_CELL = 1000
_LINES_LENGTH = 2000
_LONGEST_PIECE = 50_000
_DEEPEST = 100
_DEEPEST_CELL = 3
_LEAST_SHARED = 0.3
_TITLES = re.compile(r"title|head|heading|caption|subject|标题|章名|题名|h[1-6]", re.IGNORECASE)
_PLAIN = re.compile(
    r"p|para|paragraph|text|content|body|line|li|item|entry|value|v|simpara|段落?|正文|内容",
    re.IGNORECASE,
)
_TECHNICAL = re.compile(
    r"id|idref|uuid|guid|ref|href|src|url|uri|lang|space|version|encoding|class|style|type|schemaLocation|"
    r"nil|base|role|rel|rev|format|width|height|x|y|color|font|size",
    re.IGNORECASE,
)
_NAMING = ("name", "key", "field", "column", "label")
_MARKUP = re.compile(r"</?(?:p|br|div|span|a|b|i|ul|li|table|img|strong)\b[^>]*>", re.IGNORECASE)

Fields = list[tuple[str, str]]


def load_xml(source: Source) -> Iterator[Element]:
    """Yield the records and texts of an XML file; of a broken one what comes before the fault."""
    file = XmlFile(source)
    root = file.root()
    depth = unit_depth(root) if root is not None else 0
    found = False
    if root is not None:
        root = None
        for element in _Text().elements(file.units(depth)):
            found = True
            yield element
        if not file.fault:
            return
    source.missing = "rest_unreadable"
    if not found:
        yield from map(make_element, file.bare_texts())


class _Text:
    """Writes one document; short labelled values are gathered to lines of one element."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._length = 0
        # Lists of the same name go on counting, or two rows would have the same place.
        self._next_row: dict[str, int] = {}

    def elements(self, units: Iterable[tuple[tuple[str, ...], Any]]) -> Iterator[Element]:
        """Yield the elements of all subtrees; runs of the same name may be records of a table."""
        for (path, name), run in groupby(units, lambda unit: (unit[0], local_name(unit[1]))):
            nodes = (node for _, node in run)
            if path:
                yield from self._run(nodes, path[1:], name)
            else:
                for root in nodes:
                    yield from self._node(root, ())
        yield from self._flush()

    def _run(self, nodes: Iterator[Any], path: tuple[str, ...], name: str) -> Iterator[Element]:
        start = list(islice(nodes, _LOOKED_AT))
        if not _are_records(start):
            for node in chain(start, nodes):
                yield from self._node(node, (*path, name))
            return
        yield from self._flush()
        sheet = ".".join((*path, name))
        records = self._counted((dict(_fields(node)) for node in chain(start, nodes)), sheet)
        yield from keyed_tables(records, sheet)

    def _counted(
        self, rows: Iterator[dict[str, str]], sheet: str
    ) -> Iterator[tuple[int, dict[str, str]]]:
        number = self._next_row.get(sheet, 1)
        for row in rows:
            yield number, row
            number += 1
            self._next_row[sheet] = number

    def _node(self, node: Any, path: tuple[str, ...]) -> Iterator[Element]:
        """Yield what an element says: one text, or what its children say one by one."""
        name = path[-1] if path else ""
        children = [child for child in node if isinstance(child.tag, str)]
        if not children or _has_own_text(node) or len(path) > _DEEPEST:
            yield from self._leaf(name, _shown(node), len(path))
            for key, value in _attributes(node):
                yield from self._value(f"{name}.{key}", value)
            return
        yield from self._flush()
        for key, value in _attributes(node):
            yield from self._value(key, value)
        if (naming := _naming(children)) and not any(map(len, children)):
            for child in children:
                name = " ".join(child.get(naming).split())
                yield from self._leaf(name, _shown(child), len(path) + 1)
                for key, value in _attributes(child):
                    if key != naming:
                        yield from self._value(f"{name}.{key}", value)
            yield from self._flush()
            return
        for below, run in groupby(children, local_name):
            yield from self._run(iter(list(run)), path, below)
        yield from self._flush()

    def _leaf(self, name: str, text: str, depth: int) -> Iterator[Element]:
        if not text:
            return
        if _TITLES.fullmatch(name) and len(text) <= _LONG:
            yield from self._flush()
            yield make_element(text, "Title", level=max(1, min(depth, 6)))
        elif _PLAIN.fullmatch(name) or len(text) > _LONG:
            yield from self._flush()
            for start in range(0, len(text), _LONGEST_PIECE):
                yield make_element(text[start : start + _LONGEST_PIECE])
        else:
            yield from self._value(name, text)

    def _value(self, name: str, text: str) -> Iterator[Element]:
        self._lines.append(f"{name}: {text}")
        self._length += len(text)
        if self._length > _LINES_LENGTH:
            yield from self._flush()

    def _flush(self) -> Iterator[Element]:
        if self._lines:
            yield make_element("\n".join(self._lines))
        self._lines, self._length = [], 0


def _has_own_text(node: Any) -> bool:
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def _shown(node: Any) -> str:
    """Return all text of an element on one line, markup inside it taken off."""
    text = "".join(piece for piece in node.itertext() if isinstance(piece, str))
    if "<" in text and _MARKUP.search(text):
        try:
            text = html.fragment_fromstring(text, create_parent="div").text_content()
        except (etree.LxmlError, ValueError):
            # It only looked like HTML.
            return " ".join(text.split())
    return " ".join(text.split())


def _attributes(node: Any) -> Fields:
    """Return the attributes that say something to a reader."""
    found = []
    for key, value in node.attrib.items():
        name = key.rpartition("}")[2]
        if value.strip() and not _TECHNICAL.fullmatch(name) and key.count("}") == 0:
            found.append((name, " ".join(value.split())))
    return found


def _are_records(nodes: list[Any]) -> bool:
    """Tell elements of one name that hold fields, and mostly the same ones."""
    if len(nodes) < 2 or not all(map(_is_flat, nodes)):
        return False
    rows = [dict(_fields(node)) for node in nodes]
    union = {key for row in rows for key in row}
    return (
        len(union) > 1
        and sum(map(len, rows)) >= _LEAST_SHARED * len(union) * len(rows)
        and any(len(row) > 1 for row in rows)
    )


def _is_flat(node: Any, depth: int = 1) -> bool:
    """Tell whether an element fits into a row: short fields, nested a little, none a list."""
    children = [child for child in node if isinstance(child.tag, str)]
    if not children:
        return len(node.text or "") <= _LONG_CELL
    if _has_own_text(node) or depth > _DEEPEST_CELL:
        return False
    names = [local_name(child) for child in children]
    for child, name in zip(children, names, strict=True):
        if names.count(name) > 1 and len(child):
            return False
        if not _is_flat(child, depth + 1):
            return False
    return True


def _fields(node: Any, prefix: str = "", depth: int = 1) -> Fields:
    """Return the attributes and children of a record as named cells; lists are joined."""
    cells: dict[str, str] = {}

    def put(name: str, text: str) -> None:
        if text := cleaned(text):
            cells[name] = f"{cells[name]}; {text}" if name in cells else text

    for key, value in node.attrib.items():
        if "}" not in key:
            put(prefix + key, value)
    children = [child for child in node if isinstance(child.tag, str)]
    naming = _naming(children)
    for child in children:
        name = prefix + (" ".join(child.get(naming).split()) if naming else local_name(child))
        nested = any(isinstance(below.tag, str) for below in child)
        if depth > _DEEPEST_CELL or not nested or _has_own_text(child):
            put(name, _shown(child))
            for key, value in _attributes(child):
                if key != naming:
                    put(f"{name}.{key}", value)
        else:
            for below, text in _fields(child, f"{name}.", depth + 1):
                put(below, text)
    if not children:
        put(prefix.rstrip(".") or local_name(node), _shown(node))
    return list(cells.items())


def _naming(children: list[Any]) -> str:
    """Return the attribute by which fields say what they are, as in dumps of databases, or ""."""
    for key in _NAMING:
        names = {child.get(key, "").strip() for child in children}
        if len(names) == len(children) > 1 and "" not in names:
            return key
    return ""
