"""Pack the readable parts of an OpenDocument file anew, since LibreOffice wants all of it sound."""

from __future__ import annotations

import zipfile
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from lxml import etree

from loaders.salvage import UNREADABLE

_CONTENT = "content.xml"
_XML_PARTS = (_CONTENT, "styles.xml", "meta.xml")
_PICTURES = "Pictures/"
_TYPES = {
    "odt": "application/vnd.oasis.opendocument.text",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_HEAD = (
    '<manifest:manifest manifest:version="1.2"'
    ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
)
_MANIFEST_ENTRY = "<manifest:file-entry manifest:full-path={} manifest:media-type={}/>"


def rebuilt(package: BinaryIO, file: BinaryIO, kind: str) -> list[str] | None:
    """Write to ``file`` what can be read of the text, its styles and pictures.

    Returns the names of the parts of which something was lost, None where there is no text. What
    the package unpacks to must have been checked before.
    """
    lost: list[str] = []
    kept = [("/", _TYPES[kind])]
    try:
        with zipfile.ZipFile(package) as old, zipfile.ZipFile(file, "w") as new:
            new.writestr("mimetype", _TYPES[kind])
            for name in dict.fromkeys(old.namelist()):
                if name not in _XML_PARTS and not name.startswith(_PICTURES):
                    continue
                data = _read(old, name, lost)
                if data is not None:
                    new.writestr(name, data, zipfile.ZIP_DEFLATED)
                    kept.append((name, "text/xml" if name in _XML_PARTS else ""))
            new.writestr(_MANIFEST, _manifest(kept))
    except UNREADABLE:
        return None
    return lost if any(name == _CONTENT for name, _ in kept) else None


def _read(archive: zipfile.ZipFile, name: str, lost: list[str]) -> bytes | None:
    try:
        data = archive.read(name)
    except UNREADABLE:
        lost.append(name)
        return None
    if name not in _XML_PARTS:
        return data
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    root = etree.fromstring(data, parser)
    if parser.error_log or root is None:
        lost.append(name)
    return None if root is None else bytes(etree.tostring(root, encoding="UTF-8"))


def _manifest(parts: list[tuple[str, str]]) -> str:
    entries = (_MANIFEST_ENTRY.format(quoteattr(name), quoteattr(kind)) for name, kind in parts)
    return f"{_MANIFEST_HEAD}{''.join(entries)}</manifest:manifest>"
