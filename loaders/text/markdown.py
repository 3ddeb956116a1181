"""Markdown by way of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.source import Source
from loaders.text import encoding
from loaders.text.headings import NumberedHeadings
from loaders.web.page import html_elements

_PART = 200_000
_MOST_FRONT_MATTER = 200
_FRONT_MATTER_LINE = re.compile(r"[\w .-]+:(?:\s.*)?|\s+\S.*|-\s.*|#.*|")
_TITLE = re.compile(r"title:\s*[\"']?(.*?)[\"']?\s*")
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


def load_markdown(source: Source) -> Iterator[Element]:
    """Yield the elements of a Markdown file; a large one is read in parts, cut between blocks."""
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format="md")
    import markdown

    text = "".join(encoding.open_lines(source.path, source.encoding)).replace("\0", "")
    front, text = _front_matter(text.removeprefix("\ufeff"))
    if front:
        title = next(filter(None, map(_TITLE.fullmatch, front)), None)
        source.title = title.group(1)[:200] or None if title is not None else None
        yield make_element("\n".join(front), "Text")
    headings = NumberedHeadings()
    for part in _markdown_parts(text):
        rendered = markdown.markdown(part, extensions=["tables", "fenced_code", "sane_lists"])
        rendered = rendered.replace(_LESS_THAN, "&lt;").replace(_STAR, "*")
        yield from html_elements(rendered, source, headings=headings)


def _front_matter(text: str) -> tuple[list[str], str]:
    """Part what tools write about a file (YAML between two rules) from its text."""
    lines = text.split("\n", _MOST_FRONT_MATTER)
    if lines[0].rstrip() != "---":
        return [], text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in ("---", "..."):
            return [entry.rstrip() for entry in lines[1:number] if entry.strip()], "\n".join(
                lines[number + 1 :]
            )
        if _FRONT_MATTER_LINE.fullmatch(line.rstrip()) is None:
            break
    return [], text


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
            if not line.strip() and size > _PART:
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
