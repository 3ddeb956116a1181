"""What a Word document's styles and numbering say of a paragraph: its level, its number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from loaders.text.numerals import numeral

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_MOST_PARENTS = 20
_HEADING = re.compile(
    # Some programs write the built-in names in the language of their user.
    r"(?:heading|标题|標題|見出し|제목|überschrift|titre|título|titolo|заголовок|kop)\s*([1-9])",
    re.IGNORECASE,
)
_TITLES = {"title": 1, "subtitle": 2, "副标题": 2, "副標題": 2, "toc heading": 1}
_CONTENTS = re.compile(r"(?:toc|目录|目錄)\s*\d", re.IGNORECASE)
_LISTS = re.compile(r"list\b|列表|列出段落", re.IGNORECASE)
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph takes from its style and those that it is based on."""

    level: int | None = None
    is_contents: bool = False
    is_list: bool = False
    number: str | None = None
    depth: int | None = None


class Styles:
    """The paragraph styles of a document by id."""

    def __init__(self, root: Any | None) -> None:
        self._nodes: dict[str, Any] = {}
        self._known: dict[str, Style] = {}
        self._usual: str | None = None
        for node in root.iterchildren(f"{W}style") if root is not None else ():
            key = node.get(f"{W}styleId")
            if key is None or node.get(f"{W}type", "paragraph") not in ("paragraph", "numbering"):
                continue
            self._nodes.setdefault(key, node)
            if node.get(f"{W}default") in ("1", "true", "on"):
                self._usual = self._usual or key

    def of(self, key: str | None) -> Style:
        """Return what a style says; an unknown one says nothing."""
        key = key if key is not None and key in self._nodes else self._usual
        if key is None:
            return Style()
        if key not in self._known:
            self._known[key] = self._read(key)
        return self._known[key]

    def headings(self) -> set[str]:
        """Return the ids of the styles that make headings."""
        return {key for key in self._nodes if self.of(key).level is not None}

    def _read(self, key: str) -> Style:
        level: int | None = None
        number: str | None = None
        depth: int | None = None
        names: list[str] = []
        following: str | None = key
        settled = False
        for _ in range(_MOST_PARENTS):
            node = self._nodes.get(following or "")
            if node is None:
                break
            name = value_of(node.find(f"{W}name")) or ""
            names.append(name)
            outline = int_of(node.find(f"{W}pPr/{W}outlineLvl"))
            if not settled:
                if (match := _HEADING.fullmatch(name.strip())) is not None:
                    level, settled = int(match.group(1)), True
                elif name.strip().lower() in _TITLES:
                    level, settled = _TITLES[name.strip().lower()], True
                elif outline is not None:
                    # Level 9 (shown as "body text") ends what a parent says.
                    level, settled = (outline + 1 if outline < _LEVELS else None), True
            numbering = node.find(f"{W}pPr/{W}numPr")
            if numbering is not None:
                number = number or value_of(numbering.find(f"{W}numId"))
                depth = depth if depth is not None else int_of(numbering.find(f"{W}ilvl"))
            following = value_of(node.find(f"{W}basedOn"))
        first = names[0] if names else ""
        return Style(
            level=level,
            is_contents=_CONTENTS.match(first) is not None,
            is_list=_LISTS.match(first) is not None,
            number=number,
            depth=depth,
        )

    def number_of(self, key: str) -> str | None:
        """Return the list that a numbering style stands for."""
        node = self._nodes.get(key)
        return value_of(node.find(f"{W}pPr/{W}numPr/{W}numId")) if node is not None else None


@dataclass(slots=True)
class _Level:
    style: str = "decimal"
    text: str = ""
    start: int = 1
    suffix: str = "tab"
    restarts: bool = True
    legal: bool = False
    paragraph_style: str | None = None


@dataclass(slots=True)
class _List:
    abstract: str
    levels: list[_Level]
    begins: dict[int, int] = field(default_factory=dict)
    begun: bool = False


