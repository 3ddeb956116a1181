"""Short ways to the parts of what a file is read as."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary, TableRecord


def elements_of(path: Path, **options: str) -> list[ElementRecord]:
    """Return all elements."""
    found = records_of(path, **options)  # type: ignore[arg-type]
    return [record for record in found if isinstance(record, ElementRecord)]


def tables_of(path: Path) -> list[TableRecord]:
    """Return all tables."""
    return [record.table for record in elements_of(path) if record.table is not None]


def texts_of(path: Path) -> list[tuple[str, str]]:
    """Return category and text of all that is no table."""
    return [(record.category, record.text) for record in elements_of(path) if record.table is None]


def summary_of(path: Path) -> LoadSummary:
    """Return what ends the stream."""
    summary = list(records_of(path))[-1]
    assert isinstance(summary, LoadSummary)
    return summary


def rows_and_peak(path: Path) -> tuple[int, int]:
    """Count the rows of all tables while they stream; the second number is the peak in bytes."""
    rows = 0
    tracemalloc.start()
    for record in records_of(path):
        if isinstance(record, ElementRecord) and record.table is not None:
            rows += len(record.table.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return rows, peak
