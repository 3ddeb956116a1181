"""Word documents (docx) by way of Unstructured: paragraphs, headings, tables in their places."""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from loaders._unstructured import Element, make_element, make_table
from loaders.container import check_container
from loaders.errors import DamagedFileError
from loaders.grid import split_header
from loaders.headings import NumberedHeadings, is_article
from loaders.package import opened_package
from loaders.source import Source
from loaders.webpage import table_grid

_MAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OTHER_MAIN_TYPES = re.compile(
    rb"application/vnd\.(?:ms-word\.(?:document|template)\.macroEnabled"
    rb"|openxmlformats-officedocument\.wordprocessingml\.template)\.main\+xml"
)
_TEXT_BOX = qn("w:txbxContent")
_CAPTION = re.compile(r"(?:heading|标题)\s*(\d)$", re.IGNORECASE)
_NOTE_PARTS = ("word/footnotes.xml", "word/endnotes.xml")
_TYPES = "[Content_Types].xml"
_MAIN_PART = re.compile(rb'PartName="/([^"]+)"\s+ContentType="' + re.escape(_MAIN_TYPE))
_HIDDEN_TEXT = re.compile(
    rb"<w:(?:sdt|smartTag|customXml|ins|del|moveTo|moveFrom|txbxContent)[\s>]"
)


def load_docx(source: Source) -> Iterator[Element]:
    """Yield the elements of a Word document; page numbers stay None, Word lays pages out anew."""
    with opened_package(source) as package:
        check_container(package, source.limits, name=source.name, format_name="docx")
        try:
            file, notes = _prepared(package)
            found = _partition(file)
        except (
            OpcError,
            etree.LxmlError,
            zipfile.BadZipFile,
            KeyError,
            ValueError,
            IndexError,
            AttributeError,
            AssertionError,
            RecursionError,
            EOFError,
            OSError,
        ) as exc:
            # What python-docx raises on a broken document is whatever its code stumbles over.
            raise DamagedFileError(
                f"{source.name}: {type(exc).__name__}: {exc}", format="docx"
            ) from exc
    headings = NumberedHeadings()
    styled = any(element.category == "Title" for element in found)
    for element in found:
        yield from _finished(element, headings, styled=styled)
    for note in notes:
        yield make_element(note)


def _partition(file: BinaryIO) -> list[Element]:
    from unstructured.partition.docx import partition_docx

    found: list[Element] = partition_docx(
        file=file, include_page_breaks=False, languages=[""], infer_table_structure=True
    )
    return found


def _finished(element: Element, headings: NumberedHeadings, *, styled: bool) -> Iterator[Element]:
    category = element.category
    metadata = element.metadata
    if category == "Table":
        grid = table_grid(metadata.text_as_html or "") if metadata.text_as_html else []
        if grid:
            header, rows, skipped = split_header(grid)
            yield make_table(header, rows, first_row=1 + skipped)
        elif element.text.strip():
            yield make_element(element.text)
        return
    metadata.page_number = None
    text = element.text.strip()
    if not text:
        return
    if category == "Title":
        if is_article(text) and (len(text) > 30 or text.endswith("。")):
            yield make_element(text)
            return
        headings.level(text)
        yield make_element(text, "Title", level=(metadata.category_depth or 0) + 1)
        return
    if category in ("Header", "Footer"):
        yield element
        return
    level = headings.level(text) if category != "ListItem" or not styled else None
    if level is not None:
        yield make_element(text, "Title", level=level)
        return
    element.text = text
    yield element


def _prepared(package: BinaryIO) -> tuple[BinaryIO, list[str]]:
    """Return the document with what Unstructured would pass over put into its main text.

    That is: text in content controls and text boxes, headings by outline level or translated style
    name, documents with macros (which are left out). Notes are returned apart.
    """
    changed: dict[str, bytes] = {}
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        types = archive.read(_TYPES)
        if _OTHER_MAIN_TYPES.search(types):
            changed[_TYPES] = _OTHER_MAIN_TYPES.sub(_MAIN_TYPE, types)
        main = _MAIN_PART.search(changed.get(_TYPES, types))
        name = main.group(1).decode() if main else "word/document.xml"
        if name not in names:
            raise KeyError(f"no {name} in the package")
        data = archive.read(name)
        if _HIDDEN_TEXT.search(data):
            root = _parsed(data)
            _unwrap_controls(root)
            _lift_text_boxes(root)
            _accept_changes(root)
            changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        if "word/styles.xml" in names:
            styles = _parsed(archive.read("word/styles.xml"))
            if _name_headings(styles):
                changed["word/styles.xml"] = etree.tostring(styles, encoding="UTF-8")
        notes = [
            note for part in _NOTE_PARTS if part in names for note in _notes(archive.read(part))
        ]
        file = _rewritten(archive, changed) if changed else package
    file.seek(0)
    return file, notes


