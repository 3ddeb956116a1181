"""Word documents (docx and its kin): all that a reader sees, in its order.

Unstructured's own partition passes over text boxes, notes, numbering, equations and content
controls, and holds the whole document; this walks the paragraphs as they are parsed and yields the
same kind of elements.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.office.alternative import alternative_text
from loaders.office.drawing import R, chart_elements, diagram_texts, picture_text
from loaders.office.equations import equation_text
from loaders.office.opc import Parts, local_name, opened_parts, transitional
from loaders.office.word_styles import Numbering, Styles, W, int_of, is_on, value_of
from loaders.office.word_text import Line, read_line
from loaders.source import Source
from loaders.tables.in_text import MOST_CELLS, WIDEST_SPAN, grid_elements
from loaders.text.headings import NumberedHeadings, is_article
from loaders.text.labels import labelled
from loaders.text.numerals import numeral
from loaders.text.plain import classified

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_USUAL_MAIN = "word/document.xml"
_BLOCKS = (
    *(W + name for name in ("p", "tbl", "sdt", "customXml", "ins", "moveTo", "altChunk")),
    f"{_MC}AlternateContent",
    f"{_M}oMathPara",
)
_WRAPPERS = frozenset(("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"))
_STYLE_USED = re.compile(rb"<\w+:pStyle\s+\w+:val=[\"']([^\"']*)[\"']")
_FATAL = 3


def load_docx(source: Source) -> Iterator[Element]:
    """Yield the elements of a Word document; page numbers stay None, Word lays pages out anew."""
    with opened_parts(source) as parts:
        name = parts.main(_USUAL_MAIN)
        data = parts.read(name)
        if data is None:
            raise DamagedFileError(f"{source.name}: no {name} in the package", format="docx")
        document = _Document(parts, source, name)
        yield from document.margins("header", "Header")
        yield from document.body(transitional(data))
        yield from document.margins("footer", "Footer")


class _Document:
    """A document while it is read: its styles, and how far its numbers have counted."""

    def __init__(self, parts: Parts, source: Source, name: str) -> None:
        self._parts = parts
        self._source = source
        self._name = name
        self._relations = parts.relations(name)
        self._styles = Styles(self._part("styles"))
        self._numbering = Numbering(self._part("numbering"), self._styles)
        self._headings = NumberedHeadings()
        self._has_heading_styles = False
        self._notes: dict[str, dict[str, Any]] = {}
        self._marks: dict[tuple[str, str], str] = {}
        self._endnotes: list[str] = []
        self._pictures: set[str] = set()
        self._alternatives: set[str] = set()

    def body(self, data: bytes) -> Iterator[Element]:
        """Yield the main text, block by block while it is parsed, and the endnotes."""
        used = {key.decode("utf-8", "replace") for key in _STYLE_USED.findall(data)}
        self._has_heading_styles = not used.isdisjoint(self._styles.headings())
        parser = etree.iterparse(
            io.BytesIO(data),
            events=("end",),
            tag=_BLOCKS,
            recover=True,
            resolve_entities=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for _, node in parser:
                parent = node.getparent()
                if parent is None or parent.tag not in (f"{W}body", f"{W}document"):
                    continue
                yield from self._block(node)
                node.clear()
                while node.getprevious() is not None:
                    del parent[0]
        except etree.XMLSyntaxError as exc:
            raise DamagedFileError(f"{self._source.name}: {exc}", format="docx") from exc
        if parser.root is None or parser.root.tag != f"{W}document":
            raise DamagedFileError(f"{self._source.name}: no document in it", format="docx")
        if any(entry.level >= _FATAL for entry in parser.error_log):
            self._parts.note_damage(self._name)
        for text in self._endnotes:
            yield make_element(text)

    def margins(self, kind: str, category: str) -> Iterator[Element]:
        """Yield the headers or the footers, every text once."""
        seen: set[str] = set()
        main, relations = self._name, self._relations
        for name in self._parts.related(main, kind):
            root = self._parts.xml(name)
            self._name, self._relations = name, self._parts.relations(name)
            for node in root if root is not None else ():
                for element in self._block(node):
                    if element.text not in seen and element.text.strip():
                        seen.add(element.text)
                        yield make_element(element.text, category)
        self._name, self._relations = main, relations

    def _block(self, node: Any) -> Iterator[Element]:
        kind = local_name(node)
        if kind == "p":
            yield from self._paragraph(node)
        elif kind == "tbl":
            yield from self._table(node)
        elif kind in _WRAPPERS:
            for child in node:
                yield from self._block(child)
        elif kind == "AlternateContent":
            for version in node:
                found = [element for child in version for element in self._block(child)]
                if found:
                    yield from found
                    return
        elif kind == "oMathPara":
            yield make_element(equation_text(node).strip(), "Text")
        elif kind == "altChunk":
            yield from self._chunk(node)

    def _paragraph(self, node: Any) -> Iterator[Element]:
        line, text, is_item = self._read(node)
        stripped = text.strip()
        if stripped:
            yield self._element(node, stripped, is_item=is_item)
        yield from self._hanging(line)

    def _read(self, node: Any) -> tuple[Line, str, bool]:
        """Return a paragraph's line, its text with the number that it shows, is it an item."""
        line = read_line(node, self._mark)
        text = line.text()
        properties = node.find(f"{W}pPr")
        key = value_of(properties.find(f"{W}pStyle")) if properties is not None else None
        style = self._styles.of(key)
        number, depth, by_style = style.number, style.depth, True
        numbering = properties.find(f"{W}numPr") if properties is not None else None
        if numbering is not None:
            own, own_depth = numbering.find(f"{W}numId"), int_of(numbering.find(f"{W}ilvl"))
            if own is not None:
                number, by_style = value_of(own), False
            if own_depth is not None or not by_style:
                depth = own_depth or 0
        if number is None or number == "0":
            return line, text, style.is_list
        if not text.strip() and not line.drawings:
            # Word counts a blank paragraph of a list, but its number says nothing.
            self._numbering.next_label(number, depth, key if by_style else None)
            return line, "", True
        shown, is_item = self._numbering.next_label(number, depth, key if by_style else None)
        return line, shown + text.lstrip() if text.strip() else "", is_item or style.is_list

    def _element(self, node: Any, text: str, *, is_item: bool) -> Element:
        properties = node.find(f"{W}pPr")
        key = value_of(properties.find(f"{W}pStyle")) if properties is not None else None
        style = self._styles.of(key)
        level = style.level
        if (
            properties is not None
            and (own := int_of(properties.find(f"{W}outlineLvl"))) is not None
        ):
            level = own + 1 if own < 9 else None
        if level is not None:
            title = " ".join(text.split())
            if is_article(title) and (len(title) > 30 or title.endswith("。")):
                return make_element(text)
            self._headings.level(title)
            return make_element(title, "Title", level=level)
        if style.is_contents:
            # Lines of a table of contents look like headings and are none.
            return make_element(text, "Text")
        if is_item:
            level = None if self._has_heading_styles else self._headings.level(text)
            if level is not None:
                return make_element(text, "Title", level=level)
            return make_element(text, "ListItem")
        return classified(text, self._headings)

    def _hanging(self, line: Line) -> Iterator[Element]:
        """Yield what hangs on a paragraph: text boxes, pictures, its notes and comments."""
        for drawing in line.drawings:
            yield from self._drawing(drawing)
        for kind, key in line.notes:
            yield from self._note(kind, key)

    def _drawing(self, node: Any) -> Iterator[Element]:
        kind = local_name(node)
        if kind == "AlternateContent":
            for version in node:
                found = [element for child in version for element in self._drawing(child)]
                if found:
                    yield from found
                    return
        elif kind == "txbxContent":
            for child in node:
                yield from self._block(child)
        elif kind == "textpath" and (text := (node.get("string") or "").strip()):
            yield make_element(text, "Text")
        elif kind in ("blip", "imagedata"):
            yield from self._alternative(node)
            yield from self._picture(node.get(f"{R}embed") or node.get(f"{R}id"))
        elif kind == "chart" and (name := self._target(node.get(f"{R}id"))) is not None:
            yield from chart_elements(self._parts, name)
        elif kind == "relIds" and (name := self._target(node.get(f"{R}dm"))) is not None:
            for _, text in diagram_texts(self._parts, name):
                yield make_element(text, "ListItem")
        elif kind == "OLEObject":
            name = self._target(node.get(f"{R}id"))
            if name is not None and not (node.get("ProgID") or "").startswith("Equation"):
                yield make_element(labelled("object", name.rpartition("/")[2]), "Text")
        else:
            for child in node:
                yield from self._drawing(child)

    def _alternative(self, node: Any) -> Iterator[Element]:
        text = alternative_text(node)
        if text is not None and text not in self._alternatives:
            self._alternatives.add(text)
            yield make_element(text)

    def _picture(self, key: str | None) -> Iterator[Element]:
        """Yield the text of a picture; a logo that returns on every page is read once."""
        name = self._target(key)
        if name is None or name in self._pictures:
            return
        self._pictures.add(name)
        data = self._parts.read(name)
        text = picture_text(data, self._source)
        if text:
            yield make_element(text)

    def _target(self, key: str | None) -> str | None:
        relation = self._relations.get(key or "")
        if relation is None or relation.is_external or relation.target not in self._parts:
            return None
        return relation.target

    def _chunk(self, node: Any) -> Iterator[Element]:
        """Yield a whole document that another program left for Word to merge in."""
        from loaders.mail.attachments import embedded_elements

        name = self._target(node.get(f"{R}id"))
        data = self._parts.read(name) if name is not None else None
        if name is not None and data:
            yield from embedded_elements(data, name.rpartition("/")[2], self._source)

    def _mark(self, kind: str, key: str) -> str:
        """Return the mark of a note: numbers for footnotes, small Roman ones for endnotes."""
        if kind == "comment":
            return ""
        if (kind, key) not in self._marks:
            count = 1 + sum(known == kind for known, _ in self._marks)
            style = "decimal" if kind == "footnote" else "lowerRoman"
            self._marks[kind, key] = f"[{numeral(count, style)}]"
        return self._marks[kind, key]

    def _note(self, kind: str, key: str) -> Iterator[Element]:
        note = self._notes_of(kind).pop(key, None)
        if note is None:
            return
        texts = []
        for paragraph in note.iter(f"{W}p"):
            line = read_line(paragraph, self._mark)
            texts.append(line.text().strip())
        text = "\n".join(filter(None, texts))
        if not text:
            return
        if kind == "comment":
            yield make_element(labelled("comment", text, by=note.get(f"{W}author") or ""))
        elif kind == "endnote":
            self._endnotes.append(f"{self._mark(kind, key)} {text}")
        else:
            yield make_element(f"{self._mark(kind, key)} {text}")

    def _notes_of(self, kind: str) -> dict[str, Any]:
        if kind not in self._notes:
            root = self._part(f"{kind}s")
            self._notes[kind] = {
                note.get(f"{W}id") or "": note
                for note in (root if root is not None else ())
                if note.get(f"{W}type", "normal") == "normal"
            }
        return self._notes[kind]

    def _part(self, kind: str) -> Any | None:
        name = next(iter(self._parts.related(self._name, kind)), None)
        return self._parts.xml(name) if name is not None else None

    def _table(self, table: Any) -> Iterator[Element]:
        """Yield a table with its merged cells filled; tables in its cells follow it."""
        rows = [row for row in _unwrapped(table, "tr") if row.find(f"{W}trPr/{W}del") is None]
        cells = [list(_unwrapped(row, "tc")) for row in rows]
        nested = next(table.iterfind(f".//{W}tc//{W}tbl"), None) is not None
        if max(map(len, cells), default=0) == 1 and (len(rows) == 1 or nested):
            # A frame around text, not a table.
            for (cell,) in filter(None, cells):
                for child in cell:
                    yield from self._block(child)
            return
        grid: list[list[str]] = []
        after: list[Element] = []
        marked = 0
        filled = 0
        for row, contents in zip(rows, cells, strict=True):
            line: list[str] = [""] * _span(row.find(f"{W}trPr/{W}gridBefore"), 0)
            above = grid[-1] if grid else []
            for cell in contents:
                text, rest = self._cell(cell)
                after.extend(rest)
                properties = cell.find(f"{W}tcPr")
                across = 1
                if properties is not None:
                    across = _span(properties.find(f"{W}gridSpan"), 1)
                    if _goes_on(properties.find(f"{W}vMerge")) and len(line) < len(above):
                        text = text or above[len(line)]
                    if _goes_on(properties.find(f"{W}hMerge")) and line:
                        text = text or line[-1]
                filled += across
                line.extend([text] * (across if filled <= MOST_CELLS else 1))
            if marked == len(grid) and is_on(row.find(f"{W}trPr/{W}tblHeader")):
                marked += 1
            grid.append(line)
        yield from grid_elements(grid, marked=marked)
        yield from after

    def _cell(self, cell: Any) -> tuple[str, list[Element]]:
        """Return a cell's own text on one line, and what hangs on it."""
        texts: list[str] = []
        after: list[Element] = []
        for block in _unwrapped(cell, "p", "tbl"):
            if local_name(block) == "tbl":
                after.extend(self._table(block))
                continue
            line, text, _ = self._read(block)
            texts.append(" ".join(text.split()))
            after.extend(self._hanging(line))
        return " ".join(filter(None, texts)), after


def _unwrapped(node: Any, *kinds: str) -> Iterator[Any]:
    """Yield children of these kinds, those inside content controls and the like too."""
    for child in node:
        kind = local_name(child)
        if kind in kinds:
            yield child
        elif kind in _WRAPPERS:
            yield from _unwrapped(child, *kinds)


def _span(node: Any | None, usual: int) -> int:
    value = int_of(node)
    return usual if value is None else min(max(value, usual), WIDEST_SPAN)


def _goes_on(node: Any | None) -> bool:
    """Tell whether a cell continues the merged one before it."""
    return node is not None and (value_of(node) or "continue") == "continue"
