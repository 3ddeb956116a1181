"""PDF: paragraphs and tables with their pages and places, from text layers and from pictures.

Here a document is walked page by page; `text`, `drawing` and `forms` ask PDFium,
`scan` the OCR, and the pure geometry lies in `ruled`, `rowed`, `margins` and `layout`.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError, NoTextLayerError, OcrUnavailableError
from loaders.pdf.attached import carried_files, file_elements
from loaders.pdf.drawing import Drawing, read_drawing
from loaders.pdf.forms import Pinned, open_forms, open_page
from loaders.pdf.layout import Paragraph, blocks, line_paragraph
from loaders.pdf.margins import MarginLine, margin_lines, running_lines
from loaders.pdf.pieces import Segment
from loaders.pdf.readable import is_readable, unreadable
from loaders.pdf.rowed import rowed_tables
from loaders.pdf.ruled import ruled_tables
from loaders.pdf.salvage import opened_pdf
from loaders.pdf.scan import pictures_to_read, scan_page, scan_picture
from loaders.pdf.tables import TableBlock, TableWriter
from loaders.pdf.text import read_text
from loaders.pictures import ocr
from loaders.source import Source
from loaders.text.headings import NumberedHeadings
from loaders.text.labels import labelled

_NEIGHBOURS = 4
"""Pages before and after in which a running header must show again; even and odd may differ."""

_MOST_LISTED = 200
_LITTLE_TEXT = 400
_HARDLY_ANY_TEXT = 100
_ENDS = re.compile(r"[。；;！？!?，,：:、.]$")
_DIGITS = re.compile(r"\d+")
_LIST_MARK = re.compile(r"[•●◆■▪◇○]\s*|[-–*]\s")


@dataclass(slots=True)
class _Page:
    number: int
    width: float
    height: float
    segments: list[Segment]
    """What stands outside the tables."""

    tables: list[TableBlock] = field(default_factory=list)
    slope: float = 0.0
    turn: int = 0
    """How the most of its text stands."""

    sizes: Counter[float] = field(default_factory=Counter)
    margins: list[MarginLine] = field(default_factory=list)
    pinned: Pinned = field(default_factory=Pinned)

    @property
    def size(self) -> tuple[float, float]:
        return self.width, self.height


def load_pdf(source: Source) -> Iterator[Element]:
    """Yield the paragraphs and tables of a PDF, page by page.

    Pages without a text layer that can be read go to the OCR. Where it is not installed, such pages
    make the result partial, and a whole document of them raises OcrUnavailableError; where it finds
    nothing on any page, NoTextLayerError.
    """
    document = _open(source)
    try:
        yield from _elements(document, source)
    except (NoTextLayerError, OcrUnavailableError) as exc:
        if source.missing != "damaged_parts":
            raise
        raise DamagedFileError(f"{source.name}: no page is left", format="pdf") from exc
    finally:
        document.close()


def _open(source: Source) -> pdfium.PdfDocument:
    document, is_rest = opened_pdf(source.path, source.password, name=source.name)
    if is_rest:
        source.missing = "damaged_parts"
        source.missing_params = {"parts": "catalog"}
    try:
        open_forms(document)
    except pdfium.PdfiumError as exc:
        document.close()
        raise DamagedFileError(f"{source.name}: {exc}", format="pdf") from exc
    return document


def _elements(document: pdfium.PdfDocument, source: Source) -> Iterator[Element]:
    source.page_count = count = len(document)
    wanted = min(count, source.limits.max_pages)
    headings = _Headings()
    writer = TableWriter()
    reader = _Reader(document, source)
    odd = characters = 0
    for page, near in _with_neighbours(reader.pages(wanted)):
        headings.learn(near)
        for element in _page_elements(page, near, headings, writer, count):
            characters += len(element.text)
            odd += unreadable(element.text)
            yield element
        for name, data in page.pinned.files:
            yield from file_elements(name, data, source)
    for name, data in carried_files(document):
        for element in file_elements(name, data, source):
            characters += len(element.text)
            yield element
    if not characters and reader.lacks_ocr:
        raise OcrUnavailableError(f"{source.name}: no text on {count} pages, and no OCR")
    if not characters:
        raise NoTextLayerError(f"{source.name}: no text on {count} pages", pages=count)
    if odd > 0.1 * characters:
        source.warn("garbled_text")
    if wanted < count:
        source.missing = "page_limit"
        source.missing_params = {"read": str(wanted), "pages": str(count)}
    elif reader.without:
        source.missing = "pages_without_text"
        source.missing_params = {"pages": _page_list(reader.without)}


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


class _Reader:
    """Reads a document's pages one after the other; ``without`` lists those without any text."""

    def __init__(self, document: pdfium.PdfDocument, source: Source) -> None:
        self._document = document
        self._source = source
        self._has_ocr: bool | None = None
        self.without: list[int] = []

    @property
    def lacks_ocr(self) -> bool:
        """Tell whether a page asked for the OCR and it is not here."""
        return self._has_ocr is False

    def pages(self, wanted: int) -> Iterator[_Page]:
        """Yield the first pages, leaving out those too damaged to open."""
        for index in range(wanted):
            try:
                page, pinned = open_page(self._document, index)
                try:
                    result = self._read(page, index + 1)
                    result.pinned = pinned
                    yield result
                finally:
                    page.close()
            except pdfium.PdfiumError:
                self._source.warn("damaged_pages")
                self.without.append(index + 1)

    def _read(self, page: pdfium.PdfPage, number: int) -> _Page:
        width, height = page.get_size()
        text = read_text(page)
        drawing = read_drawing(page)
        result = _Page(number, width, height, text.segments)
        length = _length(text.segments)
        wants_ocr = (
            self._source.force_ocr
            or not length
            or _is_stamped_scan(drawing, length, width * height)
            or not is_readable((segment.text for segment in text.segments), text.lost)
        )
        if not drawing.objects:
            pass
        elif wants_ocr and self._can_read_pictures():
            self._scan(page, result)
        elif not length:
            self.without.append(number)
        elif wants_ocr:
            self._source.warn("garbled_text")
        elif length < _LITTLE_TEXT and drawing.pictures:
            self._read_pictures(page, result, drawing)
        _find_tables(result, drawing)
        return result

    def _can_read_pictures(self) -> bool:
        if self._has_ocr is None:
            self._has_ocr = ocr.available()
        return self._has_ocr

    def _scan(self, page: pdfium.PdfPage, result: _Page) -> None:
        """Put what the page's picture says in place of its text, unless it says nothing."""
        scan = scan_page(page)
        if scan is not None and scan.segments:
            result.segments = scan.segments
            result.slope = scan.slope
            self._source.ocr_pages[result.number] = scan.confidence
        elif not is_readable(segment.text for segment in result.segments):
            self._source.warn("garbled_text")
        elif scan is not None and _length(result.segments) < _HARDLY_ANY_TEXT:
            if scan.shows == "writing":
                self.without.append(result.number)
            elif scan.shows == "something" and not result.segments:
                self._source.warn("pictures_without_text")

    def _read_pictures(self, page: pdfium.PdfPage, result: _Page, drawing: Drawing) -> None:
        boxes = pictures_to_read(
            drawing.pictures, result.segments, (0.0, 0.0, result.width, result.height)
        )
        if boxes and self._can_read_pictures():
            for box in boxes:
                result.segments.extend(scan_picture(page, box))


