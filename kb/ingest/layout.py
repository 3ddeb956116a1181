"""From elements to lines: headings, statute articles, table rows, boxes.

Elements of a file come in as a stream and leave as batches of pages, lines and passages, so that a
file of any length is never held whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kb.ingest.table_parts import TableParts
from kb.text.normalise import clean
from kb.text.splitter import split_lines
from kb.text.windows import build_passages
from kb.types import PASSAGE_LIMIT, Box, Line, PageText, Passage, Place, TablePart
from loaders.records import ElementRecord, Span
from loaders.sheets.columns import column_letters

# A statute article begins a paragraph. What may follow the number in running text ("第三条的规定",
# "第三条、第四条") must not be taken for one.
_ARTICLE = re.compile(
    r"(第[〇零一二三四五六七八九十百千0-9]+条(?:之[一二三四五六七八九十]+)?)"
    r"(?![的规款项、，,和至与及或中所第])"
)
_ENUMERATION = re.compile(r"[（(]?(?:[一二三四五六七八九十]+|\d+)[）)、.．]")
_DIVISION = re.compile(r"第[〇零一二三四五六七八九十百千0-9]+[编分章节卷篇]")

# Lines that are gathered before passages are built and handed on.
_SEGMENT_LINES = 400
# As much of a long page as a person is shown at once.
_PAGE_TEXT_LIMIT = 40_000
_LEVEL_WITHOUT_DEPTH = 9
# Running headers, footers and page numbers are kept out of lines; they are in the page's text.
_LEFT_OUT = frozenset({"Header", "Footer", "PageNumber", "PageBreak"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a document ready to be embedded and written; positions count from its start.

    But those in ``tables`` count from the document's: the lines of a table may go on in the next.
    """

    pages: tuple[PageText, ...]
    lines: tuple[Line, ...]
    passages: tuple[Passage, ...]
    first_line: int
    first_page: int
    tables: tuple[TablePart, ...] = ()


class LineMaker:
    """Turns elements into lines; remembers the headings above and the article it is in.

    ``prefixes`` holds what begins each further passage of a group that needs several,
    ``row_lines`` how many lines each row of the last table has.
    """

    def __init__(self) -> None:
        self.prefixes: dict[str, str] = {}
        self.row_lines: list[int] = []
        self._headings: list[tuple[int, str]] = []
        self._article = ""
        self._in_article = False

    def lines(self, element: ElementRecord) -> Iterator[Line]:
        """Yield the lines of the next element in reading order."""
        if element.category in _LEFT_OUT:
            return
        if element.table is not None:
            yield from self._table_lines(element)
            return
        text, spans = _clean_with_spans(element.text, element.spans)
        if not text:
            return
        article = _ARTICLE.match(text)
        if article:
            self._article, self._in_article = article.group(1), True
        elif self._ends_article(element, text):
            self._article, self._in_article = "", False
        is_heading = element.category == "Title" and not (self._in_article and not article)
        if is_heading and not article:
            level = element.level or _LEVEL_WITHOUT_DEPTH
            self._headings = [entry for entry in self._headings if entry[0] < level]
        heading = self.heading(element)
        start = 0
        for number, piece in enumerate(split_lines(text)):
            end = start + len(piece)
            yield Line(
                text=piece,
                place=Place(
                    page=element.page,
                    boxes=_boxes(text, spans, start, end),
                    sheet=element.sheet,
                    paragraph=element.paragraph,
                ),
                heading=heading,
                group=self._article,
                glue="" if number else "\n",
                is_heading=is_heading and not article,
            )
            start = end
        if is_heading and not article:
            self._headings.append((element.level or _LEVEL_WITHOUT_DEPTH, " ".join(text.split())))

    def _ends_article(self, element: ElementRecord, text: str) -> bool:
        """An article goes on over its paragraphs and numbered items until a division."""
        if not self._in_article:
            return False
        if _DIVISION.match(text):
            return True
        return element.category == "Title" and not _ENUMERATION.match(text)

    def heading(self, element: ElementRecord) -> str:
        """The path of headings that an element stands under, joined by " > "."""
        parts = [text for _level, text in self._headings]
        if self._article:
            parts.append(self._article)
        if element.within:
            parts.append(element.within)
        return " > ".join(parts)

    def _table_lines(self, element: ElementRecord) -> Iterator[Line]:
        table = element.table
        assert table is not None  # noqa: S101 - the caller looked
        self._article, self._in_article = "", False
        heading = self.heading(element)
        grid = (table.header, *table.rows) if table.header else table.rows
        places = _row_places(grid)[len(grid) - len(table.rows) :]
        labels = [_in_one_line(cell) for cell in table.header]
        self.row_lines = [0] * len(table.rows)
        for offset, (row, (start, end)) in enumerate(zip(table.rows, places, strict=True)):
            number = table.first_row + offset
            cells = _labelled_cells(labels, row)
            if not cells:
                continue
            # Rows of a sheet are found and cited one by one; rows of a table inside a text fill
            # passages together with what stands around them.
            group = f"{element.sheet or ''}!{number}" if table.of_sheet else ""
            text = "；".join(cells)
            if group and len(text) > PASSAGE_LIMIT:
                # Each further passage of a long row begins with its key, the first cell.
                self.prefixes[group] = cells[0] + "；"
            for index, piece in enumerate(split_lines(text)):
                self.row_lines[offset] += 1
                yield Line(
                    text=piece,
                    place=Place(
                        page=element.page,
                        boxes=_boxes(element.text, element.spans, start, end),
                        sheet=element.sheet,
                        row=number if table.of_sheet else None,
                        column=column_letters(table.first_column) if table.of_sheet else None,
                        paragraph=element.paragraph,
                    ),
                    heading=heading,
                    group=group,
                    glue="" if index else "\n",
                )


