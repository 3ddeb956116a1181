"""XML as a stream of its records: subtrees that come one after the other, each of bounded size.

Entities are never expanded and nothing is fetched.
"""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from loaders.errors import DamagedFileError
from loaders.office.opc import local_name
from loaders.source import Source
from loaders.text import encoding

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_CHUNK = 256 * 1024
_SAMPLE = 1024 * 1024
_SEVERAL = 5
"""Children of one element from which on they are taken one by one."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class XmlFile:
    """An XML file read piece by piece; ``fault`` tells where it is not well-formed."""

    def __init__(self, source: Source) -> None:
        with source.path.open("rb") as stream:
            head = stream.read(_CHUNK)
        declared = _DECLARED.search(head)
        hint = declared.group(1).decode("ascii", "replace").lower() if declared else None
        # What is called GB2312 is GBK in practice; GB18030 holds both.
        hint = "gb18030" if hint in ("gb2312", "gbk", "gb_2312-80") else hint
        source.encoding = encoding.detect_file_encoding(source.path, hint)
        if source.encoding is None:
            raise DamagedFileError(
                f"{source.name}: not readable as text", format=source.format.name
            )
        self.fault = ""
        self._path = source.path
        self._encoding = source.encoding

    def chunks(self) -> Iterator[bytes]:
        """Yield the file as UTF-8, without the declaration that says otherwise."""
        first = True
        held: list[str] = []
        size = 0
        for line in encoding.open_lines(self._path, self._encoding):
            held.append(line)
            size += len(line)
            if size >= _CHUNK:
                yield _utf8("".join(held), first=first)
                held, size, first = [], 0, False
        if held:
            yield _utf8("".join(held), first=first)

    def root(self) -> Any | None:
        """Return the beginning of the tree, to see how it is built."""
        parser = etree.XMLParser(recover=True, **_SAFE)
        size = 0
        for chunk in self.chunks():
            parser.feed(chunk)
            size += len(chunk)
            if size >= _SAMPLE:
                break
        try:
            return parser.close()
        except etree.XMLSyntaxError:
            return None

    def bare_texts(self) -> Iterator[str]:
        """Yield the lines between the tags, for a file whose markup nobody can follow."""
        for chunk in self.chunks():
            for line in _TAG.sub("\n", chunk.decode("utf-8", "replace")).splitlines():
                if text := " ".join(html.unescape(line).split()):
                    yield text

    def events(self, *names: str) -> Iterator[tuple[str, Any]]:
        """Yield starts and ends of elements, of all or of these names."""
        faults: list[str] = []
        yield from pull_events(self.chunks(), names, faults)
        self.fault = faults[0] if faults else ""

    def units(self, depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield subtrees of this depth, with the names above them, then what is left above.

        What is still open at the end of a broken file comes as far as it got.
        """
        names: list[str] = []
        open_elements: list[Any] = []
        for event, element in self.events():
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                names.append(local_name(element))
                open_elements.append(element)
                continue
            names.pop()
            open_elements.pop()
            if len(names) > depth:
                continue
            yield tuple(names), copy.copy(element)
            # Its text is told; the place stays, as the parser still hangs what follows on it.
            element.clear(keep_tail=True)
            if len(names) == depth:
                while element.getprevious() is not None:
                    del element.getparent()[0]
        if self.fault and open_elements:
            deepest = min(depth, len(open_elements) - 1)
            yield tuple(names[:deepest]), open_elements[deepest]


def pull_events(
    chunks: Iterable[bytes], names: Iterable[str], faults: list[str], *, ends_only: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield starts and ends of elements while they are parsed, of all or of these names.

    Faults of the markup are put into ``faults``; the parser goes on behind them where it can.
    """
    parser = etree.XMLPullParser(
        events=("end",) if ends_only else ("start", "end"),
        tag=[f"{{*}}{name}" for name in names] or None,
        recover=True,
        **_SAFE,
    )
    try:
        for chunk in chunks:
            parser.feed(chunk)
            yield from parser.read_events()
        parser.close()
    except etree.XMLSyntaxError as exc:
        faults.append(str(exc))
    yield from parser.read_events()
    faults.extend(
        f"line {entry.line}: {entry.message}"
        for entry in parser.feed_error_log
        if entry.level == etree.ErrorLevels.FATAL
    )


def unit_depth(root: Any) -> int:
    """Choose how deep the records of a document lie, 0 for the document as a whole.

    That is below the first element with several children on the way down through the largest ones,
    as long as no text stands between the children.
    """
    depth = 0
    node = root
    while True:
        children = [child for child in node if isinstance(child.tag, str)]
        if _has_own_text(node) or not children:
            return 0
        depth += 1
        if len(children) >= _SEVERAL:
            return depth
        node = max(children, key=lambda child: sum(1 for _ in child.iter()))


def _has_own_text(node: Any) -> bool:
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "strip_cdata": False,
}


def _utf8(text: str, *, first: bool) -> bytes:
    if first:
        text = _DECLARATION.sub("", text.removeprefix("\ufeff")).lstrip()
    return _FORBIDDEN.sub("", text).encode("utf-8", "replace")
