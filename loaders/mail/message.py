"""Mails (eml) and saved web pages (mhtml): head, body, attachments."""

from __future__ import annotations

import email
import email.errors
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32
from typing import Any
from urllib.parse import unquote

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.mail.attachments import MOST_DEPTH, attachment_elements, name_or_guess, note_unread
from loaders.mail.text import (
    SEALED_TYPES,
    date_text,
    decoded,
    head_elements,
    header_text,
    plain_elements,
)
from loaders.pictures.embedded import embedded_text
from loaders.source import Source
from loaders.text.labels import labelled
from loaders.web.page import html_elements

_DEEPEST_PART = 30
_BEFORE_HEADERS = b"\xef\xbb\xbf \t\r\n"
_SIGNATURES = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
)
_OUTLOOK_PACKAGE = ("application/ms-tnef", "application/vnd.ms-tnef")
_EVENT_FIELDS = (("SUMMARY", ""), ("DTSTART", "start"), ("DTEND", "end"), ("LOCATION", "place"))
_EVENT_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\dZ?)?")
_MARKUP = re.compile(r"<[a-z!/][^>]*>", re.IGNORECASE)


def load_eml(source: Source) -> Iterator[Element]:
    """Yield a mail's subject, people and date, its body, and its attachments' text."""
    message = _parsed(source)
    yield from _Mail(source).message(message, 0)


def load_mhtml(source: Source) -> Iterator[Element]:
    """Yield a web page saved with all that belongs to it, frames included."""
    message = _parsed(source)
    mail = _Mail(source)
    source.title = source.title or header_text(_raw(message, "subject")) or None
    pages = [part for part in _leaves(message, 0) if _type(part) in ("text/html", "text/plain")]
    mail.pictures = _named_parts(message)
    if not pages:
        raise DamagedFileError(f"{source.name}: no page in it", format=source.format.name)
    for part in pages:
        yield from mail.text(part)


def _parsed(source: Source) -> Message:
    data = source.path.read_bytes().lstrip(_BEFORE_HEADERS)
    try:
        # The newer policy raises on broken headers whatever its code stumbles over.
        return email.message_from_bytes(data, policy=compat32)
    except (email.errors.MessageError, ValueError, LookupError, RecursionError) as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc


