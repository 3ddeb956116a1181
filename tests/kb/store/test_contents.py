import time

import numpy as np
import pytest

from kb.store.contents import ContentBatch
from kb.types import Line, Passage, Place
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_purge_leaves_no_row_of_a_dead_content(store: Store) -> None:
    gone = document(store, "a.txt", content(store, ["甲", "乙"]))
    document(store, "b.txt", content(store, ["丙"], "t"), "t")
    store.removals.remove("kb", gone, bin_path=None, removed_by="")
    while store.contents.purge():
        pass
    ids, vectors = store.vectors.between(1, 10, "tiny", 4)
    assert ids.tolist() == [3]
    np.testing.assert_array_equal(vectors, [[1, 0, 0, 0]])
    with store.database.read() as connection:
        for table in ("passages", "lines", "contents", "content_ranges", "pages", "vectors"):
            assert (
                connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1  # noqa: S608
            )


def test_an_interrupted_content_is_found_with_what_was_written(store: Store) -> None:
    key = ("kb", "s", "tiny")
    assert store.contents.take_up(*key, title="标题") is None
    content_id = content(store, ["甲", "乙", "丙"])
    assert store.contents.take_up(*key, title="标题") == content_id
    assert store.contents.take_up(*key, title="改名") is None
    assert store.contents.take_up("kb", "t", "tiny", title="标题") is None
    assert store.contents.extent(content_id) == (3, 1)
    assert store.contents.extent(store.contents.open(*key, title="空")) == (0, 0)
    assert store.contents.written(content_id, 1, 2) == [("", "乙"), ("", "丙")]
    document(store, "a.txt", content_id)
    assert store.contents.take_up(*key, title="标题") is None


def test_a_content_that_was_set_aside_waits_for_some_days(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("kb", "s", "tiny")
    content_id = content(store, ["甲"])
    store.contents.set_aside(content_id)
    assert not store.contents.purge()
    assert store.contents.discard_unpublished() == 0
    assert store.contents.take_up(*key, title="标题") == content_id
    assert store.contents.discard_unpublished() == 1
    other = content(store, ["乙"], "t")
    store.contents.set_aside(other)
    later = time.time() + 10 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert store.contents.take_up("kb", "t", "tiny", title="标题") is None
    while store.contents.purge():
        pass
    assert store.contents.take_up(*key, title="标题") is None


def test_positions_of_passages_count_from_the_first_line_of_their_part(store: Store) -> None:
    content_id = content(store, ["甲", "乙"])
    store.contents.append(
        content_id,
        ContentBatch(
            lines=[Line("丙", Place()), Line("丁", Place())],
            passages=[Passage(0, 1, "丙丁", "", "", Place())],
            first_line=2,
        ),
        "tiny",
    )
    stored = store.passages.each_of_content(content_id)
    assert [(passage.first_line, passage.last_line) for _, passage in stored] == [
        (0, 0),
        (1, 1),
        (2, 3),
    ]


def test_interrupted_contents_are_given_up_but_live_ones_stay(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲"]))
    content(store, ["乙"], "t")
    assert store.contents.discard_unpublished() == 1
    while store.contents.purge():
        pass
    assert set(store.passages.found([1, 2])) == {1}
