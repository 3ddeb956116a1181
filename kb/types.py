"""The records that every part of `kb` speaks: places, lines, passages, tables, documents, jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DocumentState = Literal[
    "queued", "processing", "ready", "partial", "failed", "unsupported", "excluded"
]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Outcome = Literal["ready", "unchanged", "duplicate", "partial", "failed", "unsupported", "excluded"]
Health = Literal["green", "amber", "red"]

Box = tuple[float, float, float, float]

LINE_LIMIT = 100
PASSAGE_LIMIT = 250


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in its document; what a format does not have is None.

    ``boxes`` are (x0, y0, x1, y1) in fractions of the upright page, one for each visual line.
    ``row`` and ``column`` are as the spreadsheet program shows them: row from 1 with the header row
    counted, column as letters. ``paragraph`` counts the document's elements from 1.
    """

    page: int | None = None
    boxes: tuple[Box, ...] = ()
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    paragraph: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """At most 100 code points, cut at punctuation.

    ``glue`` stands between the line before and this one: "" inside a paragraph, a newline where a
    paragraph begins. ``heading`` is the path of headings above, joined by " > ". ``group`` is the
    same for lines that belong together (a statute article, a table row), else "".
    """

    text: str
    place: Place
    heading: str = ""
    group: str = ""
    glue: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of neighbouring lines [first_line, last_line] of one document, at most 250 code points.

    What is embedded and indexed beside the text is the document's title and ``heading``.
    """

    first_line: int
    last_line: int
    text: str
    heading: str
    group: str
    place: Place


@dataclass(frozen=True, slots=True)
class TablePart:
    """A run of rows of a table as a file is read; ``number`` counts the tables of its document.

    ``rows`` are equally long, the first of them is row ``first_row`` of the sheet or table, and
    its first cell stands in column ``first_column``, from 1. They are the document's lines from
    ``first_line`` on, each row as many as ``row_lines`` says, an empty one none. ``title`` holds
    the short texts right above the table, one a line: its name, its unit.
    """

    number: int
    title: str
    heading: str
    sheet: str | None
    page: int | None
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int
    first_column: int
    of_sheet: bool
    first_line: int
    row_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table in the catalog; its places are those of `TablePart`.

    ``header`` is as wide as the table, or () where none was found. ``page`` is where it begins.
    ``row_count`` leaves out the header; the rows of a sheet may have gaps between their numbers.
    """

    table_id: int
    kb_id: str
    document_id: int
    document: str
    title: str
    heading: str
    sheet: str | None
    page: int | None
    header: tuple[str, ...]
    first_row: int
    first_column: int
    width: int
    of_sheet: bool
    row_count: int


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a table as wide as the table, under the number that its sheet shows."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a table that a passage shows, in whole or in part."""

    table: SheetTable
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not as it should be: a stable code and what fills its sentence.

    The front doors turn it into the reader's language.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskedBase:
    """What a question needs to know of a knowledge base, and the number of its last change."""

    kb_id: str
    name: str
    top_k: int
    threshold: float
    prompt: str
    change_number: int


@dataclass(frozen=True, slots=True)
class KnowledgeBaseRecord:
    """A knowledge base with its settings and counts. Times are seconds since the epoch, UTC."""

    kb_id: str
    name: str
    description: str
    embedder: str
    top_k: int
    threshold: float
    prompt: str
    owner: str
    created_at: float
    updated_at: float
    document_count: int
    passage_count: int
    size: int
    states: Mapping[DocumentState, int]


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents of a knowledge base are meant; None and "" leave nothing out.

    ``contains`` is searched in their names.
    """

    states: tuple[DocumentState, ...] | None = None
    health: tuple[Health, ...] | None = None
    contains: str = ""


EVERY_DOCUMENT = DocumentFilter()

DocumentOrder = Literal[
    "document",
    "health",
    "reason",
    "state",
    "pages",
    "passages",
    "size",
    "updated",
    "format",
]
"""What a list of documents is sorted by."""


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which documents a question is asked of; None leaves nothing out.

    ``formats`` are names of `loaders.formats`. ``since`` and ``until`` are seconds since the epoch:
    the document's file was changed not before the first, and before the second. ``document_ids``
    are those that whoever asks may read.
    """

    formats: frozenset[str] | None = None
    since: float | None = None
    until: float | None = None
    document_ids: frozenset[int] | None = None


