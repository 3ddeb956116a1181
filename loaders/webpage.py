"""HTML, and Markdown by way of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree, html

from loaders import encoding
from loaders._unstructured import Element, make_element, make_table
from loaders.errors import DamagedFileError
from loaders.grid import split_header
from loaders.headings import NumberedHeadings, is_article
from loaders.source import Source

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_CJK = "⺀-鿿豈-﫿＀-￯　-〿"
_BREAK_IN_CHINESE = re.compile(rf"(?<=[{_CJK}])[ \t]*\r?\n[ \t]*(?=[{_CJK}])")
_DROPPED = ("script", "style", "noscript", "template", "head", "link", "meta", "iframe", "object")
# Unstructured drops these with all they hold; a form often wraps a whole page.
_RENAMED = {
    "form": "div",
    "details": "div",
    "summary": "p",
    "figure": "div",
    "figcaption": "p",
    "label": "span",
    "button": "span",
}
_MAX_SPAN = 1000
_MAX_CELLS = 200_000
_MARKDOWN_PART = 200_000

_LESS_THAN = "\ue0f0"
"""Stands for "<" while Markdown is rendered: an entity would be escaped again inside code."""

_STAR = "\ue0f1"
"""Stands for "*" where it hides something (a licence plate) and begins no emphasis."""

_HIDING_STARS = re.compile(r"(?<=\w)\*{3,}(?=\w)")
_FENCE = re.compile(r"([ \t]*)(```|~~~)")
_BLOCK_START = re.compile(
    r"\s*(?:[#>|]|[-*+]\s|\d+[.)]\s|```|~~~|<|\[\^?[^\]]+\]:|\||={3,}|-{3,})| {4}|\t"
)
_ENDS_PARAGRAPH = re.compile(r"[。！？；：](?:\*\*|__)?$")
_OWN_PARAGRAPH = re.compile(
    r"(?:\*\*|__)?(?:第[零〇一二三四五六七八九十百千\d]+[编章节条]|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）])"
)
_TAGS = (
    "a|abbr|article|aside|b|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|"
    "figcaption|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|mark|nav|ol|p|picture|pre|q|s|samp|"
    "script|section|small|source|span|strike|strong|style|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|"
    "ul|var|video|audio|iframe"
)
_NOT_A_TAG = re.compile(rf"<(?!/?(?:{_TAGS})[\s/>]|!--|https?://|mailto:)", re.IGNORECASE)


def load_html(source: Source) -> Iterator[Element]:
    """Yield a page's paragraphs, titles and tables; scripts and styles are never read."""
    data = source.path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    # What pages call gb2312 is GBK in practice; GB18030 holds both.
    hint = declared.group(1).decode("ascii", "replace").lower() if declared else None
    hint = "gb18030" if hint in ("gb2312", "gbk", "gb_2312-80") else hint
    text, source.encoding = encoding.decode(data, hint=hint)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format="html")
    yield from _elements(text, source)


def load_markdown(source: Source) -> Iterator[Element]:
    """Yield the elements of a Markdown file; a large one is read in parts, cut between blocks."""
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format="md")
    import markdown

    text = "".join(encoding.open_lines(source.path, source.encoding)).replace("\0", "")
    headings = NumberedHeadings()
    for part in _markdown_parts(text.removeprefix("\ufeff")):
        rendered = markdown.markdown(part, extensions=["tables", "fenced_code", "sane_lists"])
        rendered = rendered.replace(_LESS_THAN, "&lt;").replace(_STAR, "*")
        yield from _elements(rendered, source, headings=headings)


def _elements(
    text: str, source: Source, headings: NumberedHeadings | None = None
) -> Iterator[Element]:
    prepared = _prepare(text, source)
    if not prepared:
        return
    from unstructured.partition.html import partition_html

    headings = headings or NumberedHeadings()
    try:
        found = partition_html(text=prepared, languages=[""])
    except (etree.LxmlError, RecursionError, ValueError) as exc:
        raise DamagedFileError(
            f"{source.name}: {type(exc).__name__}: {exc}", format=source.format.name
        ) from exc
    for element in found:
        yield from _finished(element, headings)


def _finished(element: Element, headings: NumberedHeadings) -> Iterator[Element]:
    """Give an element of Unstructured our levels and table grid."""
    category = element.category
    if category == "Table":
        grid = table_grid(element.metadata.text_as_html or "")
        if grid:
            header, rows, skipped = split_header(grid)
            yield make_table(header, rows, first_row=1 + skipped)
        return
    text = _BREAK_IN_CHINESE.sub("", element.text).strip()
    if not text:
        return
    if category == "Title":
        if is_article(text) and (len(text) > 30 or text.endswith("。")):
            yield make_element(text)
        else:
            yield make_element(text, "Title", level=(element.metadata.category_depth or 0) + 1)
        return
    level = None if category in ("CodeSnippet", "ListItem") else headings.level(text)
    if level is not None:
        yield make_element(text, "Title", level=level)
        return
    element.text = text
    element.metadata.page_number = None
    yield element


