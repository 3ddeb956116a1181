"""Pictures as documents: what is written in them, each frame of a TIFF file a page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from PIL import Image

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.pdf.layout import Paragraph, blocks
from loaders.pdf.pieces import Segment
from loaders.pdf.tables import TableBlock, TableWriter
from loaders.pictures import ocr
from loaders.pictures.raster import open_picture, page_count, read_page
from loaders.source import Source
from loaders.text.headings import NumberedHeadings

_HEADING_SIZE = 1.25
_LONGEST_HEADING = 40
_ENDS = re.compile(r"[。；;！？!?，,：:、.…]$")
_WORD = re.compile(r"[^\W\d_]{2}")


def load_image(source: Source) -> Iterator[Element]:
    """Yield the paragraphs and tables of a picture file, page by page.

    Boxes are fractions of the page as `loaders.pictures.raster` shows it, also where the writing
    on it is turned. Raises OcrUnavailableError without an OCR, DamagedFileError for what is no
    picture.
    """
    with open_picture(source.path, source.name) as picture:
        source.page_count = count = page_count(picture, source.name)
    wanted = min(count, source.limits.max_pages)
    headings, tables = _Headings(), TableWriter()
    incomplete: list[int] = []
    for number in range(1, wanted + 1):
        try:
            page = read_page(source.path, number, source.name)
        except DamagedFileError:
            if count == 1:
                raise
            incomplete.append(number)
            continue
        if not page.is_whole:
            incomplete.append(number)
        if not page.is_smaller_copy:
            yield from _page_elements(page.picture, number, headings, tables, source)
    if len(incomplete) == wanted > 1 and not source.ocr_pages:
        raise DamagedFileError(f"{source.name}: none of its {count} pages", format="image")
    if wanted < count:
        source.missing = "page_limit"
        source.missing_params = {"read": str(wanted), "pages": str(count)}
    elif incomplete:
        source.missing = "pages_damaged"
        source.missing_params = {"pages": ", ".join(map(str, incomplete))}


def _page_elements(
    page: Image.Image, number: int, headings: _Headings, tables: TableWriter, source: Source
) -> Iterator[Element]:
    found = ocr.read_picture(page)
    if not found.segments:
        return
    source.ocr_pages[number] = found.confidence
    tables.start_page(number, page.size)
    # The page is shown as it is, so writing that had to be turned stands turned on it.
    segments = [
        replace(segment, turn=(segment.turn - found.turn) % 360) for segment in found.segments
    ]
    body = _body_size(segments)
    for block in blocks(segments):
        if isinstance(block, TableBlock):
            yield tables.element(block)
            continue
        tables.note_text(block.text)
        level = headings.level(block, body)
        yield make_element(
            block.text,
            "NarrativeText" if level is None else "Title",
            level=level,
            page=number,
            spans=block.placed(page.width, page.height, found.slope),
        )


def _body_size(segments: Iterable[Segment]) -> float:
    """Return the size in which most characters are set."""
    counts: Counter[float] = Counter()
    for segment in segments:
        counts[segment.size] += len(segment.text)
    return counts.most_common(1)[0][0]


class _Headings:
    """Tells headings by size and by numbering; sizes read from a picture tell but two levels."""

    def __init__(self) -> None:
        self._numbered = NumberedHeadings()
        self._has_large = False

    def level(self, paragraph: Paragraph, body: float) -> int | None:
        text = paragraph.text
        if (
            paragraph.size >= _HEADING_SIZE * body
            and paragraph.lines <= 2
            and len(text) <= _LONGEST_HEADING
            and _WORD.search(text)
            and not _ENDS.search(text)
        ):
            self._has_large = True
            return 1
        level = self._numbered.level(text) if paragraph.lines <= 2 else None
        return None if level is None else level + self._has_large
