"""HTML: all that a browser shows, in its order; nothing is fetched and nothing runs.

Unstructured's own partition drops forms, bare text and deep pages and knows no spans; this walks
the tree once and yields the same kind of elements.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from lxml import etree, html

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.limits import MEGABYTE
from loaders.office.drawing import picture_text
from loaders.source import Source
from loaders.tables.in_text import MOST_CELLS, WIDEST_SPAN, grid_elements
from loaders.text import encoding
from loaders.text.headings import NumberedHeadings, is_article
from loaders.text.numerals import numeral
from loaders.text.plain import classified
from loaders.web.visible import BREAK, Picture, keep_visible

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_CJK = "⺀-鿿豈-﫿＀-￯　-〿"
_BREAK_IN_CHINESE = re.compile(rf"(?<=[{_CJK}])[ \t]*\r?\n[ \t\r\n]*(?=[{_CJK}])")
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
        "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li",
        "listing", "main", "menu", "nav", "noframes", "ol", "optgroup", "p", "plaintext", "pre",
        "search", "section", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead",
        "tr", "ul", "xmp",
    )
)  # fmt: skip
_VERBATIM = frozenset(("pre", "textarea", "listing", "xmp", "plaintext"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LIST_STYLES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_HARD_SPACES = re.compile(rb"(?<![\x80-\xff])\xa0+(?![\x80-\xff])")
_SAMPLE = 4096
_IDLE_TAG = re.compile(
    r"</?(?:a|b|big|center|em|font|i|s|small|span|strong|strike|tt|u)(?:\s[^<>]*)?>", re.IGNORECASE
)
_IDLE_BLOCK = re.compile(r"</?(?:blockquote|dir|div|form|section)(?:\s[^<>]*)?>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_PARAGRAPH_BREAK = re.compile(f"(?: *{BREAK} *){{2,}}| *{BREAK} *(?=　　)")
_MOST_BYTES = 48 * MEGABYTE
"""A page is held as a tree, which takes about ten times its bytes."""

_LONGEST_CELL = 2000
_LONGEST_TITLE = 200


def load_html(source: Source) -> Iterator[Element]:
    """Yield a page's paragraphs, titles and tables; scripts and styles are never read."""
    size = source.path.stat().st_size
    with source.path.open("rb") as file:
        text, source.encoding = decoded_page(file.read(_MOST_BYTES))
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format="html")
    yield from html_elements(text, source)
    if size > _MOST_BYTES:
        source.missing = "size_limit"
        source.missing_params = {
            "read": str(_MOST_BYTES // MEGABYTE),
            "size": str(-(-size // MEGABYTE)),
        }


def decoded_page(data: bytes) -> tuple[str, str | None]:
    """Decode a page by the encoding that it declares if its bytes bear it out, else by scoring."""
    declared = _XML_ENCODING.search(data[:256]) or _CHARSET.search(data[:4096])
    # What pages call gb2312 is GBK in practice; GB18030 holds both.
    hint = declared.group(1).decode("ascii", "replace").lower() if declared else None
    hint = "gb18030" if hint in ("gb2312", "gbk", "gb_2312-80") else hint
    return encoding.decode(with_soft_spaces(data), hint=hint)


def with_soft_spaces(data: bytes) -> bytes:
    """Make plain spaces of Latin hard spaces among ASCII, which would hide what the text is.

    In no double-byte encoding and not in UTF-8 does that byte stand alone.
    """
    return data if b"\0" in data[:_SAMPLE] else _HARD_SPACES.sub(b" ", data)


def html_elements(
    text: str,
    source: Source,
    *,
    headings: NumberedHeadings | None = None,
    picture: Picture | None = None,
) -> Iterator[Element]:
    """Yield the elements of a page; ``picture`` reads the pictures that it refers to."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\0", ""))
    if not text.strip():
        return
    try:
        root, is_whole = _tree(text)
        if not is_whole:
            # Tags that are never closed nest without end; it is those that say nothing.
            root, is_whole = _tree(_IDLE_BLOCK.sub("<br><br>", _IDLE_TAG.sub("", text)))
    except etree.ParserError:
        # Nothing but comments.
        return
    except (etree.LxmlError, ValueError) as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc
    if not is_whole and source.missing is None:
        source.missing = "rest_unreadable"
    title = root.find(".//head/title")
    if title is not None and title.text and source.title is None:
        source.title = " ".join(title.text.split())[:_LONGEST_TITLE] or None
    body = root.find("body")
    if body is None:
        body = root
    keep_visible(body, picture or (lambda address: _inline_picture(address, source)))
    yield from _Page(headings or NumberedHeadings()).elements(body)


def _tree(text: str) -> tuple[Any, bool]:
    """Parse a page; the second value tells whether it did not nest too deeply to be read whole."""
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    root = html.document_fromstring(text, parser=parser)
    limits = etree.ErrorTypes.ERR_RESOURCE_LIMIT
    return root, all(entry.type != limits for entry in parser.error_log)


@dataclass(slots=True)
class _List:
    """An ordered list on the way: the next number and how it is written; None for bullets."""

    number: int | None
    style: str = "decimal"


@dataclass(slots=True)
class _Page:
    """A page on the way through its tree."""

    headings: NumberedHeadings
    pieces: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    mark: str = ""

    def elements(self, body: Any) -> Iterator[Element]:
        """Walk without recursion: broken pages nest a thousand levels deep."""
        walk = etree.iterwalk(body, events=("start", "end"))
        skipped: Any = None
        for event, node in walk:
            tag = node.tag if isinstance(node.tag, str) else ""
            is_block = tag in _BLOCKS
            if event == "start":
                if is_block:
                    yield from self._flush()
                    if tag == "table" and not _is_layout(node):
                        walk.skip_subtree()
                        skipped = node
                        yield from _table(node)
                        for inner in node.iterdescendants("table"):
                            yield from _table(inner)
                        continue
                    self._enter(tag, node)
                elif tag == "br":
                    self.pieces.append(BREAK)
                if node.text and tag != "br":
                    self.pieces.append(node.text)
                continue
            if is_block and node is not skipped:
                yield from self._flush()
                self._leave(tag)
            elif tag == "option":
                self.pieces.append(" ")
            if node.tail and node is not body:
                self.pieces.append(node.tail)
        yield from self._flush()

    def _enter(self, tag: str, node: Any) -> None:
        self.blocks.append(tag)
        if tag == "ol":
            start = node.get("start", "1").strip()
            known = start.isdecimal() and len(start) < 8
            style = _LIST_STYLES.get(node.get("type", ""), "decimal")
            self.lists.append(_List(int(start) if known else 1, style))
        elif tag in ("ul", "menu", "dir"):
            self.lists.append(_List(None))
        elif tag == "li":
            self.mark = self._next_mark(node)

    def _leave(self, tag: str) -> None:
        if self.blocks:
            self.blocks.pop()
        if tag in ("ol", "ul", "menu", "dir") and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.mark = ""

    def _next_mark(self, node: Any) -> str:
        """Write out the number that a browser shows before a list item."""
        current = self.lists[-1] if self.lists else None
        if current is None or current.number is None:
            return ""
        value = node.get("value", "").strip()
        if value.isdecimal() and len(value) < 8:
            current.number = int(value)
        shown = numeral(current.number, current.style)
        current.number += 1
        return f"{shown}. "

    def _flush(self) -> Iterator[Element]:
        """Yield the text gathered since the last block began or ended."""
        if not self.pieces:
            return
        raw = "".join(self.pieces)
        self.pieces.clear()
        block = self.blocks[-1] if self.blocks else ""
        if block in _VERBATIM:
            text = raw.replace(BREAK, "\n").strip("\r\n").rstrip()
            if text.strip():
                yield make_element(text.replace("\r\n", "\n"), "Text")
            return
        for part in _PARAGRAPH_BREAK.split(_SPACES.sub(" ", _BREAK_IN_CHINESE.sub("", raw))):
            text = "\n".join(filter(None, (line.strip() for line in part.split(BREAK))))
            if text:
                yield self._element(text, block)

    def _element(self, text: str, block: str) -> Element:
        level = _HEADINGS.get(block)
        if level is not None:
            text = " ".join(text.split("\n"))
            if is_article(text) and (len(text) > 30 or text.endswith("。")):
                return make_element(text)
            self.headings.level(text)
            return make_element(text, "Title", level=level)
        if self.lists and "li" in self.blocks[-3:]:
            text, self.mark = self.mark + text, ""
            return make_element(text, "ListItem")
        return classified(text, self.headings)


def _inline_picture(address: str, source: Source) -> str | None:
    """Read a picture that stands in the page itself (a data URL)."""
    kind, comma, data = address.partition(",")
    if not comma or not kind.lower().startswith("data:image/"):
        return None
    try:
        raw = unquote_to_bytes(data)
        return picture_text(base64.b64decode(raw) if "base64" in kind else raw, source)
    except (binascii.Error, ValueError):
        return None


def _is_layout(table: Any) -> bool:
    """Tell whether a table only arranges blocks on the page."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    rows = [list(row.iterchildren("td", "th")) for row in _rows(table)]
    if max(map(len, rows), default=0) < 2:
        return True
    if next(table.iterdescendants("table"), None) is not None and not _names_columns(rows[0]):
        # Tables inside tables of data are rare, and these say what their columns are.
        return True
    return any(len(cell) and len(_cell_text(cell)) > _LONGEST_CELL for row in rows for cell in row)


def _rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table without those of tables inside it."""
    return (row for row in table.iter("tr") if next(row.iterancestors("table")) is table)


def _names_columns(cells: list[Any]) -> bool:
    return len(cells) > 1 and all(cell.tag == "th" for cell in cells)


def _table(table: Any) -> Iterator[Element]:
    caption = table.find("caption")
    if caption is not None and (text := _cell_text(caption)):
        yield make_element(text, "Text")
    marked = 0
    for row in _rows(table):
        in_head = row.getparent().tag == "thead"
        if not in_head and not _names_columns(list(row.iterchildren("td", "th"))):
            break
        marked += 1
    yield from grid_elements(_grid(table), marked=marked)


def _grid(table: Any) -> list[list[str]]:
    grid: list[list[str]] = []
    pending: dict[tuple[int, int], str] = {}
    cells = 0
    for number, row in enumerate(_rows(table)):
        line: list[str] = []
        for cell in row.iterchildren("td", "th"):
            while (number, len(line)) in pending:
                line.append(pending.pop((number, len(line))))
            text = _cell_text(cell)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            cells += across * down
            if cells > MOST_CELLS:
                across = down = 1
            for offset in range(1, down):
                for column in range(across):
                    pending[number + offset, len(line) + column] = text
            line.extend([text] * across)
        while (number, len(line)) in pending:
            line.append(pending.pop((number, len(line))))
        grid.append(line)
    width = max(map(len, grid), default=0)
    return [line + [""] * (width - len(line)) for line in grid]


def _cell_text(cell: Any) -> str:
    """Return a cell's text on one line, its blocks and lines parted by spaces, without tables."""
    pieces: list[str] = []
    walk = etree.iterwalk(cell, events=("start", "end"))
    for event, node in walk:
        parts = node is not cell and (node.tag in _BLOCKS or node.tag in ("br", "option"))
        if parts:
            pieces.append(" ")
        if event == "start" and node.tag == "table":
            walk.skip_subtree()
        elif event == "start" and node.text:
            pieces.append(node.text)
        elif event == "end" and node is not cell and node.tail:
            pieces.append(node.tail)
    return " ".join(_BREAK_IN_CHINESE.sub("", "".join(pieces)).split())


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(1, int(value)), WIDEST_SPAN) if value.isdecimal() and len(value) < 6 else 1