def _row_places(grid: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Where each row begins and ends in a table's text, whose outer line ends are cut off."""
    joined = ["\t".join(row) for row in grid]
    position = -next((index for index, row in enumerate(joined) if row), 0)
    places = []
    for row in joined:
        places.append((position, position + len(row)))
        position += len(row) + 1
    return places


def segments(elements: Iterable[ElementRecord]) -> Iterator[Segment]:
    """Cut a stream of elements into segments whose passages are whole."""
    maker = LineMaker()
    pending: list[Line] = []
    pages = _PageTexts()
    tables = TableParts()
    position = 0
    for element in elements:
        pages.add(element)
        start = position + len(pending)
        pending.extend(maker.lines(element))
        if element.table is not None:
            tables.table(element, maker.heading(element), start, maker.row_lines)
        elif element.category not in _LEFT_OUT:
            tables.text(element)
        if len(pending) < _SEGMENT_LINES:
            continue
        built = build_passages(pending, prefixes=maker.prefixes)
        # The last passage may still grow, and what belongs to its group must stay together.
        keep = built[-1].first_line
        while len(built) > 1 and built[-1].group and built[-2].group == built[-1].group:
            built.pop()
            keep = built[-1].first_line
        built.pop()
        if not built:
            continue
        first_page, texts = pages.take()
        yield Segment(
            texts, tuple(pending[:keep]), tuple(built), position, first_page, tables.take()
        )
        position += keep
        pending = pending[keep:]
        open_groups = {line.group for line in pending}
        maker.prefixes = {
            group: prefix for group, prefix in maker.prefixes.items() if group in open_groups
        }
    first_page, texts = pages.take(last=True)
    if pending or texts:
        passages = build_passages(pending, prefixes=maker.prefixes)
        yield Segment(texts, tuple(pending), tuple(passages), position, first_page, tables.take())


class _PageTexts:
    """Gathers what each page says, in parts of bounded length."""

    def __init__(self) -> None:
        self._done: list[PageText] = []
        self._given = 0
        self._key: tuple[int | None, str | None] = (None, None)
        self._parts: list[str] = []
        self._length = 0

    def add(self, element: ElementRecord) -> None:
        key = (element.page, element.sheet)
        if self._parts and (key != self._key or self._length > _PAGE_TEXT_LIMIT):
            self._close()
        self._key = key
        self._parts.append(element.text)
        self._length += len(element.text)

    def take(self, *, last: bool = False) -> tuple[int, tuple[PageText, ...]]:
        """The pages closed since the last call, with the position of the first of them."""
        if last and self._parts:
            self._close()
        done, first = tuple(self._done), self._given
        self._given += len(done)
        self._done = []
        return first, done

    def _close(self) -> None:
        self._done.append(PageText(self._key[0], self._key[1], "\n".join(self._parts)))
        self._parts, self._length = [], 0


def _labelled_cells(labels: Sequence[str], row: tuple[str, ...]) -> list[str]:
    """Cells as "header：value", empty ones left out."""
    cells = []
    for index, cell in enumerate(row):
        value = _in_one_line(cell)
        if not value:
            continue
        label = labels[index] if index < len(labels) else ""
        cells.append(f"{label}：{value}" if label and label != value else value)
    return cells


def _in_one_line(cell: str) -> str:
    # Letters and digits alone, as most cells of a long table are, need no cleaning.
    return cell if cell.isalnum() else " ".join(clean(cell).split())


def _clean_with_spans(text: str, spans: tuple[Span, ...]) -> tuple[str, tuple[Span, ...]]:
    """Clean a text piece by piece, so that its spans still point at the same words."""
    if not spans:
        return clean(text).strip(), ()
    cleaned: list[str] = []
    moved: list[Span] = []
    length = position = 0
    for span in spans:
        for start, end, box in ((position, span.start, None), (span.start, span.end, span.box)):
            piece = clean(text[start:end])
            if length == 0:
                piece = piece.lstrip()
            if box is not None and piece:
                moved.append(Span(length, length + len(piece), box))
            cleaned.append(piece)
            length += len(piece)
        position = span.end
    cleaned.append(clean(text[position:]))
    return "".join(cleaned).rstrip(), tuple(moved)


def _boxes(text: str, spans: tuple[Span, ...], start: int, end: int) -> tuple[Box, ...]:
    """Boxes of ``text[start:end]``, one for each visual line, cut to the part that it covers."""
    boxes = []
    for span in spans:
        low, high = max(start, span.start), min(end, span.end)
        if low >= high:
            continue
        x0, y0, x1, y1 = span.box
        whole = _width(text[span.start : span.end])
        if whole and (low, high) != (span.start, span.end):
            before = _width(text[span.start : low]) / whole
            inside = _width(text[low:high]) / whole
            x0, x1 = x0 + (x1 - x0) * before, x0 + (x1 - x0) * (before + inside)
        boxes.append((round(x0, 4), round(y0, 4), round(x1, 4), round(y1, 4)))
    return tuple(boxes)


def _width(text: str) -> int:
    """Printed width in half-width columns."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
