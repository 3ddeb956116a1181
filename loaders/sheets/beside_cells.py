"""What a sheet of a workbook (Office Open XML) holds beside its cells: comments, drawings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree, html

from loaders._unstructured import Element, make_element
from loaders.office.drawing import A, R, chart_elements, diagram_texts, paragraph_text
from loaders.office.opc import Parts, Relation, local_name
from loaders.sheets.cells import note_element
from loaders.source import Source

_THREADED = "[Threaded comment]"
"""Begins the copy of a threaded comment that is kept for old programs."""

_VML_TEXT = ("textbox", "textpath")


def beside_cells(parts: Parts, part: str, sheet: str, source: Source) -> Iterator[Element]:
    """Yield a sheet's comments, then the texts of its shapes, charts, diagrams and pictures."""
    relations = parts.relations(part).values()
    inside = [relation for relation in relations if not relation.is_external]
    threads = [
        element
        for relation in inside
        if relation.kind == "threadedComment"
        for element in _comments(parts, relation.target, "threadedComment", sheet)
    ]
    yield from threads
    for relation in inside:
        # Those of a binary workbook (xlsb) are no XML.
        if relation.kind == "comments" and not relation.target.endswith(".bin"):
            for element in _comments(parts, relation.target, "comment", sheet):
                if not (threads and _THREADED in element.text):
                    yield element
    for relation in inside:
        if relation.kind == "drawing":
            yield from drawing_elements(parts, relation.target, sheet, source)
        elif relation.kind == "vmlDrawing":
            yield from _old_drawing(parts, relation.target, sheet)


def _comments(parts: Parts, part: str, name: str, sheet: str) -> Iterator[Element]:
    root = parts.xml(part)
    for comment in () if root is None else root.iter(f"{{*}}{name}"):
        text = "".join(
            piece.text or ""
            for piece in comment.iter("{*}t", "{*}text")
            if not any(local_name(above) == "rPh" for above in piece.iterancestors())
            and (piece.text or "").strip()
        )
        if element := note_element(comment.get("ref") or "", text, sheet):
            yield element


def drawing_elements(parts: Parts, part: str, sheet: str, source: Source) -> Iterator[Element]:
    """Yield what the drawing on a sheet says, in the order in which it was drawn."""
    root = parts.xml(part)
    if root is None:
        return
    for fallback in list(root.iter("{*}Fallback")):
        # The same once more, drawn for old programs.
        fallback.getparent().remove(fallback)
    relations = parts.relations(part)
    seen: set[str] = set()
    for node in root.iter("{*}txBody", "{*}chart", "{*}relIds", "{*}blip"):
        kind = local_name(node)
        if kind == "txBody":
            lines = [paragraph_text(paragraph) for paragraph in node.iter(f"{A}p")]
            if text := "\n".join(filter(None, lines)):
                yield make_element(text, sheet=sheet)
            continue
        key = node.get(f"{R}id") or node.get(f"{R}dm") or node.get(f"{R}embed")
        relation = relations.get(key or "")
        if relation is not None and not relation.is_external and relation.target not in seen:
            seen.add(relation.target)
            yield from _related(parts, kind, relation, sheet, source)


def _related(
    parts: Parts, kind: str, relation: Relation, sheet: str, source: Source
) -> Iterator[Element]:
    if kind == "chart":
        for element in chart_elements(parts, relation.target):
            # Its table repeats cells of the sheet.
            if element.category != "Table":
                element.metadata.page_name = sheet
                yield element
    elif kind == "relIds":
        for _, text in diagram_texts(parts, relation.target):
            yield make_element(text, sheet=sheet)
    elif data := parts.read(relation.target):
        # Reading pictures takes packages that most workbooks have no need of.
        from loaders.pictures.embedded import embedded_text

        if written := embedded_text(data, source):
            yield make_element(written, sheet=sheet)


def _old_drawing(parts: Parts, part: str, sheet: str) -> Iterator[Element]:
    """Yield the captions of form controls and old text boxes (VML, which is not always XML)."""
    data = parts.read(part)
    if not data:
        return
    parser = html.HTMLParser(no_network=True, recover=True, encoding="utf-8")
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError):
        return
    for shape in root.iter():
        if _plain(shape) not in _VML_TEXT:
            continue
        text = " ".join(" ".join(shape.itertext()).split()) or (shape.get("string") or "").strip()
        if text:
            yield make_element(text, sheet=sheet)


def _plain(element: Any) -> str:
    return element.tag.rpartition(":")[2] if isinstance(element.tag, str) else ""