def _rewritten(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> BinaryIO:
    """Copy a package with some parts changed; pictures stay behind, nobody looks at them."""
    copied = io.BytesIO()
    with zipfile.ZipFile(copied, "w", zipfile.ZIP_STORED) as plain:
        for entry in archive.infolist():
            if entry.filename in changed:
                plain.writestr(entry.filename, changed[entry.filename])
            elif entry.filename.startswith("word/media/"):
                plain.writestr(entry.filename, b"")
            else:
                plain.writestr(entry.filename, archive.read(entry))
    return copied


def _parsed(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _unwrap_controls(body: Any) -> None:
    """Put the contents of content controls, smart tags and the like in their place."""
    wrappers = list(body.iter(qn("w:sdt"), qn("w:smartTag"), qn("w:customXml")))
    for wrapper in reversed(wrappers):
        inner = wrapper.find(qn("w:sdtContent")) if wrapper.tag == qn("w:sdt") else wrapper
        parent = wrapper.getparent()
        position = parent.index(wrapper)
        children = [] if inner is None else [c for c in inner if not c.tag.endswith("Pr")]
        parent.remove(wrapper)
        for offset, child in enumerate(children):
            parent.insert(position + offset, child)


def _accept_changes(body: Any) -> None:
    """Keep what was inserted under change tracking, drop what was deleted."""
    marks = list(body.iter(qn("w:ins"), qn("w:moveTo"), qn("w:del"), qn("w:moveFrom")))
    for mark in reversed(marks):
        parent = mark.getparent()
        if parent is None or parent.tag in (qn("w:rPr"), qn("w:trPr"), qn("w:pPr")):
            continue
        position = parent.index(mark)
        children = list(mark) if mark.tag in (qn("w:ins"), qn("w:moveTo")) else []
        parent.remove(mark)
        for offset, child in enumerate(children):
            parent.insert(position + offset, child)


def _lift_text_boxes(body: Any) -> None:
    """Move the paragraphs of text boxes behind the paragraph they hang on."""
    fallbacks = list(
        body.iter("{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")
    )
    for fallback in fallbacks:
        # The same text once more, drawn for old programs.
        fallback.getparent().remove(fallback)
    boxes = list(body.iter(_TEXT_BOX))
    for box in boxes:
        anchor = next(box.iterancestors(qn("w:p")), None)
        if anchor is None or anchor.getparent() is None:
            continue
        while anchor.getparent().tag == _TEXT_BOX:
            outer = next(anchor.getparent().iterancestors(qn("w:p")), None)
            if outer is None:
                break
            anchor = outer
        for child in reversed(list(box)):
            if child.tag in (qn("w:p"), qn("w:tbl")):
                anchor.addnext(copy.deepcopy(child))
        box.getparent().remove(box)


def _name_headings(styles: Any) -> bool:
    """Give styles that are headings by outline level or translated name the name that tells so."""
    changed = False
    for style in styles.findall(qn("w:style")):
        name = style.find(qn("w:name"))
        if style.get(qn("w:type")) != "paragraph" or name is None:
            continue
        value = name.get(qn("w:val")) or ""
        if re.match(r"heading \d$|title$|subtitle$", value, re.IGNORECASE):
            continue
        outline = style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        level = outline.get(qn("w:val")) if outline is not None else None
        if (match := _CAPTION.search(value)) is not None:
            name.set(qn("w:val"), f"heading {match.group(1)}")
            changed = True
        elif level is not None and level.isdecimal() and int(level) < 9:
            name.set(qn("w:val"), f"heading {int(level) + 1}")
            changed = True
    return changed


def _notes(data: bytes) -> Iterator[str]:
    """Yield the texts of foot- or endnotes."""
    for note in _parsed(data):
        if note.get(qn("w:type")) is None:
            text = "".join(piece.text or "" for piece in note.iter(qn("w:t"))).strip()
            if text:
                yield text
