"""Elements as plain records: what a parsing process hands to the process that ingests.

Loaders yield Unstructured elements. They cross the process boundary as JSON lines of these records,
so that nothing is unpickled and a reader needs no Unstructured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Box = tuple[float, float, float, float]
PageSource = Literal["text", "ocr", "none"]


@dataclass(frozen=True, slots=True)
class Span:
    """Where ``text[start:end]`` of an element stands on its page.

    ``box`` is (x0, y0, x1, y1) in fractions of the upright page, origin top left.
    """

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class TableRecord:
    """A table, or a run of rows of a large one: cells as a person sees them, all rows equally long.

    ``first_row`` is the number the spreadsheet program shows for ``rows[0]`` (the header row
    counts), ``first_column`` the 1-based number of the first column. ``header`` is () where none
    was found. ``of_sheet`` tells rows of a spreadsheet or CSV file from a table inside a text.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int
    first_column: int
    of_sheet: bool = False


@dataclass(frozen=True, slots=True)
class ElementRecord:
    """One Unstructured element: a title, a paragraph, a list item, a table.

    ``category`` is Unstructured's word (Title, NarrativeText, ListItem, Table, Header, Footer …).
    ``level`` is the depth of a Title from 1, else None. ``page`` counts from 1, None without pages.
    ``paragraph`` is the element's 1-based number in the file. ``text`` is stripped and never empty;
    for a Table it is the grid: cells joined by tabs, rows by newlines, header first. ``within``
    says in words where it stands in a file inside this one, whose pages are none of this file's.
    """

    text: str
    category: str
    paragraph: int
    level: int | None = None
    page: int | None = None
    sheet: str | None = None
    spans: tuple[Span, ...] = ()
    table: TableRecord | None = None
    within: str = ""


@dataclass(frozen=True, slots=True)
class PageHealth:
    """How well a page was read, or a sheet, or the whole of a file without pages.

    ``characters`` are counted without white space; ``readable`` is the share of them that is
    neither private use nor a replacement, control or unassigned character, 0 where there is none.
    ``confidence`` is there for pages read by OCR.
    """

    page: int | None
    sheet: str | None
    characters: int
    readable: float
    source: PageSource
    confidence: float | None = None
    tables: int = 0


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """Ends the stream of a file that was read.

    ``format`` is a name of `loaders.formats`. ``missing`` says, as a code with params, what part
    could not be read (state partial), else None. ``warnings`` are codes worth showing beside the
    file. ``pages`` are in order, those without any text included.
    """

    format: str
    encoding: str | None = None
    page_count: int | None = None
    title: str | None = None
    missing: str | None = None
    missing_params: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    pages: tuple[PageHealth, ...] = ()
