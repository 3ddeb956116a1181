"""PDF with a text layer: paragraphs with their pages and the boxes of their lines.

PDFium is fast and permissively licensed; it gives characters with boxes, `loaders.pdf_layout` does
the rest.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError, EncryptedFileError, NoTextLayerError
from loaders.headings import NumberedHeadings
from loaders.pdf_layout import Paragraph, Segment, body_size, paragraphs
from loaders.records import Box
from loaders.source import Source

_NEIGHBOURS = 4
"""Pages before and after in which a running header must show again; even and odd may differ."""

_MARGIN = 0.12
_SLANT = 8
"""Degrees from which on text stands askew: a watermark, in practice."""

_MOST_LISTED = 200
_BROKEN_WORD = 2
"""What PDFium puts for the hyphen of a word broken at the end of a line; U+FFFE in old releases."""

_WRONG_PASSWORD = 4
_PAGE_NUMBER = re.compile(
    r"[-–—·.\s]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*页)?(?:\s*[/／|,，]?\s*(?:of|共)?\s*\d{1,4}(?:\s*页)?)?[-–—·.\s]*"
    r"|page\s*\d+(?:\s*(?:of|/)\s*\d+)?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_ENDS = re.compile(r"[。；;！？!?，,：:、.]$")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_LIST_MARK = re.compile(r"[•●◆■▪◇○]\s*|[-–*]\s")


@dataclass(slots=True)
class _Page:
    number: int
    width: float
    height: float
    paragraphs: list[Paragraph]


def load_pdf(source: Source) -> Iterator[Element]:
    """Yield the paragraphs of a PDF, page by page.

    Raises NoTextLayerError for a scan. Pages without text among others make the result partial.
    """
    document = _open(source)
    try:
        yield from _elements(document, source)
    finally:
        document.close()


def _open(source: Source) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source.path, password=source.password)
    except pdfium.PdfiumError as exc:
        if exc.err_code == _WRONG_PASSWORD:
            raise EncryptedFileError(f"{source.name}: wrong or no password", format="pdf") from exc
        raise DamagedFileError(f"{source.name}: {exc}", format="pdf") from exc


def _elements(document: pdfium.PdfDocument, source: Source) -> Iterator[Element]:
    source.page_count = count = len(document)
    wanted = min(count, source.limits.max_pages)
    headings = _Headings()
    without: list[int] = []
    unreadable = characters = 0
    for page, near in _with_neighbours(_pages(document, wanted, without, source)):
        headings.learn(near)
        for paragraph in page.paragraphs:
            characters += len(paragraph.text)
            unreadable += len(_UNREADABLE.findall(paragraph.text))
            category, level = _category(paragraph, page, near, headings)
            yield make_element(
                paragraph.text,
                category,
                level=level,
                page=page.number,
                spans=paragraph.placed(page.width, page.height),
            )
    if not characters:
        raise NoTextLayerError(f"{source.name}: no text on {count} pages", pages=count)
    if unreadable > 0.1 * characters:
        source.warn("garbled_text")
    if wanted < count:
        source.missing = "page_limit"
        source.missing_params = {"read": str(wanted), "pages": str(count)}
    elif without:
        source.missing = "pages_without_text"
        source.missing_params = {"pages": _page_list(without)}


def _page_list(numbers: list[int]) -> str:
    """Write page numbers as people do: 3, 5-8."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs[:_MOST_LISTED]]
    return ", ".join(shown) + (", …" if len(runs) > _MOST_LISTED else "")


def _pages(
    document: pdfium.PdfDocument, wanted: int, without: list[int], source: Source
) -> Iterator[_Page]:
    for index in range(wanted):
        try:
            page = document[index]
        except pdfium.PdfiumError:
            source.warn("damaged_pages")
            without.append(index + 1)
            continue
        try:
            width, height = page.get_size()
            found = paragraphs(_segments(page))
            if not found and not _is_blank(page):
                without.append(index + 1)
        except pdfium.PdfiumError:
            source.warn("damaged_pages")
            without.append(index + 1)
            continue
        finally:
            page.close()
        yield _Page(index + 1, width, height, found)