def _length(segments: Sequence[Segment]) -> int:
    return sum(len(segment.text) for segment in segments)


def _is_stamped_scan(drawing: Drawing, length: int, area: float) -> bool:
    """Tell a scan that only a stamp or a page number was printed onto."""
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in drawing.pictures)
    return length < _HARDLY_ANY_TEXT and covered > 0.5 * area


def _find_tables(page: _Page, drawing: Drawing) -> None:
    """Take the ruled tables out of a page's text, and note what else its neighbours need."""
    weights: Counter[int] = Counter()
    for segment in page.segments:
        weights[segment.turn] += len(segment.text)
        page.sizes[round(segment.size * 2) / 2] += len(segment.text)
    rest: list[Segment] = []
    for turn, _ in weights.most_common():
        pieces = [segment for segment in page.segments if segment.turn == turn]
        if not page.slope:
            rules = drawing.rules.turned_back(turn, page.width, page.height)
            for find in (ruled_tables, rowed_tables):
                tables, pieces = find(pieces, rules)
                page.tables.extend(tables)
        rest.extend(pieces)
    page.segments = rest
    page.turn = weights.most_common(1)[0][0] if weights else 0
    height = page.width if page.turn % 180 else page.height
    page.margins = margin_lines((piece for piece in rest if piece.turn == page.turn), height)


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


