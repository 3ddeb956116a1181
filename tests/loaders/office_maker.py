"""Write small Word and PowerPoint packages from the XML that matters to a test."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMES = "".join(
    f' xmlns:{prefix}="{space}"'
    for prefix, space in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": _OFFICE,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)

Relations = Mapping[str, tuple[str, str]]
"""Relation id -> its kind, and the part it leads to."""


def root(tag: str, inner: str, attributes: str = "") -> str:
    """Return a part with all namespaces declared."""
    return f"<{tag}{_NAMES} {attributes}>{inner}</{tag}>"


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph of Word."""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"
    )


def write_package(
    path: Path, main: str, parts: Mapping[str, str | bytes], relations: Mapping[str, Relations]
) -> Path:
    """Write parts and what they refer to; ``main`` is the main part."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", _relations({"rId1": ("officeDocument", main)}))
        for name, content in parts.items():
            archive.writestr(name, content)
        for name, entries in relations.items():
            folder, _, file = name.rpartition("/")
            archive.writestr(f"{folder}/_rels/{file}.rels", _relations(entries))
    return path


def write_docx(
    path: Path,
    body: str,
    parts: Mapping[str, str | bytes] | None = None,
    relations: Relations | None = None,
) -> Path:
    """Write a Word document; a part named styles.xml or the like needs no relation of its own."""
    parts = dict(parts or {})
    known = {
        f"auto{number}": (name.removesuffix(".xml"), f"/word/{name}")
        for number, name in enumerate(parts)
        if name.removesuffix(".xml") in ("styles", "numbering", "footnotes", "endnotes", "comments")
    }
    files = {f"word/{name}": content for name, content in parts.items()}
    files["word/document.xml"] = root("w:document", f"<w:body>{body}</w:body>")
    return write_package(
        path, "word/document.xml", files, {"word/document.xml": {**known, **(relations or {})}}
    )


def _relations(entries: Relations) -> str:
    inner = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in entries.items()
    )
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{inner}</Relationships>"
    )