def _is_blank(page: pdfium.PdfPage) -> bool:
    """Tell a page with nothing on it, which misses no text, from a picture of a page."""
    return int(raw.FPDFPage_CountObjects(page)) == 0


def _with_neighbours(pages: Iterator[_Page]) -> Iterator[tuple[_Page, list[_Page]]]:
    """Yield each page with those around it, holding only these in memory."""
    window: deque[_Page] = deque()
    current = 0
    for page in pages:
        window.append(page)
        if len(window) - current > _NEIGHBOURS:
            yield window[current], list(window)
            if current == _NEIGHBOURS:
                window.popleft()
            else:
                current += 1
    while current < len(window):
        yield window[current], list(window)
        current += 1


def _segments(page: pdfium.PdfPage) -> list[Segment]:
    """Gather a page's characters into pieces, in coordinates of the upright page."""
    textpage = page.get_textpage()
    try:
        return list(_read_segments(page, textpage.raw))
    finally:
        textpage.close()


def _read_segments(page: pdfium.PdfPage, text: object) -> Iterator[Segment]:
    """Yield runs of characters that follow each other on a line, whichever way the line runs.

    Each character costs two calls into PDFium and this loop; hence local names and plain
    comparisons.
    """
    get_unicode, get_box = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox
    rect = raw.FS_RECTF()
    rect_ref = ctypes.byref(rect)
    frame = _Frame(page)
    chars: list[str] = []
    sizes: list[float] = []
    left = top = right = bottom = last_size = 0.0
    space = ended = False
    high_surrogate = 0
    for index in range(raw.FPDFText_CountChars(text)):
        code = get_unicode(text, index)
        if code <= 32 or code == 0xA0:
            ended = ended or code in (10, 13)
            space = space or code in (32, 0xA0)
            if code != _BROKEN_WORD:
                continue
        if 0xD800 <= code < 0xE000:
            if code < 0xDC00:
                high_surrogate = code
                continue
            if not high_surrogate:
                continue
            code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00)
            high_surrogate = 0
        if not get_box(text, index, rect_ref):
            continue
        char = "\u00ad" if code in (_BROKEN_WORD, 0xFFFE, 0xAD) else chr(code)
        x0, y0, x1, y1 = frame.upright(rect.left, rect.bottom, rect.right, rect.top)
        size = y1 - y0
        if chars:
            gap = x0 - right
            larger = size if size > last_size else last_size
            shorter = size if size < bottom - top else bottom - top
            overlap = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top)
            if (
                -0.6 * larger <= gap <= 1.8 * larger
                and overlap >= 0.5 * shorter
                and not (ended and gap < -0.05 * larger)
            ):
                if space and gap > 0.1 * size:
                    chars.append(" ")
                chars.append(char)
                sizes.append(size)
                last_size = size
                right = x1 if x1 > right else right
                top = y0 if y0 < top else top
                bottom = y1 if y1 > bottom else bottom
                space = ended = False
                continue
            if not frame.slanted:
                yield _segment(chars, sizes, (left, top, right, bottom), frame.turn)
        frame.follow(text, index)
        left, top, right, bottom = frame.upright(rect.left, rect.bottom, rect.right, rect.top)
        last_size = bottom - top
        chars, sizes = [char], [last_size]
        space = ended = False
    if chars and not frame.slanted:
        yield _segment(chars, sizes, (left, top, right, bottom), frame.turn)


