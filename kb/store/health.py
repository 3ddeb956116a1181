"""How well files were read: judged in one place, stored by page, summed up for a knowledge base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Row, func, select

from kb.store.database import Database
from kb.store.tables import contents, documents, page_health
from kb.types import DocumentState, FormatHealth, Health, HealthReport, PageHealth, Reason

SURE_CONFIDENCE = 0.8
WELL_READABLE = 0.9
# Below this share of readable characters, or with this share of pages missing, nothing is answered.
_HARDLY_READABLE = 0.5
_HARDLY_ANY_PAGE = 0.9
TOTALS = (
    contents.c.characters,
    contents.c.readable,
    contents.c.confidence,
    contents.c.ocr_pages,
    contents.c.empty_pages,
    contents.c.table_count,
)
"""The columns of a content that hold what its pages come to."""

# Documents asked for at once: SQL engines bound the number of values in a statement.
_DOCUMENTS_AT_ONCE = 500
# Rows written in one transaction: keeps it well under 100 ms.
_PAGES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Totals:
    """What the pages of a content come to; shares are weighted by characters.

    ``confidence`` is that of the pages read by OCR, None where there is none.
    """

    characters: int
    readable: float
    confidence: float | None
    ocr_pages: int
    empty_pages: int
    tables: int


def totals_of(pages: Sequence[PageHealth]) -> Totals | None:
    """Add up the pages of a content; None where nothing was counted."""
    if not pages:
        return None
    characters = sum(page.characters for page in pages)
    readable = sum(page.characters * page.readable for page in pages)
    read = [page for page in pages if page.source == "ocr" and page.characters]
    by_ocr = sum(page.characters for page in read)
    sure = sum(page.characters * (page.confidence or 0.0) for page in read)
    return Totals(
        characters=characters,
        readable=round(readable / characters, 4) if characters else 0.0,
        confidence=round(sure / by_ocr, 4) if by_ocr else None,
        ocr_pages=sum(page.source == "ocr" for page in pages),
        empty_pages=sum(page.source == "none" for page in pages),
        tables=sum(page.tables for page in pages),
    )


def assess(
    state: DocumentState, warnings: Sequence[str], totals: Totals | None, page_count: int | None
) -> tuple[Health | None, tuple[Reason, ...]]:
    """Judge a document: its colour, and what beside its own reason is worth a look.

    Red answers nothing or next to nothing, amber not all or not surely; what has not been read yet
    has no colour.
    """
    if state in ("failed", "unsupported"):
        return "red", ()
    if state not in ("ready", "partial"):
        return None, ()
    remarks = [Reason(code) for code in warnings]
    red = False
    if totals is not None:
        if totals.confidence is not None and totals.confidence < SURE_CONFIDENCE:
            percent = round(totals.confidence * 100)
            remarks.append(
                Reason("low_confidence", {"confidence": percent, "pages": totals.ocr_pages})
            )
        if totals.readable < WELL_READABLE and "garbled_text" not in warnings:
            remarks.append(
                Reason("unreadable_characters", {"percent": round((1 - totals.readable) * 100)})
            )
        red = totals.readable < _HARDLY_READABLE or (
            # Blank pages are no loss: only where the loader misses pages do empty ones count.
            state == "partial" and totals.empty_pages >= _HARDLY_ANY_PAGE * (page_count or 1)
        )
    if red:
        return "red", tuple(remarks)
    return "amber" if remarks or state == "partial" else "green", tuple(remarks)


def judge_content(
    connection: Connection, content_id: int, state: DocumentState
) -> tuple[Health | None, list[dict[str, Any]] | None]:
    """Judge a document that answers from a content: its colour and its warnings as stored."""
    row = connection.execute(
        select(contents.c.warnings, contents.c.page_count, *TOTALS).where(
            contents.c.id == content_id
        )
    ).one()
    totals = None
    if row.characters is not None:
        totals = Totals(
            characters=row.characters,
            readable=row.readable,
            confidence=row.confidence,
            ocr_pages=row.ocr_pages,
            empty_pages=row.empty_pages,
            tables=row.table_count,
        )
    health, remarks = assess(state, row.warnings or (), totals, row.page_count)
    return health, [{"code": each.code, "params": dict(each.params)} for each in remarks] or None


def stored_warnings(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Reason, ...]:
    """Return the warnings of a document's row as records."""
    return tuple(Reason(each["code"], each.get("params") or {}) for each in stored or ())