WHOLE = SearchFilter()


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as the catalog knows it; ``reason`` is None where all is well.

    ``health`` is None until it was read once; ``warnings`` are what else is worth a look beside the
    reason. ``readable`` is the share of readable characters, ``confidence`` that of the pages read
    by OCR; ``empty_pages`` have no text at all.
    """

    document_id: int
    kb_id: str
    document: str
    state: DocumentState
    reason: Reason | None
    format: str | None
    encoding: str | None
    title: str | None
    size: int
    pages: int | None
    lines: int
    passages: int
    owner: str
    created_at: float
    updated_at: float
    health: Health | None = None
    warnings: tuple[Reason, ...] = ()
    characters: int | None = None
    readable: float | None = None
    confidence: float | None = None
    ocr_pages: int | None = None
    empty_pages: int | None = None
    tables: int | None = None


@dataclass(frozen=True, slots=True)
class PageHealth:
    """How well a page was read, or a sheet, or the whole of a document without pages.

    ``characters`` are counted without white space, ``readable`` is the share of them that a person
    can read. ``confidence`` (0-1) is there for pages read by OCR.
    """

    page: int | None
    sheet: str | None
    characters: int
    readable: float
    source: Literal["text", "ocr", "none"]
    confidence: float | None
    tables: int


@dataclass(frozen=True, slots=True)
class FormatHealth:
    """The documents of one format by health; ``format`` is None where it could not be told."""

    format: str | None
    documents: int
    green: int
    amber: int
    red: int
    pages: int
    ocr_pages: int
    empty_pages: int


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How well the files of a knowledge base were read.

    ``counts`` holds the documents by health, None standing for those not read yet; ``reasons`` why
    documents are red or amber, as (health, code, count), the most frequent first.
    """

    counts: Mapping[Health | None, int]
    formats: tuple[FormatHealth, ...]
    reasons: tuple[tuple[Health, str, int], ...]


@dataclass(frozen=True, slots=True)
class PageText:
    """What one page (or sheet, or a whole unpaged document) says, as a person would read it."""

    page: int | None
    sheet: str | None
    text: str


@dataclass(frozen=True, slots=True)
class PagePart:
    """A piece of a page's text; ``begins`` where it is its page's first, the others go on below."""

    page: int | None
    sheet: str | None
    text: str
    begins: bool


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Which page a piece of a document's text belongs to, by the piece's ``position``."""

    position: int
    page: int | None
    sheet: str | None


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage in the catalog."""

    passage_id: int
    document_id: int
    document: str
    passage: Passage


VersionEnd = Literal["changed", "deleted"]


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """What a document was from ``since`` to ``until``, when it was ``ended``.

    ``version`` counts from 1, the oldest. ``original`` is its file's name in the folder of
    versions, None where it was not kept; ``size`` is in bytes.
    """

    version: int
    document: str
    document_id: int
    content_id: int
    title: str | None
    format: str | None
    sha256: str | None
    size: int
    pages: int | None
    lines: int
    passages: int
    since: float
    until: float
    ended: VersionEnd
    original: str | None


@dataclass(frozen=True, slots=True)
class JobItem:
    """One file of a job; ``state`` is an `Outcome`, or queued, processing, cancelled until then.

    ``attempts`` is how often work on it was begun without coming to an end in order.
    """

    position: int
    path: str
    document: str
    document_id: int | None
    state: str
    stage: str
    reason: Reason | None
    pages: int | None
    passages: int
    seconds: float | None
    attempts: int


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job of the durable queue. ``eta`` is in seconds, None while it cannot be told."""

    job_id: str
    kb_id: str
    kind: str
    state: JobState
    stage: str
    done: int
    total: int
    eta: float | None
    reason: Reason | None
    counts: Mapping[str, int]
    created_by: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    cancel_requested: bool
