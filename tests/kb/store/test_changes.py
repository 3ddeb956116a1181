import pytest

from kb.store import changes
from kb.store.changes import Change
from kb.store.contents import ContentBatch
from kb.types import Passage, Place
from tests.kb.store.conftest import Store
from tests.kb.store.filling import document


def test_long_changes_are_cut_into_ranges_of_bounded_length() -> None:
    change = Change(number=1, action="add", content_id=1, first_passage_id=5, count=5)
    assert list(change.batches(2)) == [(5, 2), (7, 2), (9, 1)]
    assert list(change.batches(9)) == [(5, 5)]


def append(store: Store, content_id: int, first: int, count: int) -> None:
    store.contents.append(
        content_id,
        ContentBatch(
            passages=[
                Passage(number, number, f"第{number}句", "", "", Place())
                for number in range(first, first + count)
            ]
        ),
        "tiny",
    )


def test_parts_that_follow_each_other_are_one_change(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_LONGEST_CHANGE", 7)
    long, other = (store.contents.open("kb", sha, "tiny", title="") for sha in ("a", "b"))
    for first in (0, 3, 6):
        append(store, long, first, 3)
    append(store, other, 0, 2)
    append(store, long, 9, 3)
    number = document(store, "长.txt", long)
    document(store, "短.txt", other, sha256="t")
    # Ids 1-9 and 12-14 are the long one's; seven ids are the most of one change.
    expected = [("add", 1, 6), ("add", 7, 3), ("add", 12, 3), ("add", 10, 2)]
    told = store.catalog.changes_after("kb", 0)
    assert [(one.action, one.first_passage_id, one.count) for one in told] == expected
    assert [one.number for one in told] == [1, 2, 3, 4] and store.catalog.change_number("kb") == 4
    store.removals.remove("kb", number, bin_path=None, removed_by="")
    told = store.catalog.changes_after("kb", 4)
    assert [(one.action, one.first_passage_id, one.count) for one in told] == [
        ("remove", 1, 6),
        ("remove", 7, 3),
        ("remove", 12, 3),
    ]
