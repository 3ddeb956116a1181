"""Look into a zip container before anything unpacks it: bombs and entity tricks are refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from loaders.errors import DamagedFileError, LimitExceededError
from loaders.limits import MEGABYTE, Limits

_PROLOG_BYTES = 64 * 1024
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(rb"<[A-Za-z_]")


def check_container(file: Path | BinaryIO, limits: Limits, *, name: str, format_name: str) -> None:
    """Refuse a container that unpacks to too much, or whose XML declares entities.

    The sizes of the central directory can be trusted: `zipfile` never hands out more than they say.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check_sizes(archive, limits, name)
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")):
                    _check_prolog(archive, entry, name, format_name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as exc:
        raise DamagedFileError(f"{name}: {exc}", format=format_name) from exc


def _check_sizes(archive: zipfile.ZipFile, limits: Limits, name: str) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > limits.unpacked_mb * MEGABYTE:
        raise LimitExceededError(
            f"{name}: unpacks to {unpacked} bytes", limit="unpacked", value=unpacked
        )
    for entry in archive.infolist():
        if (
            entry.file_size > limits.ratio_from_mb * MEGABYTE
            and entry.file_size > limits.ratio * max(1, entry.compress_size)
        ):
            raise LimitExceededError(
                f"{name}: {entry.filename} unpacks to {entry.file_size} bytes",
                limit="unpacked",
                value=entry.file_size,
            )


def _check_prolog(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, format_name: str
) -> None:
    """Office documents never declare a document type; one that does is an attack."""
    if entry.flag_bits & 0x1:
        return
    try:
        with archive.open(entry) as part:
            prolog = part.read(_PROLOG_BYTES).replace(b"\0", b"")
    except (zipfile.BadZipFile, EOFError):
        # A broken part counts only if the loader needs it.
        return
    root = _ROOT.search(prolog)
    declared = _DTD.search(prolog, 0, root.start() if root else len(prolog))
    if declared is not None:
        raise DamagedFileError(
            f"{name}: {entry.filename} declares a document type", format=format_name
        )
