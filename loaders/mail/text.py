"""Headers and bodies of mails as text, whatever they say of their encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from loaders._unstructured import Element, make_element
from loaders.text import encoding
from loaders.text.headings import NumberedHeadings
from loaders.text.labels import labelled
from loaders.text.plain import classified, paragraphs
from loaders.web.page import with_soft_spaces

_WIDER = {
    # What mails call gb2312 is GBK in practice; GB18030 holds both. So with the others.
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
}
_SEVEN_BIT = re.compile(r"iso-?2022|^hz|utf-?7")
SEALED_TYPES = (
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "application/pgp-encrypted",
)
"""What holds a text that only its addressee can open."""

_PEOPLE = ("from", "to", "cc", "bcc")


def decoded(data: bytes, charset: str | None) -> str:
    """Decode by the charset declared where the bytes bear it out, else by what they look like."""
    name = (charset or "").strip().strip("\"'").lower()
    name = _WIDER.get(name, name)
    if name in ("utf-8", "utf8"):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            name = ""
    data = with_soft_spaces(data)
    if _SEVEN_BIT.search(name):
        # All of these are plain ASCII to look at.
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            return data.decode("utf-8", "replace")
    text, found = encoding.decode(data, hint=name or None)
    if found is not None:
        return text.removeprefix("\ufeff")
    try:
        return data.decode(codecs.lookup(name).name if name else "utf-8", "replace")
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def header_text(value: str) -> str:
    """Decode a header: encoded words, or bytes that stand there as they are."""
    raw = value.encode("utf-8", "surrogateescape")
    value = value if raw.isascii() or value.isprintable() else decoded(raw, None)
    try:
        chunks = decode_header(value.replace("\r", "").replace("\n", ""))
    except (HeaderParseError, ValueError):
        return " ".join(value.split())
    text = ""
    pending, pending_charset = b"", None
    for chunk, charset in chunks:
        data = chunk.encode("utf-8", "surrogateescape") if isinstance(chunk, str) else chunk
        if charset is None:
            text += _word(pending, pending_charset) + data.decode("utf-8", "replace")
            pending = b""
        elif charset == pending_charset:
            # Some programs cut a character in two between encoded words.
            pending += data
        else:
            text += _word(pending, pending_charset)
            pending = data
        pending_charset = charset
    return " ".join((text + _word(pending, pending_charset)).split())


def head_elements(fields: dict[str, str], subject: str) -> Iterator[Element]:
    """Yield a mail's subject, and in one element the people and the date."""
    if subject:
        yield make_element(subject, "Title", level=1)
    context = subject + "".join(fields.values())
    lines = [
        labelled(word, fields[word], context=context)
        for word in (*_PEOPLE, "date", "start", "end", "place")
        if fields.get(word)
    ]
    if lines:
        yield make_element("\n".join(lines), "Text")


def date_text(value: str) -> str:
    """Show a date header as a person writes it; what is no date stays as it is."""
    try:
        return shown_date(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return " ".join(value.split())


def shown_date(moment: datetime) -> str:
    """Show a moment to the minute, with its zone."""
    return f"{moment:%Y-%m-%d %H:%M %z}".strip()


def plain_elements(text: str) -> Iterator[Element]:
    """Yield the paragraphs of a plain body."""
    headings = NumberedHeadings()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for paragraph in paragraphs(iter(lines)):
        yield classified(paragraph, headings)


def _word(data: bytes, charset: str | None) -> str:
    return decoded(data, charset) if data else ""