class _Mail:
    """A mail while it is read."""

    def __init__(self, source: Source) -> None:
        self.pictures: dict[str, Message] = {}
        self._source = source
        self._attached: list[tuple[Message, str]] = []
        self._count = 0

    def message(self, message: Message, depth: int) -> Iterator[Element]:
        """Yield a whole message, its attachments last."""
        fields = {
            name: header_text(", ".join(_raws(message, name)))
            for name in ("from", "to", "cc", "bcc")
        }
        fields["date"] = date_text(header_text(_raw(message, "date")))
        subject = header_text(_raw(message, "subject"))
        if depth == 0 and subject:
            self._source.title = self._source.title or subject[:200]
        yield from head_elements(fields, subject)
        outer, self._attached = self._attached, []
        known, self.pictures = self.pictures, _named_parts(message)
        yield from self._part(message, depth)
        attached, self._attached = self._attached, outer
        for part, name in attached:
            yield from self._attachment(part, name, depth)
        self.pictures = known

    def text(self, part: Message) -> Iterator[Element]:
        """Yield a text part, HTML by its markup."""
        text = decoded(_payload(part), part.get_content_charset())
        if _type(part) == "text/html" or (_type(part) != "text/plain" and _MARKUP.search(text)):
            yield from html_elements(text, self._source, picture=self._picture)
        else:
            yield from plain_elements(text)

    def _part(self, part: Message, depth: int) -> Iterator[Element]:
        kind = _type(part)
        if depth > _DEEPEST_PART:
            note_unread(self._source, kind)
        elif kind == "multipart/alternative":
            yield from self._alternative(part, depth)
        elif kind == "multipart/encrypted" or kind in SEALED_TYPES:
            self._source.missing = "sealed_message"
            self._source.missing_params = {}
        elif kind.startswith("multipart/") and part.is_multipart():
            for child in _children(part):
                yield from self._part(child, depth + 1)
        elif kind == "message/rfc822" and part.is_multipart():
            for child in _children(part):
                yield from self._nested(child, depth)
        elif kind in _OUTLOOK_PACKAGE or _name(part).lower() == "winmail.dat":
            self._source.warn("winmail_ignored")
        elif kind in _SIGNATURES:
            return
        elif kind == "text/calendar":
            yield from self._event(part)
        elif _is_attached(part):
            self._attach(part)
        elif kind.startswith(("text/", "message/", "multipart/")):
            yield from self._body(part)
        elif not self._belongs_to_page(part):
            self._attach(part)

    def _body(self, part: Message) -> Iterator[Element]:
        if part.is_multipart():
            # A report on a delivery holds only headers.
            for child in _children(part):
                lines = (f"{key}: {header_text(str(value))}" for key, value in child.items())
                yield from plain_elements("\n".join(lines))
                yield from self.text(child) if not child.is_multipart() else ()
            return
        yield from self.text(part)

    def _alternative(self, part: Message, depth: int) -> Iterator[Element]:
        """Yield the last version that says something (RFC 2046: the richest), and events."""
        versions = _children(part)
        events = [version for version in versions if _type(version) == "text/calendar"]
        shown = False
        versions.reverse()
        for version in sorted(versions, key=lambda each: _type(each) == "text/plain"):
            if version in events:
                continue
            # Attachments inside the versions not shown are still attachments.
            found = self._part(version, depth + 1)
            if shown:
                for _ in found if version.is_multipart() else ():
                    pass
                continue
            for element in found:
                shown = shown or bool(element.text.strip())
                yield element
        if not shown:
            for version in events:
                yield from self._event(version)

    def _nested(self, message: Message, depth: int) -> Iterator[Element]:
        """Yield a message that was forwarded as a whole."""
        level = self._source.depth + 1
        if level > MOST_DEPTH:
            note_unread(self._source, header_text(_raw(message, "subject")) or "message/rfc822")
            return
        self._source.depth = level
        try:
            for element in self.message(message, depth + 1):
                if element.category == "Title":
                    metadata: Any = element.metadata
                    metadata.category_depth = (metadata.category_depth or 0) + 1
                yield element
        finally:
            self._source.depth = level - 1

    def _attach(self, part: Message) -> None:
        self._count += 1
        self._attached.append((part, name_or_guess(_name(part), _type(part), self._count)))

    def _attachment(self, part: Message, name: str, depth: int) -> Iterator[Element]:
        if part.is_multipart():
            yield make_element(labelled("attachment", name), "Title", level=2)
            for child in _children(part):
                yield from self._nested(child, depth)
            return
        yield from attachment_elements(_payload(part), name, self._source)

    def _belongs_to_page(self, part: Message) -> bool:
        """Tell a picture that the page shows in its place."""
        return _type(part).startswith("image/") and part.get("content-id") is not None

    def _picture(self, address: str) -> str | None:
        part = self.pictures.get(_key(address))
        return embedded_text(_payload(part), self._source) if part is not None else None

    def _event(self, part: Message) -> Iterator[Element]:
        """Yield an invitation: what, when, where (RFC 5545, unfolded)."""
        text = decoded(_payload(part), part.get_content_charset())
        text = re.sub(r"\r?\n[ \t]", "", text)
        lines = []
        for field, word in (*_EVENT_FIELDS, ("DESCRIPTION", "")):
            match = re.search(rf"^{field}(?:;[^:\r\n]*)?:(.*)$", text, re.MULTILINE)
            if match is None or not (value := _unescaped(match.group(1)).strip()):
                continue
            if field.startswith("DT"):
                value = _EVENT_TIME.sub(_moment, value)
            lines.append(labelled(word, value, context=text) if word else value)
        if lines:
            yield from plain_elements("\n".join(lines))


def _moment(match: re.Match[str]) -> str:
    year, month, day, hour, minute = match.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "")


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";")


def _type(part: Message) -> str:
    return part.get_content_type()


def _children(part: Message) -> list[Message]:
    children: Any = part.get_payload()
    return [child for child in children if isinstance(child, Message)]


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    if part.is_multipart() and depth <= _DEEPEST_PART:
        for child in _children(part):
            yield from _leaves(child, depth + 1)
    elif not part.is_multipart():
        yield part


def _payload(part: Message) -> bytes:
    try:
        data: Any = part.get_payload(decode=True)
    except (ValueError, AssertionError):
        # Broken base64 or the like: what stands there is all there is.
        data = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""


def _raws(part: Message, name: str) -> list[str]:
    values = (value for key, value in part.raw_items() if key.lower() == name)
    return [value if isinstance(value, str) else str(value) for value in values]


def _raw(part: Message, name: str) -> str:
    return next(iter(_raws(part, name)), "")


def _name(part: Message) -> str:
    """Return the file name that a part gives itself, decoded; "" where it gives none."""
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    return header_text(str(name)).replace("\\", "/").rpartition("/")[2]


def _is_attached(part: Message) -> bool:
    disposition = str(part.get("content-disposition") or "").strip().lower()
    if disposition.startswith("attachment"):
        return True
    return bool(_name(part)) and not (
        _type(part).startswith("image/") and part.get("content-id") is not None
    )


def _named_parts(message: Message) -> dict[str, Message]:
    """Return the pictures of a message by what its page calls them."""
    found: dict[str, Message] = {}
    for part in _leaves(message, 0):
        if _type(part).startswith("image/"):
            for name in ("content-id", "content-location"):
                if value := _raw(part, name):
                    found.setdefault(_key(value), part)
    return found


def _key(address: str) -> str:
    return unquote(address.strip().strip("<>").removeprefix("cid:")).strip()
