"""The text of a document on its way out, a piece at a time: it may be hundreds of megabytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.api.models import PagePartModel, PassageModel, ShownModel

LINES_TYPE = "application/x-ndjson"
_SENT_AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A document's text; ``pages`` is to be taken before ``passages``, which may be left out."""

    head: ShownModel
    pages: Iterator[PagePartModel]
    passages: Iterator[PassageModel] | None


def json_pieces(shown: Shown) -> Iterator[str]:
    """Write it as one JSON value, that of `ShowModel`."""
    head = shown.head
    yield f'{{"document": {_json(head.document)}, "document_id": {head.document_id}, "pages": ['
    opened = False
    for part in shown.pages:
        text = _json(part.text)[1:-1]
        if not part.begins:
            yield f"\\n{text}"
            continue
        before = '"}, ' if opened else ""
        opened = True
        yield f'{before}{{"page": {_json(part.page)}, "sheet": {_json(part.sheet)}, "text": "{text}'
    end = '"}]' if opened else "]"
    yield f'{end}, "line_count": {head.line_count}, "passage_count": {head.passage_count}'
    if shown.passages is not None:
        yield ', "passages": ['
        for number, passage in enumerate(shown.passages):
            yield (", " if number else "") + passage.model_dump_json()
        yield "]"
    if head.version is not None:
        yield f', "version": {head.version}'
    yield "}"


def lines(shown: Shown) -> Iterator[str]:
    """Write it as lines of JSON: the head, the pieces of pages, an empty line, the passages."""
    yield shown.head.model_dump_json() + "\n"
    for part in shown.pages:
        yield part.model_dump_json() + "\n"
    if shown.passages is not None:
        yield "\n"
        for passage in shown.passages:
            yield passage.model_dump_json() + "\n"


def gathered(pieces: Iterable[str]) -> Iterator[str]:
    """Join small pieces: each one that is sent costs a server more than its bytes."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _SENT_AT_ONCE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


def read_lines(received: Iterable[bytes], *, passages: bool) -> Shown:
    """Read what `lines` has written, as it arrives."""
    rest = _split(received)
    head = ShownModel.model_validate_json(next(rest, b""))

    def pages() -> Iterator[PagePartModel]:
        for line in rest:
            if not line:
                return
            yield PagePartModel.model_validate_json(line)

    parts = pages()

    def after() -> Iterator[PassageModel]:
        for _part in parts:
            continue
        for line in rest:
            yield PassageModel.model_validate_json(line)

    return Shown(head, parts, after() if passages else None)


def _split(received: Iterable[bytes]) -> Iterator[bytes]:
    # At line feeds alone: the texts hold what else passes for the end of a line.
    buffer = b""
    for block in received:
        *whole, buffer = (buffer + block).split(b"\n")
        yield from whole


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
