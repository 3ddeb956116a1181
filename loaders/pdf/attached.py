"""Files inside a PDF: those that the document carries, and those pinned to its pages."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders._unstructured import Element
from loaders.source import Source

_MOST = 100
_LARGEST = 64 << 20


def carried_files(document: pdfium.PdfDocument) -> Iterator[tuple[str, bytes | None]]:
    """Yield names and contents of the files a document carries; None where one can't be had."""
    for index in range(min(raw.FPDFDoc_GetAttachmentCount(document), _MOST)):
        handle = raw.FPDFDoc_GetAttachment(document, index)
        if handle:
            yield attached_file(handle)


def attached_file(handle: object) -> tuple[str, bytes | None]:
    """Return the name and the content of an attachment as PDFium knows it."""
    size = raw.FPDFAttachment_GetName(handle, None, 0)
    letters = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFAttachment_GetName(handle, letters, size)
    name = bytes(letters)[:size].decode("utf-16-le", "replace").replace("\0", "").strip()
    return name or "1", _data(handle)


def file_elements(name: str, data: bytes | None, source: Source) -> Iterator[Element]:
    """Yield a heading with a file's name, then its text where a loader reads it."""
    from loaders.mail.attachments import attachment_elements, note_unread

    if data is None:
        note_unread(source, name)
        return
    yield from attachment_elements(data, name, source)


def _data(handle: object) -> bytes | None:
    size = ctypes.c_ulong()
    if not raw.FPDFAttachment_GetFile(handle, None, 0, size) or not 0 < size.value <= _LARGEST:
        return None
    buffer = (ctypes.c_char * size.value)()
    if not raw.FPDFAttachment_GetFile(handle, buffer, size.value, size):
        return None
    return bytes(buffer)
