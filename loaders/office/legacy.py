"""Old and open office formats: LibreOffice makes them docx or pptx, then they are read as those.

They are doc, rtf, odt and the XML of Word 2003; ppt and odp.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from loaders._unstructured import Element
from loaders.container import check_container
from loaders.errors import (
    DamagedFileError,
    EncryptedFileError,
    LibreOfficeMissingError,
    UnsafeContentError,
)
from loaders.formats import format_named
from loaders.office import libreoffice, odf_mend
from loaders.office.package import opened_package
from loaders.office.password import ProtectionError, decrypted
from loaders.office.slides import load_pptx
from loaders.office.word import load_docx
from loaders.source import Source

_OPEN_DOCUMENT = ("odt", "odp")
_SUFFIXES = {"wordml": "xml"}
"""By which LibreOffice knows a format that has no suffix of its own."""

_ARTEFACT = re.compile(r"(?m)^<number>$\n?|^(?:%0%\.)+")
"""What LibreOffice puts for a slide's number in the notes of a ppt, and before the numbers of lists
in the XML of Word 2003."""

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_PROLOG_BYTES = 64 * 1024
_IN_OLE = ("doc", "ppt")
# [MS-CFB] 2.2: the exponent of a sector's size, and the number of sectors that list the others.
_OLE_HEADER = struct.Struct("<30xH12xI")
_OLE_SHIFTS = (9, 12)
_MOST_LOST = 8
_MOST_NAMED = 5
_MOST_GROUPS = 200
_MENDED_SECONDS = 30.0
# [MS-DOC] 2.5.2, FibBase: the flags follow ten bytes of other fields.
_FIB_FLAGS = struct.Struct("<10xH")
_FIB_ENCRYPTED = 0x0100
# [MS-PPT] 2.3.2, CurrentUserAtom: the token says whether the presentation is encrypted.
_USER_TOKEN = struct.Struct("<12xI")
_USER_ENCRYPTED = 0xF3D1C4DF


def load_document(source: Source) -> Iterator[Element]:
    """Yield the elements of a text document; pages stay None, as for docx."""
    yield from _elements(source, libreoffice.DOCX, load_docx)


def load_presentation(source: Source) -> Iterator[Element]:
    """Yield the elements of a presentation, slide by slide."""
    yield from _elements(source, libreoffice.PPTX, load_pptx)


def _elements(
    source: Source, target: libreoffice.Target, loader: Callable[[Source], Iterator[Element]]
) -> Iterator[Element]:
    kind = source.format.name
    if not libreoffice.available(target):
        raise LibreOfficeMissingError(f"{source.name}: LibreOffice is not here", format=kind)
    with _opened(source) as data, _converted(data, source, target) as path:
        # Both note what they find in the same lists and tables; the rest is carried over.
        inner = replace(source, path=path, format=format_named(target.suffix), password=None)
        try:
            for element in loader(inner):
                element.text = _ARTEFACT.sub("", element.text)
                yield element
        except DamagedFileError as exc:
            raise DamagedFileError(f"{source.name}: converted, but {exc}", format=kind) from exc
        finally:
            source.page_count = inner.page_count
            source.title = inner.title
            source.missing, source.missing_params = inner.missing, inner.missing_params


@contextmanager
def _converted(data: BinaryIO, source: Source, target: libreoffice.Target) -> Iterator[Path]:
    """Yield the converted document; one that LibreOffice cannot open is mended first."""
    suffix = _SUFFIXES.get(source.format.name, source.format.name)
    with ExitStack() as stack:
        try:
            path = stack.enter_context(
                libreoffice.converted(data, suffix, target, name=source.name)
            )
        except DamagedFileError:
            mended = stack.enter_context(tempfile.TemporaryFile())
            if not _mend(data, mended, source):
                raise
            mended.seek(0)
            path = stack.enter_context(
                libreoffice.converted(
                    mended, suffix, target, name=source.name, seconds=_MENDED_SECONDS
                )
            )
        yield path


def _mend(data: BinaryIO, mended: BinaryIO, source: Source) -> bool:
    """Write a document that LibreOffice may open; note what it lacks. False if there is no way."""
    kind = source.format.name
    data.seek(0)
    if kind in _OPEN_DOCUMENT:
        lost = odf_mend.rebuilt(data, mended, kind)
        if lost and source.missing is None:
            source.missing = "damaged_parts"
            source.missing_params = {"parts": ", ".join(lost[:_MOST_NAMED])}
        return lost is not None
    shutil.copyfileobj(data, mended)
    if not _complete(mended, kind):
        return False
    source.missing = "rest_unreadable"
    return True


def _complete(file: BinaryIO, kind: str) -> bool:
    """Add what a file lacks that breaks off, as far as LibreOffice insists on it.

    Of an RTF it wants every group closed, of an OLE container every sector that it lists.
    """
    size = file.seek(0, os.SEEK_END)
    if kind == "rtf":
        # More than are open do no harm.
        file.write(b"}" * _MOST_GROUPS)
        return True
    if kind not in _IN_OLE or size < _OLE_HEADER.size:
        return False
    file.seek(0)
    shift, tables = _OLE_HEADER.unpack(file.read(_OLE_HEADER.size))
    if shift not in _OLE_SHIFTS:
        return False
    # A table holds the number of one sector in four bytes; the header comes before the first.
    whole = (tables * (1 << shift) // 4 + 1) << shift
    if not size < whole <= size * _MOST_LOST:
        return False
    file.truncate(whole)
    return True


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """Open a document without its password, and only if it can do no harm."""
    kind = source.format.name
    if kind in _OPEN_DOCUMENT:
        with opened_package(source) as package:
            check_container(package, source.limits, name=source.name, format_name=kind)
            package.seek(0)
            yield package
        return
    with source.path.open("rb") as stream:
        if kind == "wordml":
            if _ENTITY.search(stream.read(_PROLOG_BYTES).replace(b"\0", b"")):
                raise UnsafeContentError(f"{source.name}: declares entities", format=kind)
            stream.seek(0)
        yield _decrypted(stream, source) if _is_encrypted(stream, kind) else stream


def _is_encrypted(stream: BinaryIO, kind: str) -> bool:
    if kind == "doc":
        flags = _field(stream, "WordDocument", _FIB_FLAGS)
        return flags is not None and bool(flags & _FIB_ENCRYPTED)
    if kind == "ppt":
        return _field(stream, "Current User", _USER_TOKEN) == _USER_ENCRYPTED
    return False


def _field(stream: BinaryIO, name: str, field: struct.Struct) -> int | None:
    """Read a number near the start of a stream of an OLE container; None where it has none."""
    import olefile

    try:
        with olefile.OleFileIO(stream) as container:
            if not container.exists(name):
                return None
            head = container.openstream(name).read(field.size)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        # What it raises over a broken container is whatever its code stumbles over; LibreOffice
        # has the last word on whether the file can be read.
        return None
    finally:
        stream.seek(0)
    return int(field.unpack(head)[0]) if len(head) == field.size else None


def _decrypted(stream: BinaryIO, source: Source) -> BinaryIO:
    kind = source.format.name
    if source.password is None:
        raise EncryptedFileError(f"{source.name}: protected by a password", format=kind)
    try:
        plain = decrypted(stream, source.password)
    except ProtectionError as exc:
        # Of an unknown protection or a broken container: both need a file without protection.
        raise EncryptedFileError(f"{source.name}: cannot be decrypted: {exc}", format=kind) from exc
    if plain is None:
        raise EncryptedFileError(f"{source.name}: wrong password", format=kind)
    return plain
