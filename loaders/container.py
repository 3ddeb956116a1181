"""Look into a zip container before anything unpacks it: bombs and entity tricks are refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from loaders.errors import DamagedFileError, UnsafeContentError
from loaders.limits import Limits
from loaders.salvage import UNREADABLE, check_sizes

_PROLOG_BYTES = 64 * 1024
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_ROOT = re.compile(rb"<[A-Za-z_]")


def check_container(file: Path | BinaryIO, limits: Limits, *, name: str, format_name: str) -> None:
    """Refuse a container that unpacks to too much, or whose XML declares entities."""
    try:
        with zipfile.ZipFile(file) as archive:
            check_sizes(archive.infolist(), limits)
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")):
                    _check_prolog(archive, entry, name, format_name)
    except UNREADABLE as exc:
        raise DamagedFileError(f"{name}: {exc}", format=format_name) from exc


def _check_prolog(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, format_name: str
) -> None:
    """Refuse entities; a document type without any is harmless and stands in old OpenDocument."""
    if entry.flag_bits & 0x1:
        return
    try:
        with archive.open(entry) as part:
            prolog = part.read(_PROLOG_BYTES).replace(b"\0", b"")
    except UNREADABLE:
        # A broken part counts only if the loader needs it.
        return
    root = _ROOT.search(prolog)
    if _ENTITY.search(prolog, 0, root.start() if root else len(prolog)) is not None:
        raise UnsafeContentError(f"{name}: {entry.filename} declares entities", format=format_name)
