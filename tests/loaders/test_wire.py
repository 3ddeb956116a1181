"""Records survive the way between processes."""

from __future__ import annotations

import pytest

from loaders.errors import LimitExceededError, LoadError, all_error_classes
from loaders.records import ElementRecord, LoadSummary, PageHealth, Span, TableRecord
from loaders.wire import decode, encode


@pytest.mark.parametrize(
    "record",
    [
        ElementRecord("标题\n“引”", "Title", 1, level=2, page=3, sheet=None),
        ElementRecord("一行", "NarrativeText", 2, spans=(Span(0, 2, (0.1, 0.2, 0.3, 0.4)),)),
        ElementRecord(
            "甲\t乙\n1\t2",
            "Table",
            3,
            sheet="表一",
            table=TableRecord(("甲", "乙"), (("1", "2"),), 2, 1),
        ),
        ElementRecord("附件里的话", "NarrativeText", 4, within="第7页"),
        LoadSummary("pdf", None, 9, "题", "page_limit", (("read", "3"),), ("garbled_text",)),
        LoadSummary(
            "xlsx",
            pages=(
                PageHealth(1, None, 12, 0.75, "ocr", 0.5),
                PageHealth(None, "表一", 0, 0.0, "none", None, 2),
            ),
        ),
    ],
)
def test_record_comes_back_equal(record: ElementRecord | LoadSummary) -> None:
    line = encode(record)

    assert line.count(b"\n") == 1
    assert decode(line) == record


@pytest.mark.parametrize("cls", all_error_classes().values())
def test_error_comes_back_as_its_class(cls: type[LoadError]) -> None:
    back = decode(encode(cls("message", limit="time", value=3)))

    assert type(back) is cls
    assert isinstance(back, LoadError)
    assert (str(back), back.params) == ("message", {"limit": "time", "value": 3})


def test_lone_surrogate_does_not_break_the_line() -> None:
    back = decode(encode(ElementRecord("坏\ud800字", "Text", 1)))

    assert isinstance(back, ElementRecord)
    assert back.text == "坏?字"


def test_codes_are_unique() -> None:
    assert all_error_classes()["limit_exceeded"] is LimitExceededError
