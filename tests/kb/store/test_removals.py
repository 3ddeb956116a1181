"""Removals are planned, done or taken back."""

import pytest

from kb.errors import NotFoundError
from kb.store.removals import PlannedRemoval
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_a_removal_that_was_planned_is_known_until_it_is_done_or_taken_back(store: Store) -> None:
    first = document(store, "a.txt", content(store, ["甲"]))
    second = document(store, "b.txt", content(store, ["乙"], "t"), "t")
    for number in (first, second):
        store.removals.plan("kb", number, bin_path=f"bin/{number}", removed_by="someone")
    assert store.removals.planned() == [
        PlannedRemoval("kb", first, "a.txt", f"bin/{first}", "someone"),
        PlannedRemoval("kb", second, "b.txt", f"bin/{second}", "someone"),
    ]
    assert set(store.passages.found([1, 2])) == {1, 2}
    store.removals.drop(first)
    store.removals.remove("kb", second, bin_path=f"bin/{second}", removed_by="someone")
    assert store.removals.planned() == []
    with pytest.raises(NotFoundError):
        store.removals.plan("kb", second, bin_path="", removed_by="")
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT document_id FROM binned_documents").all()
    assert [tuple(row) for row in rows] == [(second,)]
