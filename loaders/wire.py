"""Records as JSON lines between processes: plain data, nothing that runs when it is read."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

from loaders.errors import LoadError, all_error_classes
from loaders.records import ElementRecord, LoadSummary, PageHealth, Span, TableRecord

Message = ElementRecord | LoadSummary | LoadError


def encode(message: Message) -> bytes:
    """Return one line of JSON."""
    if isinstance(message, ElementRecord):
        body: dict[str, Any] = {"kind": "element", **_element(message)}
    elif isinstance(message, LoadSummary):
        body = {"kind": "summary"} | {
            name: getattr(message, name) for name in LoadSummary.__dataclass_fields__
        }
        body["pages"] = [astuple(page) for page in message.pages]
    else:
        body = {
            "kind": "error",
            "code": message.code,
            "message": str(message),
            "params": message.params,
        }
    # A lone surrogate out of a broken file must not break the channel.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Message:
    """Return the record or the error that a line holds."""
    body = json.loads(line)
    kind = body.pop("kind")
    if kind == "element":
        return _to_element(body)
    if kind == "summary":
        body["missing_params"] = tuple((key, value) for key, value in body["missing_params"])
        body["warnings"] = tuple(body["warnings"])
        body["pages"] = tuple(PageHealth(*page) for page in body["pages"])
        return LoadSummary(**body)
    return all_error_classes().get(body["code"], LoadError)(body["message"], **body["params"])


def _element(record: ElementRecord) -> dict[str, Any]:
    body: dict[str, Any] = {
        "text": record.text,
        "category": record.category,
        "paragraph": record.paragraph,
        "level": record.level,
        "page": record.page,
        "sheet": record.sheet,
    }
    if record.spans:
        body["spans"] = [(span.start, span.end, span.box) for span in record.spans]
    if record.within:
        body["within"] = record.within
    if record.table is not None:
        table = record.table
        body["table"] = [
            table.header,
            table.rows,
            table.first_row,
            table.first_column,
            table.of_sheet,
        ]
        # A table's text is its grid: sent once.
        del body["text"]
    return body


def _to_element(body: dict[str, Any]) -> ElementRecord:
    table = None
    if "table" in body:
        header, rows, *place = body["table"]
        table = TableRecord(tuple(header), tuple(map(tuple, rows)), *place)
        grid = (table.header, *table.rows) if table.header else table.rows
        body["text"] = "\n".join(map("\t".join, grid)).strip("\n")
    return ElementRecord(
        text=body["text"],
        category=body["category"],
        paragraph=body["paragraph"],
        level=body["level"],
        page=body["page"],
        sheet=body["sheet"],
        spans=tuple(
            Span(start, end, (box[0], box[1], box[2], box[3]))
            for start, end, box in body.get("spans", ())
        ),
        table=table,
        within=body.get("within", ""),
    )
