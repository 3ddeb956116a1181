"""Columns are named as spreadsheet programs name them."""

from __future__ import annotations

import pytest

from loaders.sheets.columns import column_letters, column_number


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA"), (16_384, "XFD")]
)
def test_columns_are_named_as_programs_do(number: int, letters: str) -> None:
    assert column_letters(number) == letters
    assert column_number(letters) == number
