"""PowerPoint presentations (pptx and its kin): every slide a page, read from the top left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.office.alternative import alternative_text
from loaders.office.drawing import A, R, chart_elements, diagram_texts, paragraph_text, picture_text
from loaders.office.opc import Parts, Relation, local_name, opened_parts
from loaders.office.slide_order import Box, Item, in_reading_order
from loaders.office.slide_text import body_elements, table_elements
from loaders.source import Source
from loaders.text.labels import labelled

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_USUAL_MAIN = "ppt/presentation.xml"
_BODIES = frozenset(("body", "obj", "subTitle"))
_MAX_DEPTH = 60


def load_pptx(source: Source) -> Iterator[Element]:
    """Yield the slides' texts, tables, charts, SmartArt and notes; hidden slides too."""
    with opened_parts(source) as parts:
        main = parts.main(_USUAL_MAIN)
        root = parts.xml(main)
        if root is None:
            raise DamagedFileError(f"{source.name}: no presentation in it", format="pptx")
        slides = _slide_names(parts, main, root)
        source.page_count = count = len(slides)
        wanted = min(count, source.limits.max_pages)
        deck = _Deck(parts, source)
        for page, name in enumerate(slides[:wanted], 1):
            yield from deck.slide(name, page)
        if wanted < count:
            source.missing = "page_limit"
            source.missing_params = {"read": str(wanted), "pages": str(count)}


def _slide_names(parts: Parts, main: str, root: Any) -> list[str]:
    relations = parts.relations(main)
    listed = [relations.get(entry.get(f"{R}id") or "") for entry in root.iter(f"{_P}sldId")]
    names = [entry.target for entry in listed if entry is not None and not entry.is_external]
    # A list cut off by damage still leaves the slides themselves.
    return names or sorted(parts.related(main, "slide"), key=lambda name: (len(name), name))


@dataclass(slots=True)
class _Sheet:
    """The part whose shapes are being read."""

    name: str
    page: int
    relations: dict[str, Relation]
    places: dict[tuple[str, str], Box]
    is_template: bool = False


