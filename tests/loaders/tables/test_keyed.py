"""Records with named fields become tables of bounded size."""

from __future__ import annotations

from loaders.load import to_record
from loaders.records import TableRecord
from loaders.tables.keyed import MOST_COLUMNS, keyed_tables


def _tables(records: list[tuple[int, dict[str, str]]]) -> list[TableRecord]:
    found = [to_record(element, 1).table for element in keyed_tables(records, "表")]
    return [table for table in found if table is not None]


def test_field_that_comes_later_widens_the_table() -> None:
    assert _tables([(1, {"a": "1"}), (2, {"b": "2"})]) == [
        TableRecord(("a", "b"), (("1", ""), ("", "2")), 1, 1, of_sheet=True)
    ]


def test_ever_new_fields_begin_new_tables() -> None:
    records = [
        (number, {f"{number}.{field}": "x" for field in range(MOST_COLUMNS - 1)})
        for number in (1, 2)
    ]

    assert [(table.first_row, len(table.header)) for table in _tables(records)] == [
        (1, MOST_COLUMNS - 1),
        (2, MOST_COLUMNS - 1),
    ]
