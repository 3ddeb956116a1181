"""E-books (epub): the chapters in the order of the spine, read as web pages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.office.drawing import picture_text
from loaders.office.opc import Parts, opened_parts
from loaders.source import Source
from loaders.web.page import decoded_page, html_elements

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_METHODS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "image/svg+xml")
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm", ".xml")


def load_epub(source: Source) -> Iterator[Element]:
    """Yield the chapters' elements; raises EncryptedFileError where a shop has locked them."""
    with opened_parts(source) as parts:
        locked = _locked(parts)
        name = _package_name(parts)
        package = parts.xml(name) if name is not None else None
        if name is None or package is None:
            raise DamagedFileError(f"{source.name}: no package document", format="epub")
        chapters = _chapters(parts, name, package)
        if locked.intersection(chapters):
            raise EncryptedFileError(f"{source.name}: locked by DRM", format="epub")
        source.title = _text(package, "title") or None
        titles = _titles(parts, name, package)
        for chapter in chapters:
            yield from _chapter(parts, chapter, titles.get(chapter, ""), source)


def _locked(parts: Parts) -> set[str]:
    """Return the parts that are encrypted; fonts are only scrambled, and no text."""
    root = parts.xml(_ENCRYPTION) if _ENCRYPTION in parts else None
    found = set()
    for entry in root.iter("{*}EncryptedData") if root is not None else ():
        method = entry.find("{*}EncryptionMethod")
        if method is not None and method.get("Algorithm") in _FONT_METHODS:
            continue
        for reference in entry.iter("{*}CipherReference"):
            found.add(posixpath.normpath(unquote(reference.get("URI") or "").lstrip("/")))
    return found


def _package_name(parts: Parts) -> str | None:
    root = parts.xml(_CONTAINER)
    for entry in root.iter("{*}rootfile") if root is not None else ():
        name = unquote(entry.get("full-path") or "").lstrip("/")
        if name in parts:
            return name
    return next((name for name in parts.names() if name.lower().endswith(".opf")), None)


def _chapters(parts: Parts, name: str, package: Any) -> list[str]:
    """Return the chapters by the spine, then pages that only the manifest names."""
    items = {entry.get("id"): entry for entry in package.iter("{*}item")}
    spine = [items.get(entry.get("idref")) for entry in package.iter("{*}itemref")]
    pages = [
        entry
        for entry in items.values()
        if entry.get("media-type") in _PAGES[:2] and "nav" not in (entry.get("properties") or "")
    ]
    names = [
        _resolved(name, entry.get("href") or "")
        for entry in [*spine, *pages]
        if entry is not None and _is_page(entry)
    ]
    return [chapter for chapter in dict.fromkeys(names) if chapter in parts]


def _is_page(entry: Any) -> bool:
    kind, href = entry.get("media-type") or "", (entry.get("href") or "").lower()
    return kind in _PAGES or href.partition("#")[0].endswith(_PAGE_SUFFIXES)


def _titles(parts: Parts, name: str, package: Any) -> dict[str, str]:
    """Return what the table of contents calls each chapter (epub 2: ncx, epub 3: nav)."""
    found: dict[str, str] = {}
    for entry in package.iter("{*}item"):
        part = _resolved(name, entry.get("href") or "")
        if entry.get("media-type") == "application/x-dtbncx+xml":
            links = _ncx_links(parts.xml(part))
        elif "nav" in (entry.get("properties") or "").split():
            links = _nav_links(parts.xml(part))
        else:
            continue
        for href, label in links:
            if label:
                found.setdefault(_resolved(part, href), label)
    return found


def _ncx_links(root: Any | None) -> Iterator[tuple[str, str]]:
    for point in root.iter("{*}navPoint") if root is not None else ():
        content = point.find("{*}content")
        if content is not None:
            yield content.get("src") or "", _joined(point.find("{*}navLabel"))


def _nav_links(root: Any | None) -> Iterator[tuple[str, str]]:
    for nav in root.iter("{*}nav") if root is not None else ():
        kinds = [value for key, value in nav.attrib.items() if key.endswith("type")]
        if not kinds or "toc" in kinds:
            for link in nav.iter("{*}a"):
                yield link.get("href") or "", _joined(link)


def _chapter(parts: Parts, name: str, title: str, source: Source) -> Iterator[Element]:
    text, encoding = decoded_page(parts.read(name) or b"")
    if encoding is None:
        parts.note_damage(name)
        return

    def picture(address: str) -> str | None:
        part = _resolved(name, address)
        return picture_text(parts.read(part), source) if part in parts else None

    book = source.title
    elements = html_elements(text, source, picture=picture)
    first = next(elements, None)
    if first is None:
        return
    if title and first.category != "Title" and _key(first.text) != _key(title):
        yield make_element(title, "Title", level=1)
    elif title and first.category != "Title":
        first = make_element(first.text, "Title", level=1)
    yield first
    yield from elements
    # A chapter's page has a title of its own, but the book is what is listed.
    source.title = book


def _resolved(base: str, href: str) -> str:
    """Return the part that a link inside a part points to."""
    path = unquote(href.partition("#")[0])
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), path)).lstrip("/")


def _text(package: Any, name: str) -> str:
    return _joined(next(iter(package.iter(f"{{*}}{name}")), None))


def _joined(node: Any | None) -> str:
    return " ".join("".join(node.itertext()).split()) if node is not None else ""


def _key(text: str) -> str:
    return "".join(text.split()).lower()