class Numbering:
    """The numbers that Word shows before paragraphs; it counts along with the document."""

    def __init__(self, root: Any | None, styles: Styles) -> None:
        self._styles = styles
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, list[int | None]] = {}
        if root is None:
            return
        abstract = {node.get(f"{W}abstractNumId"): node for node in root.iter(f"{W}abstractNum")}
        numbers = {node.get(f"{W}numId"): node for node in root.iter(f"{W}num")}
        for key, node in numbers.items():
            name = value_of(node.find(f"{W}abstractNumId"))
            base = abstract.get(name)
            link = value_of(base.find(f"{W}numStyleLink")) if base is not None else None
            if link is not None and (other := numbers.get(styles.number_of(link))) is not None:
                name = value_of(other.find(f"{W}abstractNumId"))
                base = abstract.get(name)
            if key is None or name is None or base is None:
                continue
            entry = _List(name, _levels(base))
            for override in node.iterchildren(f"{W}lvlOverride"):
                place = _small(override.get(f"{W}ilvl"))
                if place is None:
                    continue
                begin = int_of(override.find(f"{W}startOverride"))
                if begin is not None:
                    entry.begins[place] = begin
                if (level := override.find(f"{W}lvl")) is not None:
                    entry.levels[place] = _level(level)
            self._lists[key] = entry

    def next_label(self, number: str, depth: int | None, style: str | None) -> tuple[str, bool]:
        """Return the text that stands before the next paragraph of a list, with its space.

        The second value tells whether there is such a list at all. A style that names a list
        without a level stands for the level that names the style.
        """
        entry = self._lists.get(number)
        if entry is None:
            return "", False
        if depth is None:
            named = (i for i, level in enumerate(entry.levels) if level.paragraph_style == style)
            depth = next(named, 0) if style is not None else 0
        depth = min(max(depth, 0), _LEVELS - 1)
        counts = self._counts.setdefault(entry.abstract, [None] * _LEVELS)
        if not entry.begun:
            entry.begun = True
            for place, begin in entry.begins.items():
                counts[place] = begin - 1
        level = entry.levels[depth]
        now = counts[depth]
        counts[depth] = level.start if now is None else now + 1
        for deeper in range(depth + 1, _LEVELS):
            if entry.levels[deeper].restarts:
                counts[deeper] = None
        for outer in range(depth):
            if counts[outer] is None:
                counts[outer] = entry.levels[outer].start
        if level.style == "bullet":
            return "", True

        def shown(match: re.Match[str]) -> str:
            place = int(match.group(1)) - 1
            counted = counts[place]
            if place > depth or counted is None:
                return ""
            return numeral(counted, "decimal" if level.legal else entry.levels[place].style)

        text = _PLACE.sub(shown, level.text).strip()
        return (text + ("" if level.suffix == "nothing" else " ") if text else ""), True


def value_of(node: Any | None) -> str | None:
    """Return the w:val of an element that may be absent."""
    if node is None:
        return None
    value: str | None = node.get(f"{W}val")
    return value


def int_of(node: Any | None) -> int | None:
    """Return the w:val as a number; None where there is none."""
    value = value_of(node)
    return int(value) if value is not None and value.isdecimal() and len(value) < 10 else None


def is_on(node: Any | None) -> bool:
    """Tell whether a switch (ST_OnOff) is there and on."""
    return node is not None and value_of(node) not in ("0", "false", "off")


def _small(value: str | None) -> int | None:
    return int(value) if value is not None and len(value) == 1 and value in "012345678" else None


def _levels(base: Any) -> list[_Level]:
    levels = [_Level() for _ in range(_LEVELS)]
    for node in base.iterchildren(f"{W}lvl"):
        place = _small(node.get(f"{W}ilvl"))
        if place is not None:
            levels[place] = _level(node)
    return levels


def _level(node: Any) -> _Level:
    style = node.find(f"{W}numFmt")
    if style is None:
        # Newer styles are wrapped, with a plain one for older programs beside them.
        style = next(iter(node.iter(f"{W}numFmt")), None)
    start = int_of(node.find(f"{W}start"))
    return _Level(
        style=value_of(style) or "decimal",
        text=value_of(node.find(f"{W}lvlText")) or "",
        start=1 if start is None else start,
        suffix=value_of(node.find(f"{W}suff")) or "tab",
        restarts=int_of(node.find(f"{W}lvlRestart")) != 0,
        legal=is_on(node.find(f"{W}isLgl")),
        paragraph_style=value_of(node.find(f"{W}pStyle")),
    )