@dataclass(slots=True)
class _Deck:
    parts: Parts
    source: Source
    _shown: set[str] = field(default_factory=set)
    _places: dict[str, dict[tuple[str, str], Box]] = field(default_factory=dict)

    def slide(self, name: str, page: int) -> Iterator[Element]:
        root = self.parts.xml(name)
        if root is None:
            if name not in self.parts.damaged:
                self.parts.damaged.append(name)
            return
        relations = self.parts.relations(name)
        layouts = self.parts.related(name, "slideLayout")
        layout = layouts[0] if layouts else None
        masters = self.parts.related(layout, "slideMaster") if layout else []
        master = masters[0] if masters else None
        places: dict[tuple[str, str], Box] = {}
        for template in (master, layout):
            if template is not None:
                places.update(self._placeholders(template))
        sheet = _Sheet(name, page, relations, places)
        yield from self._tree(root, sheet)
        if root.get("showMasterSp") not in ("0", "false") and layout is not None:
            yield from self._template(layout, page)
            layout_root = self.parts.xml(layout)
            shows = layout_root is None or layout_root.get("showMasterSp") not in ("0", "false")
            if master is not None and shows:
                yield from self._template(master, page)
        yield from self._notes(name, page)
        yield from self._comments(name, page)

    def _template(self, name: str, page: int) -> Iterator[Element]:
        """Yield what a layout or master puts on its slides itself, at the first slide only."""
        if name in self._shown:
            return
        self._shown.add(name)
        root = self.parts.xml(name)
        if root is not None:
            sheet = _Sheet(name, page, self.parts.relations(name), {}, is_template=True)
            yield from self._tree(root, sheet)

    def _placeholders(self, name: str) -> dict[tuple[str, str], Box]:
        """Return where a template puts its placeholders, by type and by number."""
        if name not in self._places:
            found: dict[tuple[str, str], Box] = {}
            root = self.parts.xml(name)
            for shape in root.iter(f"{_P}sp") if root is not None else ():
                mark, box = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph"), _box_of(shape)
                if mark is not None and box is not None:
                    found["type", _kind(mark)] = box
                    if mark.get("idx"):
                        found["idx", mark.get("idx")] = box
            self._places[name] = found
        return self._places[name]

    def _tree(self, root: Any, sheet: _Sheet) -> Iterator[Element]:
        background = root.find(f"{_P}cSld/{_P}bg")
        if background is not None:
            yield from self._picture(background, sheet)
        tree = root.find(f"{_P}cSld/{_P}spTree")
        if tree is None:
            return
        items = list(self._items(tree, sheet, 0))
        titles = [item for item in items if any(e.category == "Title" for e in item.elements)]
        rest = [item for item in items if item not in titles]
        for item in [*titles, *in_reading_order(rest)]:
            yield from item.elements

    def _items(self, tree: Any, sheet: _Sheet, depth: int) -> Iterator[Item]:
        if depth > _MAX_DEPTH:
            return
        for shape in tree:
            kind = local_name(shape)
            if kind == "AlternateContent":
                yield from self._alternative(shape, sheet, depth)
            elif kind == "grpSp":
                # A group has a coordinate system of its own, but its parts share it.
                inner = list(self._items(shape, sheet, depth + 1))
                elements = [e for item in in_reading_order(inner) for e in item.elements]
                yield Item(_box_of(shape), elements)
            elif kind in ("sp", "cxnSp"):
                item = self._shape(shape, sheet)
                if item is not None:
                    yield item
            elif kind == "graphicFrame":
                yield Item(_box_of(shape), list(self._frame(shape, sheet)))
            elif kind == "pic":
                yield Item(_box_of(shape), list(self._picture(shape, sheet)))

    def _alternative(self, node: Any, sheet: _Sheet, depth: int) -> Iterator[Item]:
        """Read the newer of two descriptions of the same thing, or the older if it says more."""
        for version in node:
            items = list(self._items(version, sheet, depth + 1))
            if any(item.elements for item in items):
                yield from items
                return

    def _shape(self, shape: Any, sheet: _Sheet) -> Item | None:
        mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
        kind = _kind(mark) if mark is not None else ""
        if mark is not None and (sheet.is_template or kind == "sldNum"):
            # The prompt of a template ("Click to add text") is on no slide.
            return None
        box = _box_of(shape)
        if box is None and mark is not None:
            box = sheet.places.get(("idx", mark.get("idx") or "")) or sheet.places.get(
                ("type", kind)
            )
        body = shape.find(f"{_P}txBody")
        elements = [] if body is None else list(body_elements(body, kind, sheet.page))
        fill = shape.find(f"{_P}spPr/{A}blipFill")
        if fill is not None:
            elements.extend(self._picture(fill, sheet))
        return Item(box, elements)

    def _frame(self, frame: Any, sheet: _Sheet) -> Iterator[Element]:
        holder = frame.find(f"{A}graphic/{A}graphicData")
        for node in holder if holder is not None else ():
            kind = local_name(node)
            if kind == "tbl":
                yield from table_elements(node, sheet.page)
            elif kind == "chart":
                name = self._target(node.get(f"{R}id"), sheet)
                if name is not None:
                    yield from chart_elements(self.parts, name, page=sheet.page)
            elif kind == "relIds":
                name = self._target(node.get(f"{R}dm"), sheet)
                for _, text in diagram_texts(self.parts, name) if name is not None else ():
                    yield make_element(text, "ListItem", page=sheet.page)
            elif kind in ("oleObj", "AlternateContent"):
                yield from self._embedded(node, sheet)

    def _embedded(self, node: Any, sheet: _Sheet) -> Iterator[Element]:
        """Yield an embedded file's name, and the text of the picture that stands for it."""
        holder = next(iter(node.iter(f"{_P}oleObj")), None)
        if holder is not None and (name := (holder.get("name") or "").strip()):
            yield make_element(labelled("object", name), "Text", page=sheet.page)
        pictures = list(node.iter(f"{_P}pic"))
        if pictures:
            yield from self._picture(pictures[0], sheet)

    def _picture(self, node: Any, sheet: _Sheet) -> Iterator[Element]:
        blip = next(iter(node.iter(f"{A}blip")), None)
        alternative = alternative_text(node if blip is None else blip)
        if alternative is not None:
            yield make_element(alternative, page=sheet.page)
        name = self._target(blip.get(f"{R}embed"), sheet) if blip is not None else None
        data = self.parts.read(name) if name is not None else None
        text = picture_text(data, self.source)
        if text:
            yield make_element(text, page=sheet.page)

    def _target(self, key: str | None, sheet: _Sheet) -> str | None:
        relation = sheet.relations.get(key or "")
        if relation is None or relation.is_external or relation.target not in self.parts:
            return None
        return relation.target

    def _notes(self, name: str, page: int) -> Iterator[Element]:
        for part in self.parts.related(name, "notesSlide"):
            root = self.parts.xml(part)
            texts: list[str] = []
            for shape in root.iter(f"{_P}sp") if root is not None else ():
                mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
                if mark is None or _kind(mark) in _BODIES:
                    texts.extend(paragraph_text(line) for line in shape.iter(f"{A}p"))
            if any(texts):
                joined = "\n".join(filter(None, texts))
                yield make_element(labelled("notes", joined), page=page)

    def _comments(self, name: str, page: int) -> Iterator[Element]:
        for part in self.parts.related(name, "comments"):
            root = self.parts.xml(part)
            for comment in root.iter("{*}cm", "{*}reply") if root is not None else ():
                old = comment.find("{*}text")
                lines = [old.text or ""] if old is not None else []
                lines += [paragraph_text(p) for p in comment.iterfind(f"{{*}}txBody/{A}p")]
                if any(lines):
                    text = "\n".join(filter(None, lines))
                    yield make_element(labelled("comment", text), page=page)


def _kind(mark: Any) -> str:
    return mark.get("type") or "obj"


def _box_of(shape: Any) -> Box | None:
    place = next(
        (
            found
            for path in (f"{_P}spPr/{A}xfrm", f"{_P}grpSpPr/{A}xfrm", f"{_P}xfrm")
            if (found := shape.find(path)) is not None
        ),
        None,
    )
    if place is None:
        return None
    corner, size = place.find(f"{A}off"), place.find(f"{A}ext")
    if corner is None or size is None:
        return None
    try:
        x, y = float(corner.get("x", "0")), float(corner.get("y", "0"))
        return x, y, x + float(size.get("cx", "0")), y + float(size.get("cy", "0"))
    except ValueError:
        return None
