"""Values by the reader that tells no formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.errors import DamagedFileError
from loaders.load import open_source
from loaders.sheets.plain_values import plain_sheets
from tests.loaders.sheets.test_xls import BOOK


def test_values_are_shown_plainly() -> None:
    sheets = {name: list(rows) for name, rows in plain_sheets(BOOK.read_bytes(), open_source(BOOK))}

    assert list(sheets) == ["销售", "参数"]
    assert sheets["销售"][4][:1] == (5,)
    assert sheets["销售"][4][1][:3] == ["华东", "12345.5", "-20"]
    assert sheets["参数"] == [(1, ["编号", "门店"]), (2, ["7", "东门店"])]


def test_what_nobody_can_read_is_damaged_for_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="the first reason"):
        list(plain_sheets(b"nothing", open_source(BOOK), ValueError("the first reason")))
