"""Outlook items (msg): mails, appointments, contacts, tasks, with what is attached to them.

The properties are read straight from the OLE streams (MS-OXMSG, MS-OXPROPS): a string or stream
that is broken costs itself and not the message.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.errors import DamagedFileError
from loaders.mail.attachments import (
    MOST_DEPTH,
    attachment_elements,
    embedded_elements,
    name_or_guess,
    note_unread,
)
from loaders.mail.rtf_packed import unpacked_rtf
from loaders.mail.text import (
    SEALED_TYPES,
    decoded,
    head_elements,
    header_text,
    plain_elements,
    shown_date,
)
from loaders.pictures.embedded import embedded_text
from loaders.source import Source
from loaders.text.labels import labelled
from loaders.web.page import decoded_page, html_elements

_UNICODE, _BYTES, _BINARY, _OBJECT, _TIME, _INTEGER = 0x1F, 0x1E, 0x102, 0x0D, 0x40, 0x03
_CLASS, _SUBJECT, _BODY, _HTML, _RTF = 0x001A, 0x0037, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_ON_BEHALF_NAME, _ON_BEHALF_SMTP = 0x0042, 0x5D02
_TO, _CC, _BCC, _SENT, _RECEIVED = 0x0E04, 0x0E03, 0x0E02, 0x0039, 0x0E06
_START, _END = 0x0060, 0x0061
_CODEPAGE, _INTERNET_CODEPAGE = 0x3FFD, 0x3FDE
_FILE_NAME, _SHORT_NAME, _DISPLAY_NAME = 0x3707, 0x3704, 0x3001
_DATA, _CONTENT_ID, _MIME = 0x3701, 0x3712, 0x370E
_SMTP, _ADDRESS, _KIND = 0x39FE, 0x3003, 0x0C15
_CONTACT = (
    (0x3A17, "position"),
    (0x3A18, "department"),
    (0x3A16, "company"),
    (0x3A08, "phone"),
    (0x3A09, "phone"),
    (0x3A1C, "mobile"),
    (0x3A24, "fax"),
    (0x3A15, "address"),
)
_PROPERTIES = "__properties_version1.0"
_SEGMENT = 16
_ROOT_HEADER, _EMBEDDED_HEADER, _PART_HEADER = 32, 24, 8
_CODEPAGES = {
    936: "gb18030", 950: "big5hkscs", 10_008: "gb18030", 20_127: "us-ascii",
    20_936: "gb18030", 28_591: "iso-8859-1", 50_220: "iso-2022-jp", 50_221: "iso-2022-jp",
    50_222: "iso-2022-jp", 51_936: "gb18030", 52_936: "hz", 54_936: "gb18030", 65_000: "utf-7",
    65_001: "utf-8",
}  # fmt: skip
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_SEALED = ("ipm.note.smime", "ipm.note.secure")
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)


def load_msg(source: Source) -> Iterator[Element]:
    """Yield an item's subject, people and dates, its body, and its attachments' text."""
    import olefile

    try:
        container = olefile.OleFileIO(source.path)
    except _BROKEN as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format="msg") from exc
    with container:
        try:
            item = _Storage(container, (), _ROOT_HEADER)
        except _BROKEN as exc:
            raise DamagedFileError(f"{source.name}: {exc}", format="msg") from exc
        if not item.names:
            raise DamagedFileError(f"{source.name}: no properties in it", format="msg")
        yield from _item(item, source)


class _Storage:
    """The properties of a message, a recipient or an attachment."""

    def __init__(self, container: Any, path: tuple[str, ...], header: int) -> None:
        self.path = path
        self._container = container
        depth = len(path)
        self._entries = [
            entry
            for entry in container.listdir(streams=True, storages=True)
            if len(entry) > depth and tuple(entry[:depth]) == path
        ]
        self.names = {entry[depth].lower() for entry in self._entries}
        self._fixed: dict[int, tuple[int, bytes]] = {}
        data = self._stream(_PROPERTIES) or b""
        for start in range(header, len(data) - _SEGMENT + 1, _SEGMENT):
            kind, number = struct.unpack_from("<HH", data, start)
            self._fixed.setdefault(number, (kind, data[start + 8 : start + _SEGMENT]))

    def below(self, prefix: str) -> Iterator[tuple[str, ...]]:
        """Yield the storages whose names begin so: recipients, attachments."""
        depth = len(self.path)
        found = {entry[depth] for entry in self._entries if entry[depth].lower().startswith(prefix)}
        for name in sorted(found):
            yield (*self.path, name)

    def child(self, path: tuple[str, ...], header: int) -> _Storage:
        """Open a storage inside this one."""
        return _Storage(self._container, path, header)

    def embedded(self) -> _Storage | None:
        """Open the message that is attached as an item of Outlook."""
        name = f"__substg1.0_{_DATA:04X}{_OBJECT:04X}"
        if name.lower() not in self.names:
            return None
        return self.child((*self.path, name), _EMBEDDED_HEADER)

    def binary(self, number: int) -> bytes | None:
        """Return a property of bytes; None where it is absent or broken."""
        return self._stream(f"__substg1.0_{number:04X}{_BINARY:04X}")

    def integer(self, number: int) -> int | None:
        """Return a whole number."""
        kind, value = self._fixed.get(number, (0, b""))
        return int.from_bytes(value[:4], "little") if kind == _INTEGER else None

    def time(self, number: int) -> str:
        """Return a moment as a person writes it; "" where there is none."""
        kind, value = self._fixed.get(number, (0, b""))
        ticks = int.from_bytes(value, "little")
        if kind != _TIME or not ticks:
            return ""
        try:
            return shown_date(_EPOCH + timedelta(microseconds=ticks // 10))
        except OverflowError:
            return ""

    def text(self, number: int, *, codepage: int | None = None) -> str:
        """Return a string, decoded by what it looks like where it is bytes."""
        data = self._stream(f"__substg1.0_{number:04X}{_UNICODE:04X}")
        if data is not None:
            return data.decode("utf-16-le", "replace").strip("\0 \r\n\t")
        data = self._stream(f"__substg1.0_{number:04X}{_BYTES:04X}")
        if data is None:
            return ""
        page = codepage or self.integer(_INTERNET_CODEPAGE) or self.integer(_CODEPAGE)
        return decoded(data, _charset(page)).strip("\0 \r\n\t")

    def _stream(self, name: str) -> bytes | None:
        if name.lower() not in self.names:
            return None
        try:
            with self._container.openstream([*self.path, name]) as stream:
                data: bytes = stream.read()
        except _BROKEN:
            return None
        return data


def _item(item: _Storage, source: Source) -> Iterator[Element]:
    kind = item.text(_CLASS).lower()
    subject = header_text(item.text(_SUBJECT))
    if source.title is None and subject:
        source.title = subject[:200]
    yield from head_elements(_fields(item, kind), subject)
    if kind.startswith("ipm.contact"):
        yield from _contact(item, subject)
    attachments = [item.child(path, _PART_HEADER) for path in item.below("__attach_version1.0_")]
    if _is_sealed(kind, attachments):
        source.missing = "sealed_message"
        source.missing_params = {}
        return
    pictures = {
        content_id: data
        for each in attachments
        if (content_id := each.text(_CONTENT_ID).strip("<>")) and (data := each.binary(_DATA))
    }
    shown = yield from _body(item, source, pictures)
    for number, each in enumerate(attachments, 1):
        if each.text(_CONTENT_ID).strip("<>") in shown:
            continue
        yield from _attachment(each, source, number)


def _is_sealed(kind: str, attachments: list[_Storage]) -> bool:
    """Tell a message whose text is locked in one of its attachments."""
    if kind.startswith(_SEALED):
        return "multipartsigned" not in kind
    return any(each.text(_MIME).lower() in SEALED_TYPES for each in attachments)


def _fields(item: _Storage, kind: str) -> dict[str, str]:
    people: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for path in item.below("__recip_version1.0_"):
        recipient = item.child(path, _PART_HEADER)
        address = recipient.text(_SMTP) or recipient.text(_ADDRESS)
        shown = _person(recipient.text(_DISPLAY_NAME), address)
        people.setdefault(recipient.integer(_KIND) or 1, []).append(shown)
    fields = {
        "from": _person(
            item.text(_SENDER_NAME) or item.text(_ON_BEHALF_NAME),
            item.text(_SENDER_SMTP) or item.text(_ON_BEHALF_SMTP) or item.text(_SENDER_ADDRESS),
        ),
        "to": "; ".join(filter(None, people[1])) or item.text(_TO),
        "cc": "; ".join(filter(None, people[2])) or item.text(_CC),
        "bcc": "; ".join(filter(None, people[3])) or item.text(_BCC),
        "date": item.time(_SENT) or item.time(_RECEIVED),
    }
    if kind.startswith(("ipm.appointment", "ipm.schedule", "ipm.task")):
        fields |= {"start": item.time(_START), "end": item.time(_END)}
    return fields


def _person(name: str, address: str) -> str:
    """Write a person as a mail does; an address of Exchange (/o=…) tells nobody anything."""
    address = address if "@" in address else ""
    if not address or name.strip("'\" ") == address:
        return address or name
    return f"{name} <{address}>" if name else address


def _contact(item: _Storage, subject: str) -> Iterator[Element]:
    values = [(word, text) for number, word in _CONTACT if (text := item.text(number))]
    if name := item.text(_DISPLAY_NAME):
        values.insert(0, ("name", name))
    context = subject + "".join(text for _, text in values)
    lines = [labelled(word, " ".join(text.split()), context=context) for word, text in values]
    if lines:
        yield make_element("\n".join(lines), "Text")


def _body(
    item: _Storage, source: Source, pictures: dict[str, bytes]
) -> Generator[Element, None, set[str]]:
    """Yield the body, from HTML, plain text or RTF; returns the pictures shown in it."""
    shown: set[str] = set()

    def picture(address: str) -> str | None:
        key = address.removeprefix("cid:")
        if key not in pictures:
            return None
        shown.add(key)
        return embedded_text(pictures[key], source)

    page = item.integer(_INTERNET_CODEPAGE)
    raw = item.binary(_HTML)
    markup = _decoded_markup(raw, page) if raw else item.text(_HTML)
    empty = True
    if markup:
        for element in html_elements(markup, source, picture=picture):
            empty = False
            yield element
    if empty and (text := item.text(_BODY, codepage=page)):
        empty = False
        yield from plain_elements(text)
    if empty and (packed := item.binary(_RTF)):
        yield from _rich_body(packed, source)
    return shown


def _decoded_markup(data: bytes, page: int | None) -> str:
    charset = _charset(page)
    return decoded(data, charset) if charset is not None else decoded_page(data)[0]


def _rich_body(packed: bytes, source: Source) -> Iterator[Element]:
    """Yield a body that is kept as compressed RTF only."""
    try:
        rich = unpacked_rtf(packed)
    except ValueError:
        note_unread(source, "RTF")
        return
    if rich.strip(b"\0 \r\n"):
        yield from embedded_elements(rich, "body.rtf", source)


def _attachment(part: _Storage, source: Source, number: int) -> Iterator[Element]:
    name = part.text(_FILE_NAME) or part.text(_SHORT_NAME)
    message = part.embedded()
    if message is not None and _PROPERTIES in message.names:
        yield make_element(labelled("attachment", part.text(_DISPLAY_NAME)), "Title", level=2)
        if source.depth >= MOST_DEPTH:
            note_unread(source, part.text(_DISPLAY_NAME))
            return
        source.depth += 1
        for element in _item(message, source):
            if element.category == "Title":
                metadata: Any = element.metadata
                metadata.category_depth = (metadata.category_depth or 0) + 1
            yield element
        source.depth -= 1
        return
    if name.lower() == "winmail.dat":
        source.warn("winmail_ignored")
        return
    data = part.binary(_DATA)
    shown = name_or_guess(name or part.text(_DISPLAY_NAME), part.text(_MIME), number)
    if data:
        yield from attachment_elements(data, shown, source)
    elif name or part.text(_DISPLAY_NAME):
        # A link to a file elsewhere, or an object of another program: its name is what is shown.
        yield make_element(labelled("attachment", shown), "Text")


def _charset(page: int | None) -> str | None:
    """Name the encoding of a Windows code page."""
    if page in (None, 1200):
        # Bytes are never UTF-16, whatever a message says of itself.
        return None
    return _CODEPAGES.get(page) or f"cp{page}"
