"""Records of old workbooks that stand beside the cells."""

from __future__ import annotations

from loaders.sheets import biff
from tests.loaders.sheets.test_xls import BOOK


def test_headers_footers_and_boxes_are_found_by_sheet() -> None:
    found = biff.extras(BOOK.read_bytes())

    assert [text.replace("&C", "") for text in found[0].headers] == ["华北分公司内部资料"]
    assert "图框里的说明" in found[0].boxes
    assert found[1].boxes == []


def test_other_bytes_hold_nothing() -> None:
    assert biff.extras(b"nothing at all") == {}
    assert list(biff.streams(b"nothing at all")) == []
