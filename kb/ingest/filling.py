"""Fills a content with what a file says: read, split, embed, write, a part at a time.

A part is written in one transaction. So a file of any length costs the memory of one part, and what
was written before the process died is not embedded again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kb.embedders.base import Embedder
from kb.errors import CancelledError
from kb.ingest.layout import Segment, segments
from kb.ingest.pace import Pace
from kb.store.contents import ContentBatch, ContentFacts, Contents
from kb.store.sheets import pack
from kb.types import PageHealth, Reason
from loaders.errors import LoadError
from loaders.records import ElementRecord, LoadSummary
from loaders.records import PageHealth as LoadedPage
from loaders.sandbox import ParserPool

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file to read: where its bytes are, what it is called, how it is to be read."""

    path: Path
    document: str
    password: str | None = field(default=None, repr=False)
    force_ocr: bool = False

    @property
    def title(self) -> str:
        """A document's title is its file name without folder and suffix."""
        return Path(self.document).stem


class ChangedTextError(Exception):
    """A file says something else than what was written of it before."""


class Filler:
    """Fills contents; safe to use from several threads with different contents."""

    def __init__(self, contents: Contents, parsers: ParserPool, pace: Pace) -> None:
        self._contents = contents
        self._parsers = parsers
        self._pace = pace

    def fill(
        self,
        content_id: int,
        embedder: Embedder,
        reading: Reading,
        *,
        stage: Callable[[str, int], None],
        cancelled: Callable[[], bool],
    ) -> Reason | None:
        """Read, split, embed and write; returns what is missing of the document.

        A content that was broken off goes on after its last part.

        Raises:
            CancelledError: ``cancelled()`` said so.
            ChangedTextError: what was written before is not what the file says now.
            LoadError: the file cannot be read.
        """
        stream = _Stream(
            self._parsers.load(
                reading.path,
                name=reading.document,
                password=reading.password,
                force_ocr=reading.force_ocr,
                cancelled=cancelled,
            )
        )
        lines, pages = self._contents.extent(content_id)
        if lines:
            logger.info("content %s goes on after %d lines", content_id, lines)
        done = end = end_page = 0
        for segment in segments(stream):
            if cancelled():
                raise CancelledError(f"{reading.document}: cancelled")
            end = segment.first_line + len(segment.lines)
            end_page = segment.first_page + len(segment.pages)
            if end <= lines and end_page <= pages:
                self._compare(content_id, segment)
                stage("read", done)
            elif segment.first_line < lines or segment.first_page < pages:
                raise ChangedTextError(reading.document)
            else:
                stage("embed", done)
                self._write(content_id, embedder, reading.title, segment, cancelled)
            done += len(segment.passages)
        if end < lines or end_page < pages:
            raise ChangedTextError(reading.document)
        return self._finish(content_id, stream.summary)

    def _compare(self, content_id: int, segment: Segment) -> None:
        """Another version of this program, or another password, may read a file otherwise."""
        said = [(passage.heading, passage.text) for passage in segment.passages]
        last = segment.first_line + len(segment.lines) - 1
        if self._contents.written(content_id, segment.first_line, last) != said:
            raise ChangedTextError(
                f"content {content_id} differs from line {segment.first_line} on"
            )

    def _write(
        self,
        content_id: int,
        embedder: Embedder,
        title: str,
        segment: Segment,
        cancelled: Callable[[], bool],
    ) -> None:
        texts = [
            embedded_text(title, passage.heading, passage.text) for passage in segment.passages
        ]
        vectors = self._pace.embed(embedder, texts, cancelled)
        self._contents.append(
            content_id,
            ContentBatch(
                pages=segment.pages,
                lines=segment.lines,
                passages=segment.passages,
                vectors=vectors,
                first_line=segment.first_line,
                first_page=segment.first_page,
                tables=[pack(part) for part in segment.tables],
            ),
            embedder.model_id,
        )

    def _finish(self, content_id: int, summary: LoadSummary) -> Reason | None:
        missing = Reason(summary.missing, dict(summary.missing_params)) if summary.missing else None
        self._contents.finish(
            content_id,
            ContentFacts(
                format=summary.format,
                encoding=summary.encoding,
                page_count=summary.page_count,
                missing=missing,
                warnings=summary.warnings,
                pages=tuple(_page_health(page) for page in summary.pages),
            ),
        )
        return missing


class _Stream:
    """The elements of a file, and the summary once they are through."""

    def __init__(self, records: Iterator[ElementRecord | LoadSummary]) -> None:
        self._records = records
        self._summary: LoadSummary | None = None

    def __iter__(self) -> Iterator[ElementRecord]:
        for record in self._records:
            if isinstance(record, LoadSummary):
                self._summary = record
            else:
                yield record

    @property
    def summary(self) -> LoadSummary:
        if self._summary is None:
            raise LoadError("the parsing process ended without a summary")
        return self._summary


def _page_health(page: LoadedPage) -> PageHealth:
    return PageHealth(
        page=page.page,
        sheet=page.sheet,
        characters=page.characters,
        readable=page.readable,
        source=page.source,
        confidence=page.confidence,
        tables=page.tables,
    )


def embedded_text(title: str, heading: str, text: str) -> str:
    """The text that is embedded for a passage: its title and headings help the match."""
    return "\n".join(part for part in (title, heading, text) if part)
