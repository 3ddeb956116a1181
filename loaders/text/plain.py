"""Plain text: paragraphs in their order, nothing lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.source import Source
from loaders.text import encoding, english
from loaders.text.headings import NumberedHeadings

_SAMPLE_LINES = 500
_SAMPLE_CHARACTERS = 200_000
_LONGEST_CLASSIFIED = 2000
_LONGEST_ELEMENT = 100_000
_LONGEST_LINE = 1_000_000
"""Characters of a line that are held at once; a file may be one line of 300 MB."""

_CJK = re.compile(r"[⺀-鿿豈-﫿＀-￯　-〿]")
_TERMINAL = re.compile(r"[。！？；：.!?;:…”’」』）)]$")
_LIST_MARK = re.compile(
    r"[-*•●○◆■□–]\s|[(（]?\d{1,3}[)）.、．]\s?|[(（]?[一二三四五六七八九十]{1,3}[)）、]"
)
_SENTENCE_END = re.compile(r"[。！？；!?;]|\.\s|\n")


def load_text(source: Source) -> Iterator[Element]:
    """Yield a text file's paragraphs; numbered headings become titles."""
    source.encoding = encoding.detect_file_encoding(source.path)
    if source.encoding is None:
        raise DamagedFileError(f"{source.name}: not readable as text", format=source.format.name)
    headings = NumberedHeadings()
    lines = encoding.open_lines(source.path, source.encoding, longest=_LONGEST_LINE)
    for paragraph in paragraphs(_bounded(lines)):
        for piece in _pieces(paragraph):
            yield classified(piece, headings)


def classified(text: str, headings: NumberedHeadings) -> Element:
    """Make the element that a paragraph without any markup seems to be."""
    level = headings.level(text)
    if level is not None:
        return make_element(text, "Title", level=level)
    if len(text) > _LONGEST_CLASSIFIED:
        return make_element(text)
    if _CJK.search(text, 0, 100):
        return make_element(text, "ListItem" if _LIST_MARK.match(text) else "NarrativeText")
    return make_element(text, english.kind_of(text.strip()))


def paragraphs(lines: Iterator[str]) -> Iterator[str]:
    """Join the lines of a hard-wrapped text to paragraphs; otherwise every line is one."""
    sample: list[str] = []
    held = 0
    for line in islice(lines, _SAMPLE_LINES):
        sample.append(line)
        held += len(line)
        if held > _SAMPLE_CHARACTERS:
            break
    wrap = _wrap_width(sample)
    current = ""
    last = ""
    for raw in chain(sample, lines):
        line = raw.replace("\0", "").replace("\ufeff", "").rstrip()
        stripped = line.strip()
        if current and stripped and wrap and _continues(last, line, wrap):
            current = join_lines(current, stripped)
        else:
            if current:
                yield current
            current = stripped
        last = line
    if current:
        yield current


def join_lines(before: str, after: str) -> str:
    """Join a broken paragraph: no space beside Chinese, a space between words, hyphens mended."""
    if before.endswith(("\u00ad", "\u2010", "-")) and before[-2:-1].isalpha():
        # Before a small letter the hyphen only broke a word; otherwise it belongs there.
        return before[:-1] + after if after[:1].islower() else before[:-1] + "-" + after
    if _CJK.match(before[-1:]) or _CJK.match(after[:1]):
        return before + after
    return f"{before} {after}"


def display_width(text: str) -> int:
    """Return the columns a text fills in a fixed-width font; Chinese characters fill two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _wrap_width(lines: list[str]) -> int:
    """Return the width at which a text was wrapped by hand, 0 where it was not."""
    texts = [line.rstrip() for line in lines if line.strip()]
    if len(texts) < 4:
        return 0
    # A very long line was not wrapped by hand, however wide it is.
    widths = sorted(display_width(text[:_LONGEST_CLASSIFIED]) for text in texts)
    wrap = widths[int(len(widths) * 0.9)]
    if not 30 <= wrap <= 130 or widths[-1] > 1.5 * wrap:
        return 0
    full = sum(
        0.8 * wrap <= display_width(text) <= 1.1 * wrap and not _TERMINAL.search(text)
        for text in texts
    )
    return wrap if full >= 0.35 * len(texts) else 0


def _continues(last: str, line: str, wrap: int) -> bool:
    indent = len(line) - len(line.lstrip())
    return (
        display_width(last) >= 0.75 * wrap
        and indent <= len(last) - len(last.lstrip())
        and not _LIST_MARK.match(line.lstrip())
    )


def _bounded(lines: Iterator[str]) -> Iterator[str]:
    """Make several lines of one that comes in pieces, each ending with a sentence."""
    rest = ""
    for piece in lines:
        line, rest = rest + piece, ""
        if len(piece) >= _LONGEST_LINE and not piece.endswith("\n"):
            cut = len(line)
            for match in _SENTENCE_END.finditer(line, cut - _LONGEST_ELEMENT):
                cut = match.end()
            line, rest = line[:cut], line[cut:]
        yield line
    if rest:
        yield rest


def _pieces(paragraph: str) -> Iterator[str]:
    """Cut a monstrous paragraph at ends of sentences, so that no element is monstrous."""
    while len(paragraph) > _LONGEST_ELEMENT:
        cut = _LONGEST_ELEMENT
        for match in _SENTENCE_END.finditer(paragraph, _LONGEST_ELEMENT // 2, _LONGEST_ELEMENT):
            cut = match.end()
        yield paragraph[:cut].strip()
        paragraph = paragraph[cut:].strip()
    if paragraph:
        yield paragraph
