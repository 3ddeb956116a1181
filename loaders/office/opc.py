"""The parts of an office package (Open Packaging Conventions): as much of a broken one as there is.

The libraries for Word and PowerPoint files open a package all or nothing, and only the types of
content that they write themselves: one broken picture, a slide show (ppsx) or the strict dialect
would cost the whole document.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lxml import etree

from loaders.container import check_container
from loaders.errors import DamagedFileError
from loaders.office.package import opened_package
from loaders.salvage import UNREADABLE
from loaders.source import Source

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/\2"
_MOST_NAMED = 5
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to; ``kind`` is the last word of the relation's type."""

    kind: str
    target: str
    is_external: bool = False


class Parts:
    """The parts of one package by name; broken ones are noted, not raised."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.damaged: list[str] = []
        self._archive = archive
        # Some programs write names in another case, or with the slashes of their system.
        self._entries = {
            entry.filename.replace("\\", "/").lower(): entry for entry in archive.infolist()
        }

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def read(self, name: str) -> bytes | None:
        """Return a part's bytes; None if it is absent, or a picture that cannot be unpacked."""
        entry = self._entries.get(name.lower())
        if entry is None:
            return None
        try:
            return self._archive.read(entry)
        except UNREADABLE:
            self.note_damage(name)
            return None

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a large part's bytes piece by piece, of a broken one those before the fault."""
        entry = self._entries.get(name.lower())
        if entry is None:
            return
        try:
            with self._archive.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except UNREADABLE:
            self.note_damage(name)

    def xml(self, name: str) -> Any | None:
        """Parse a part; None where it is absent or nothing of it is XML."""
        data = self.read(name)
        if data is None:
            return None
        data = transitional(data)
        try:
            return etree.fromstring(data, _parser(recover=False))
        except etree.XMLSyntaxError:
            self.note_damage(name)
        try:
            return etree.fromstring(data, _parser(recover=True))
        except etree.XMLSyntaxError:
            return None

    def relations(self, name: str) -> dict[str, Relation]:
        """Return what a part refers to by relation id; "" asks for the package itself."""
        folder, _, file = name.rpartition("/")
        root = self.xml(f"{folder}/_rels/{file}.rels".lstrip("/"))
        if root is None:
            return {}
        found = {}
        for entry in root:
            target, kind = entry.get("Target"), entry.get("Type") or ""
            if target is None:
                continue
            external = entry.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[entry.get("Id") or ""] = Relation(kind.rpartition("/")[2], target, external)
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Return the parts inside the package that a part refers to in this way."""
        return [
            relation.target
            for relation in self.relations(name).values()
            if relation.kind == kind and not relation.is_external and relation.target in self
        ]

    def main(self, usual: str) -> str:
        """Return the name of the main part, ``usual`` where the package does not tell it."""
        return next(iter(self.related("", "officeDocument")), usual)

    def names(self) -> list[str]:
        """Return the names of all parts."""
        return [entry.filename.replace("\\", "/") for entry in self._entries.values()]

    def note_damage(self, name: str) -> None:
        """Note a part of which not all could be read."""
        if name not in self.damaged:
            self.damaged.append(name)


@contextmanager
def opened_parts(source: Source) -> Iterator[Parts]:
    """Open an office package, decrypted, mended and checked for bombs.

    On leaving, parts with broken XML are noted in ``source.missing``. Raises the errors of
    `opened_package` and `check_container`.
    """
    with opened_package(source) as package:
        format_name = source.format.name
        check_container(package, source.limits, name=source.name, format_name=format_name)
        try:
            archive = zipfile.ZipFile(package)
        except UNREADABLE as exc:
            raise DamagedFileError(f"{source.name}: {exc}", format=format_name) from exc
        with archive:
            parts = Parts(archive)
            yield parts
    if parts.damaged and source.missing in (None, "damaged_parts"):
        known = filter(None, source.missing_params.get("parts", "").split(", "))
        names = list(dict.fromkeys([*known, *parts.damaged]))
        source.missing = "damaged_parts"
        source.missing_params = {"parts": ", ".join(names[:_MOST_NAMED])}


def transitional(data: bytes) -> bytes:
    """Give the strict dialect of Office Open XML the names of the usual one (ISO/IEC 29500-4)."""
    return _STRICT.sub(_TRANSITIONAL, data) if b"purl.oclc.org" in data else data


def local_name(element: Any) -> str:
    """Return an element's name without its namespace; "" for a comment or the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