def table_grid(markup: str) -> list[list[str]]:
    """Return the cells of an HTML table, all rows equally long, spanned cells filled."""
    try:
        table = html.fragment_fromstring(markup)
    except etree.LxmlError:
        return []
    grid: list[list[str]] = []
    pending: dict[tuple[int, int], str] = {}
    cells = 0
    for number, row in enumerate(table.iter("tr")):
        line: list[str] = []
        for cell in row.iterchildren("td", "th"):
            while (number, len(line)) in pending:
                line.append(pending.pop((number, len(line))))
            text = " ".join("".join(cell.itertext()).split())
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            cells += across * down
            if cells > _MAX_CELLS:
                across = down = 1
            for offset in range(1, down):
                for column in range(across):
                    pending[number + offset, len(line) + column] = text
            line.extend([text] * across)
        while (number, len(line)) in pending:
            line.append(pending.pop((number, len(line))))
        grid.append(line)
    width = max(map(len, grid), default=0)
    padded = [line + [""] * (width - len(line)) for line in grid]
    return padded if any(map(any, padded)) else []


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(1, int(value)), _MAX_SPAN) if value.isdecimal() and len(value) < 6 else 1


def _prepare(text: str, source: Source) -> str:
    """Rewrite a page so that Unstructured, which drops some blocks and all spans, loses nothing."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\0", ""))
    if not text.strip():
        return ""
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        root = html.document_fromstring(text, parser=parser)
    except (etree.LxmlError, ValueError) as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc
    title = root.find(".//head/title")
    if title is not None and title.text and source.title is None:
        source.title = " ".join(title.text.split())[:200] or None
    body = root.find("body")
    if body is None:
        return ""
    etree.strip_elements(body, *_DROPPED, with_tail=False)
    for element in list(body.iter(*_RENAMED)):
        element.tag = _RENAMED[element.tag]
    if len(mains := body.findall(".//main")) > 1:
        for main in mains:
            main.tag = "div"
    for item in body.iter("ol"):
        _write_numbers(item)
    for table in list(body.iter("table")):
        if table.find(".//table") is not None:
            _flatten_layout(table)
        else:
            _write_spans(table)
    for pre in body.iter("br"):
        if pre.tail and pre.getparent().tag in ("td", "th"):
            pre.tail = "\n" + pre.tail
    markup: str = etree.tostring(body, encoding="unicode", method="html")
    return _BREAK_IN_CHINESE.sub("", markup) if "<pre" not in markup else markup


def _write_numbers(ordered: Any) -> None:
    """Write out the numbers that a browser shows before list items."""
    start = ordered.get("start", "1")
    number = int(start) if start.isdecimal() and len(start) < 8 else 1
    for item in ordered.iterchildren("li"):
        # A loose list keeps its text in paragraphs; the number belongs to the first.
        holder = (
            item[0] if not (item.text or "").strip() and len(item) and item[0].tag == "p" else item
        )
        holder.text = f"{number}. {(holder.text or '').lstrip()}"
        number += 1


def _flatten_layout(table: Any) -> None:
    """Make plain blocks of a table that only lays out other tables."""
    for element in table.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th"):
        owner = element if element.tag == "table" else next(element.iterancestors("table"), table)
        if element is table or owner is table:
            element.tag = "div"


def _write_spans(table: Any) -> None:
    """Repeat spanned cells, as the row and the column of every number must be told."""
    if not table.xpath(".//*[@colspan or @rowspan]"):
        return
    rows = table_grid(etree.tostring(table, encoding="unicode", method="html", with_tail=False))
    for row, texts in zip(list(table.iter("tr")), rows, strict=True):
        for cell in list(row):
            row.remove(cell)
        for text in texts:
            cell = etree.SubElement(row, "td")
            cell.text = text


def _markdown_parts(text: str) -> Iterator[str]:
    """Yield a Markdown text, made fit for the strict renderer, in parts of whole blocks."""
    part: list[str] = []
    size = 0
    fence = indent = ""
    previous = ""
    for raw in text.splitlines():
        line = raw
        opening = _FENCE.match(line)
        if fence:
            # A fence inside a list is indented; the renderer knows only those at the margin.
            line = line.removeprefix(indent)
            if opening and line.strip() == fence:
                fence = ""
        elif opening:
            indent, fence = opening.groups()
            line = line.removeprefix(indent)
            if previous.strip():
                part.append("")
        else:
            if not line.strip() and size > _MARKDOWN_PART:
                yield "\n".join(part)
                part, size = [], 0
            if _is_new_paragraph(previous, line):
                part.append("")
            # What looks like an unknown tag is text: List<String>, <key>.
            line = _NOT_A_TAG.sub(_LESS_THAN, line)
            line = _HIDING_STARS.sub(lambda stars: _STAR * len(stars.group()), line)
        part.append(line)
        size += len(line) + 1
        previous = raw
    yield "\n".join(part)


def _is_new_paragraph(previous: str, line: str) -> bool:
    """Tell lines that Chinese authors mean as paragraphs though no blank line parts them."""
    if not previous.strip() or not line.strip() or _BLOCK_START.match(previous):
        # Headings need no blank line after them, but lists and tables need one before.
        return bool(previous.strip()) and previous.lstrip().startswith("#") and bool(line.strip())
    if re.match(r"\s*(?:[-*+]\s|\d+[.)]\s|\||#{1,6}\s)", line):
        return not re.match(r"\s*[|:-]", line) or "|" not in previous
    if _BLOCK_START.match(line):
        return False
    return bool(_ENDS_PARAGRAPH.search(previous.rstrip()) or _OWN_PARAGRAPH.match(line))
