"""Files inside files: attachments of mails, documents merged into others."""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.errors import EmptyFileError, LoadError, UnsupportedFormatError
from loaders.formats import suffix_of
from loaders.load import elements_of, open_source
from loaders.source import Source
from loaders.text.labels import labelled, page_label

MOST_DEPTH = 3
_MOST_NAMED = 5
_LONGEST_NAME = 200


def attachment_elements(data: bytes, name: str, source: Source) -> Iterator[Element]:
    """Yield a heading with the attachment's name, then its text where a loader reads it."""
    name = " ".join(name.split())[:_LONGEST_NAME]
    yield make_element(labelled("attachment", name), "Title", level=2)
    yield from embedded_elements(data, name, source, beneath=2)


def embedded_elements(
    data: bytes, name: str, source: Source, *, beneath: int = 0
) -> Iterator[Element]:
    """Yield the text of a file inside this one, its headings ``beneath`` that many levels.

    Nothing is raised for it: what no loader reads is passed over, what cannot be read is noted in
    ``source.missing``, and files in files in files are read to a depth of `MOST_DEPTH`.
    """
    if source.depth >= MOST_DEPTH:
        note_unread(source, name)
        return
    with tempfile.TemporaryDirectory(prefix="part-") as folder:
        path = Path(folder) / "part"
        path.write_bytes(data)
        try:
            inner = open_source(path, name=name, password=source.password, limits=source.limits)
            inner.depth = source.depth + 1
            inner.force_ocr = source.force_ocr
            context = ""
            for element in elements_of(inner):
                # The language of its beginning is that of all its labels.
                context = context or name + element.text
                yield _placed(element, beneath, "" if beneath else f"{name} ", context)
        except (UnsupportedFormatError, EmptyFileError):
            # A film or an empty sheet: its name is all there is to read.
            return
        except LoadError:
            note_unread(source, name)
            return
    for warning in inner.warnings:
        source.warn(warning)
    if inner.missing is not None:
        note_unread(source, name)


def note_unread(source: Source, name: str) -> None:
    """Note that a file inside this one could not be read, or not all of it."""
    if source.missing not in (None, "attachments_unread"):
        return
    names = source.missing_params.get("names", "").split(", ") if source.missing else []
    if name not in names:
        names.append(name)
    source.missing = "attachments_unread"
    source.missing_params = {"names": ", ".join(names[:_MOST_NAMED])}


def name_or_guess(name: str | None, content_type: str, number: int) -> str:
    """Return an attachment's name, with a suffix that tells what it is where it has none."""
    name = " ".join((name or "").replace("\0", "").split())
    if name and suffix_of(name):
        return name
    suffix = mimetypes.guess_extension(content_type) or ""
    return (name or f"{number}") + suffix


def _placed(element: Element, beneath: int, label: str, context: str) -> Element:
    """Take an element out of its own file: that file's pages are none of the one around it.

    The page remains in words, behind the file's name where no heading says it.
    """
    metadata: Any = element.metadata
    if metadata.page_number is not None:
        metadata.within = label + page_label(metadata.page_number, context=context)
    metadata.page_number = None
    metadata.coordinates = None
    if hasattr(metadata, "spans"):
        metadata.spans = None
    if element.category == "Title":
        metadata.category_depth = (metadata.category_depth or 0) + beneath
    return element