def page_values(content_id: int, pages: Sequence[PageHealth]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a content's pages in batches, each of which is written in a moment."""
    for start in range(0, len(pages), _PAGES_AT_ONCE):
        yield [
            {
                "content_id": content_id,
                "position": position,
                "page": page.page,
                "sheet": page.sheet,
                "characters": page.characters,
                "readable": page.readable,
                "source": page.source,
                "confidence": page.confidence,
                "tables": page.tables,
            }
            for position, page in enumerate(pages[start : start + _PAGES_AT_ONCE], start)
        ]


def total_values(pages: Sequence[PageHealth]) -> dict[str, Any]:
    """Return what the pages come to as columns of the content's own row."""
    totals = totals_of(pages)
    if totals is None:
        return {}
    return {
        "characters": totals.characters,
        "readable": totals.readable,
        "confidence": totals.confidence,
        "ocr_pages": totals.ocr_pages,
        "empty_pages": totals.empty_pages,
        "table_count": totals.tables,
    }


class FileHealth:
    """What is known of how well files were read; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def pages(self, kb_id: str, document_ids: Sequence[int]) -> dict[int, list[PageHealth]]:
        """The pages of some documents, in order; a document that was not read has none."""
        found: dict[int, list[PageHealth]] = {document_id: [] for document_id in document_ids}
        for start in range(0, len(document_ids), _DOCUMENTS_AT_ONCE):
            query = (
                select(documents.c.id.label("document_id"), page_health)
                .join(page_health, page_health.c.content_id == documents.c.content_id)
                .where(
                    documents.c.kb_id == kb_id,
                    documents.c.id.in_(document_ids[start : start + _DOCUMENTS_AT_ONCE]),
                )
                .order_by(documents.c.id, page_health.c.position)
            )
            with self._db.read() as connection:
                for row in connection.execute(query):
                    found[row.document_id].append(_page(row))
        return found

    def counts(self, kb_id: str) -> dict[Health | None, int]:
        """Count the documents of a knowledge base by health."""
        query = (
            select(documents.c.health, func.count())
            .where(documents.c.kb_id == kb_id)
            .group_by(documents.c.health)
        )
        with self._db.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}

    def report(self, kb_id: str) -> HealthReport:
        """Sum up how well the files of a knowledge base were read."""
        here = documents.c.kb_id == kb_id
        looked_at = documents.c.health.in_(("amber", "red"))
        with self._db.read() as connection:
            rows = connection.execute(
                select(
                    documents.c.format,
                    documents.c.health,
                    func.count().label("documents"),
                    func.coalesce(func.sum(contents.c.page_count), 0).label("pages"),
                    func.coalesce(func.sum(contents.c.ocr_pages), 0).label("ocr_pages"),
                    func.coalesce(func.sum(contents.c.empty_pages), 0).label("empty_pages"),
                )
                .select_from(documents.outerjoin(contents, documents.c.content_id == contents.c.id))
                .where(here)
                .group_by(documents.c.format, documents.c.health)
            ).all()
            reasons = connection.execute(
                select(documents.c.health, documents.c.reason_code, func.count())
                .where(here, looked_at, documents.c.reason_code.is_not(None))
                .group_by(documents.c.health, documents.c.reason_code)
            ).all()
            warned = connection.execute(
                select(documents.c.health, documents.c.warnings).where(
                    here, looked_at, documents.c.warnings.is_not(None)
                )
            ).all()
        counts: Counter[Health | None] = Counter()
        for row in rows:
            counts[cast("Health | None", row.health)] += int(row.documents)
        tally: Counter[tuple[Health, str]] = Counter()
        for health, code, count in reasons:
            tally[health, code] += int(count)
        for health, stored in warned:
            tally.update((health, warning.code) for warning in stored_warnings(stored))
        ordered = sorted(tally.items(), key=lambda each: (-each[1], each[0]))
        return HealthReport(
            counts=dict(counts),
            formats=_formats(rows),
            reasons=tuple((health, code, count) for (health, code), count in ordered),
        )


def _formats(rows: Sequence[Row[Any]]) -> tuple[FormatHealth, ...]:
    """Gather the rows of each format, the most frequent format first."""
    by_format: dict[str | None, list[Row[Any]]] = {}
    for row in rows:
        by_format.setdefault(row.format, []).append(row)
    gathered = []
    for name, group in by_format.items():
        counts = {row.health: int(row.documents) for row in group}
        gathered.append(
            FormatHealth(
                format=name,
                documents=sum(counts.values()),
                green=counts.get("green", 0),
                amber=counts.get("amber", 0),
                red=counts.get("red", 0),
                pages=sum(int(row.pages) for row in group),
                ocr_pages=sum(int(row.ocr_pages) for row in group),
                empty_pages=sum(int(row.empty_pages) for row in group),
            )
        )
    gathered.sort(key=lambda each: (-each.documents, each.format is None, each.format or ""))
    return tuple(gathered)


def _page(row: Row[Any]) -> PageHealth:
    return PageHealth(
        page=row.page,
        sheet=row.sheet,
        characters=row.characters,
        readable=row.readable,
        source=row.source,
        confidence=row.confidence,
        tables=row.tables,
    )
