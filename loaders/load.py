"""Read a file: path in, Unstructured elements or our own records out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loaders.errors import (
    ArchiveFileError,
    DamagedFileError,
    EmptyFileError,
    EncryptedFileError,
    LimitExceededError,
    LoadError,
    UnsupportedFormatError,
)
from loaders.formats import detect, is_encrypted_package
from loaders.health import PageCounter
from loaders.limits import Limits
from loaders.records import ElementRecord, LoadSummary, Span, TableRecord
from loaders.source import Source
from loaders.text.headings import NumberedHeadings

if TYPE_CHECKING:
    from loaders._unstructured import Element

_TITLE_WITHIN = 10
_TITLE_LENGTH = 100


def load(
    path: str | Path,
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> Iterator[Element]:
    """Yield the Unstructured elements of a file, in its order.

    ``name`` is the file's true name where ``path`` is a copy under another one. Raises a LoadError,
    at the first element at the latest, when the file cannot be read.
    """
    source = open_source(path, name=name, password=password, limits=limits)
    return elements_of(source)


def records_of(
    path: str | Path,
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits | None = None,
    force_ocr: bool = False,
) -> Iterator[ElementRecord | LoadSummary]:
    """Yield a file's elements as records, then one summary.

    ``force_ocr`` has the pages' pictures read even where there is text.
    """
    source = open_source(path, name=name, password=password, limits=limits)
    source.force_ocr = force_ocr
    counter = PageCounter(source.limits.max_pages)
    title: str | None = None
    for number, element in enumerate(elements_of(source), 1):
        record = to_record(element, number)
        if (
            title is None
            and number <= _TITLE_WITHIN
            and record.category == "Title"
            and record.level == 1
            and len(record.text) <= _TITLE_LENGTH
            # A first chapter is not what the document is called.
            and NumberedHeadings().level(record.text) is None
        ):
            title = record.text
        counter.add(record)
        yield record
    yield LoadSummary(
        format=source.format.name,
        encoding=source.encoding,
        page_count=source.page_count,
        title=source.title or title,
        missing=source.missing,
        missing_params=tuple(source.missing_params.items()),
        warnings=tuple(source.warnings),
        pages=counter.pages(source),
    )


def open_source(
    path: str | Path,
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> Source:
    """Tell a file's format and refuse at once what nothing here reads."""
    path = Path(path)
    name = name or path.name
    kind = detect(path, name)
    if password is None and is_encrypted_package(path):
        raise EncryptedFileError(f"{name}: protected by a password", format=kind.name)
    if kind.name == "archive":
        raise ArchiveFileError(f"{name}: an archive", format=kind.name)
    if not kind.loader:
        raise UnsupportedFormatError(f"{name}: {kind.name} is not read", format=kind.name)
    return Source(path, name, kind, password, limits or Limits())


def elements_of(source: Source) -> Iterator[Element]:
    """Yield the elements of an opened file; raises EmptyFileError where there is no text."""
    module, _, function = source.format.loader.partition(":")
    try:
        loader = cast(
            "Callable[[Source], Iterator[Element]]",
            getattr(importlib.import_module(module), function),
        )
    except ModuleNotFoundError as exc:
        raise LoadError(
            f"{source.name}: reading {source.format.name} needs the package {exc.name}",
            format=source.format.name,
            package=exc.name or "",
        ) from exc
    most = source.limits.output_bytes(source.path.stat().st_size)
    size = 0
    empty = True
    for element in loader(source):
        if not element.text.strip():
            continue
        empty = False
        size += len(element.text)
        if size > most:
            raise LimitExceededError(f"{source.name}: too much text", limit="output", value=size)
        yield element
    if empty and source.missing == "damaged_parts":
        raise DamagedFileError(f"{source.name}: nothing readable left", format=source.format.name)
    if empty:
        raise EmptyFileError(f"{source.name}: no text in it")


def to_record(element: Element, number: int) -> ElementRecord:
    """Turn an Unstructured element into the record that crosses processes."""
    metadata = element.metadata
    category: str = element.category
    text = element.text
    # An empty first cell is a tab at the start, which must stay.
    edges = "\n" if category == "Table" else None
    stripped = text.strip(edges)
    shift = len(text) - len(text.lstrip(edges))
    return ElementRecord(
        text=stripped,
        category=category,
        paragraph=number,
        level=(metadata.category_depth or 0) + 1 if category == "Title" else None,
        page=metadata.page_number,
        sheet=metadata.page_name,
        spans=tuple(
            Span(max(0, start - shift), min(end - shift, len(stripped)), (x0, y0, x1, y1))
            for start, end, x0, y0, x1, y1 in getattr(metadata, "spans", None) or ()
        ),
        table=_table_record(element) if category == "Table" else None,
        within=getattr(metadata, "within", None) or "",
    )


def _table_record(element: Element) -> TableRecord | None:
    # Fields of our own, unknown to the types of Unstructured.
    metadata: Any = element.metadata
    if not hasattr(metadata, "rows"):
        return None
    return TableRecord(
        header=tuple(metadata.header),
        rows=tuple(map(tuple, metadata.rows)),
        first_row=metadata.first_row,
        first_column=metadata.first_column,
        of_sheet=metadata.of_sheet,
    )