def _page_elements(
    page: _Page, near: Sequence[_Page], headings: _Headings, writer: TableWriter, page_count: int
) -> Iterator[Element]:
    running = list(
        running_lines(
            page.margins,
            [other.margins for other in near if other is not page],
            page_count=page_count,
            body_size=headings.body,
        )
    )
    taken = {id(piece) for line in running for piece in line.pieces}
    body = [piece for piece in page.segments if id(piece) not in taken]
    yield from _running_elements(page, running, "Header")
    writer.start_page(page.number, page.size)
    found = blocks(body, page.tables)
    after = next((other for other in near if other.number == page.number + 1), None)
    for block in found:
        if isinstance(block, TableBlock):
            if block is found[-1] and after is not None:
                following = _table_atop(after, page)
                yield writer.element(block, following, after.size)
                if following is not None and not following.rows:
                    after.tables.remove(following)
            else:
                yield writer.element(block)
        else:
            yield _paragraph_element(block, page, headings)
            writer.note_text(block.text)
    for note in page.pinned.notes:
        text = labelled("comment", note.text, by=note.author)
        yield make_element(text, page=page.number)
    yield from _running_elements(page, running, "Footer")


def _table_atop(page: _Page, before: _Page) -> TableBlock | None:
    """Return the table that a page begins with, below lines as on the page before at most."""
    first = min(page.tables, key=lambda table: table.box[1], default=None)
    if first is None or first.turn != page.turn:
        return None
    known = {_DIGITS.sub("0", margin.line.text) for margin in before.margins}
    running = {
        id(piece)
        for margin in page.margins
        if _DIGITS.sub("0", margin.line.text) in known
        for piece in margin.pieces
    }
    above = (
        piece
        for piece in page.segments
        if piece.turn == page.turn and piece.middle < first.box[1] and id(piece) not in running
    )
    return first if next(above, None) is None else None


def _running_elements(
    page: _Page, running: Sequence[MarginLine], category: str
) -> Iterator[Element]:
    for margin in running:
        if margin.category == category:
            paragraph = line_paragraph(margin.line, page.turn)
            yield make_element(
                paragraph.text,
                category,
                page=page.number,
                spans=paragraph.placed(*page.size, page.slope),
            )


def _paragraph_element(paragraph: Paragraph, page: _Page, headings: _Headings) -> Element:
    # Notes set sideways in the margin are large at times, but head nothing.
    level = headings.level(paragraph) if paragraph.turn == page.turn else None
    category = "NarrativeText"
    if level is not None:
        category = "Title"
    elif _LIST_MARK.match(paragraph.text):
        category = "ListItem"
    return make_element(
        paragraph.text,
        category,
        level=level,
        page=page.number,
        spans=paragraph.placed(*page.size, page.slope),
    )


class _Headings:
    """Tells headings by size and by numbering, and gives them levels."""

    def __init__(self) -> None:
        self._numbered = NumberedHeadings()
        self._sizes: list[float] = []
        self.body = 0.0

    def learn(self, pages: list[_Page]) -> None:
        """Take the size of running text from the pages at hand."""
        sizes: Counter[float] = Counter()
        for page in pages:
            sizes.update(page.sizes)
        self.body = max(sizes, key=lambda size: sizes[size]) if sizes else 0.0

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