def _segment(chars: list[str], sizes: list[float], box: Box, turn: int) -> Segment:
    size = max(0.1, sorted(sizes)[len(sizes) // 2])
    return Segment("".join(chars).strip(), *box, size, turn)


def _direction(text: object, index: int) -> int:
    """Return which way a character's successor lies, in degrees clockwise."""
    here, there = raw.FS_RECTF(), raw.FS_RECTF()
    if not (
        raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(here))
        and raw.FPDFText_GetLooseCharBox(text, index + 1, ctypes.byref(there))
    ):
        return 0
    across = there.left + there.right - here.left - here.right
    up = there.top + there.bottom - here.top - here.bottom
    if abs(across) >= abs(up):
        return 0 if across >= 0 else 180
    return 270 if up > 0 else 90


class _Frame:
    """Turns PDF coordinates into those of the page as one holds it to read the text at hand.

    ``turn`` is how far that is turned against the upright page; ``slanted`` marks text that stands
    askew, in practice a watermark.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page_rotation = self._rotation = page.get_rotation()
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self.turn = 0
        self.slanted = False

    def follow(self, text: object, index: int) -> None:
        """Take over the direction of the run that starts with this character."""
        # Clockwise, and negative where PDFium cannot tell.
        degrees = math.degrees(max(0.0, raw.FPDFText_GetCharAngle(text, index)))
        self.slanted = _SLANT < degrees % 90 < 90 - _SLANT
        direction = round(degrees / 90) * 90 % 360
        if direction:
            # Mirrored coordinates give an angle too, yet the characters go on to the right.
            direction = _direction(text, index)
        self.turn = (direction + self._page_rotation) % 360
        self._rotation = -direction % 360

    def upright(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Return a box with its origin top left."""
        rotation = self._rotation
        if rotation == 0:
            return left - self._left, self._top - top, right - self._left, self._top - bottom
        if rotation == 90:
            return (
                bottom - self._bottom,
                left - self._left,
                top - self._bottom,
                right - self._left,
            )
        if rotation == 180:
            return (
                self._right - right,
                bottom - self._bottom,
                self._right - left,
                top - self._bottom,
            )
        return self._top - top, self._right - right, self._top - bottom, self._right - left


class _Headings:
    """Tells headings by size and by numbering, and gives them levels."""

    def __init__(self) -> None:
        self._numbered = NumberedHeadings()
        self._sizes: list[float] = []
        self.body = 0.0

    def learn(self, pages: list[_Page]) -> None:
        """Take the size of running text from the pages at hand."""
        self.body = body_size([paragraph for page in pages for paragraph in page.paragraphs])

    def level(self, paragraph: Paragraph) -> int | None:
        """Return a heading's level from 1, or None."""
        text = paragraph.text
        if paragraph.lines <= 3 and 2 <= len(text) <= 60 and paragraph.size >= 1.15 * self.body:
            if _ENDS.search(text) or not re.search(r"[^\W\d_]{2}", text):
                return None
            size = paragraph.size
            if not any(abs(known - size) <= 0.06 * size for known in self._sizes):
                self._sizes.append(size)
            return 1 + sum(known > 1.06 * size for known in self._sizes)
        level = self._numbered.level(text) if paragraph.lines <= 2 else None
        return None if level is None else level + len(self._sizes)


def _category(
    paragraph: Paragraph, page: _Page, near: list[_Page], headings: _Headings
) -> tuple[str, int | None]:
    margin = _margin(paragraph, page)
    if margin and (
        _PAGE_NUMBER.fullmatch(paragraph.text) or _is_repeated(paragraph, page, near, margin)
    ):
        return margin, None
    # Notes set sideways in the margin are large at times, but head nothing.
    aside = paragraph.turn != page.paragraphs[0].turn
    level = None if aside else headings.level(paragraph)
    if level is not None:
        return "Title", level
    if _LIST_MARK.match(paragraph.text):
        return "ListItem", None
    return "NarrativeText", None


def _margin(paragraph: Paragraph, page: _Page) -> str:
    if paragraph.lines > 3 or paragraph.turn:
        return ""
    if paragraph.y1 <= _MARGIN * page.height:
        return "Header"
    return "Footer" if paragraph.y0 >= (1 - _MARGIN) * page.height else ""


def _is_repeated(paragraph: Paragraph, page: _Page, near: list[_Page], margin: str) -> bool:
    """Tell whether two other pages nearby carry the same text at this height, numbers aside."""
    pattern = _DIGITS.sub("#", paragraph.text)
    found = 0
    for other in near:
        if other is page:
            continue
        found += any(
            _margin(candidate, other) == margin
            and abs(candidate.y0 - paragraph.y0) < 0.02 * page.height
            and _DIGITS.sub("#", candidate.text) == pattern
            for candidate in other.paragraphs
        )
    return found >= 2
