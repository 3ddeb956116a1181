"""How well each file of a knowledge base was read, as a table that spreadsheet programs open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from app.messages import of_health, of_reason, of_state, of_warnings
from app.strings import Language, text
from kb.types import DocumentRecord

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase

_AT_ONCE = 1000
_COLUMNS = (
    "document",
    "health",
    "state",
    "reason",
    "format",
    "encoding",
    "pages",
    "ocr_pages",
    "empty_pages",
    "confidence",
    "readable",
    "characters",
    "tables",
    "size",
    "updated",
)
# Excel takes UTF-8 for the system's encoding unless a byte order mark stands first.
_MARK = "\ufeff"


def health_rows(knowledge_base: KnowledgeBase, language: Language) -> Iterator[str]:
    """Yield a CSV table, a row for each document, some rows at a time."""
    yield _MARK + _csv([[text(f"head.{name}", language) for name in _COLUMNS]])
    offset = 0
    while records := knowledge_base.documents(offset=offset, limit=_AT_ONCE):
        offset += len(records)
        yield _csv([_row(record, language) for record in records])


def remarks(document: DocumentRecord, language: Language) -> str:
    """Say why a document is amber or red, in as many sentences as there are reasons."""
    reason = of_reason(document.reason, language)
    parts = [*([reason] if reason else []), *of_warnings(document.warnings, language)]
    return ("" if language == "zh" else " ").join(parts)


def percent(share: float | None) -> str:
    """Write a share as a person reads it, "" where it is not known."""
    return "" if share is None else f"{share:.1%}".replace(".0%", "%")


def _row(document: DocumentRecord, language: Language) -> list[object]:
    return [
        document.document,
        of_health(document.health, language),
        of_state(document.state, language),
        remarks(document, language),
        document.format,
        document.encoding,
        document.pages,
        document.ocr_pages,
        document.empty_pages,
        percent(document.confidence),
        percent(document.readable),
        document.characters,
        document.tables,
        document.size,
        datetime.fromtimestamp(document.updated_at).astimezone().isoformat(" ", "seconds"),
    ]


def _csv(rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([[_harmless(cell) for cell in row] for row in rows])
    return stream.getvalue()


def _harmless(cell: object) -> object:
    """Keep spreadsheet programs from taking the name of a file for a formula."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell
    return cell
