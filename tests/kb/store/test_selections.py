import numpy as np

from kb.selection import Selection
from kb.store.selections import Selections
from kb.types import WHOLE, SearchFilter
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def runs(selection: Selection | None) -> list[tuple[int, int]]:
    assert selection is not None
    return list(zip(selection.first.tolist(), selection.stop.tolist(), strict=True))


def now(store: Store) -> int:
    return store.catalog.change_number("kb")


def test_contents_that_follow_each_other_are_one_run(store: Store) -> None:
    selections = Selections(store.database)
    made = [content(store, ["甲", "乙"], sha256=str(n)) for n in range(4)]
    ids = [document(store, f"{n}.txt", each, sha256=str(n)) for n, each in enumerate(made)]
    chosen = SearchFilter(document_ids=frozenset({ids[0], ids[1], ids[3]}))
    found = selections.of("kb", chosen, now(store))
    assert runs(found) == [(1, 5), (7, 9)]
    assert found is not None
    assert found.contents.tolist() == [made[0], made[1], made[3]]
    for among in (found.among, found.among_ascending):
        assert among(np.arange(12)).tolist() == [n in (1, 2, 3, 4, 7, 8) for n in range(12)]
        assert among(np.array([], np.int64)).tolist() == []
    assert found.among(np.array([8, 5, 1])).tolist() == [True, False, True]
    assert selections.of("kb", WHOLE, now(store)) is None


def test_what_is_not_published_or_in_another_knowledge_base_is_not_selected(store: Store) -> None:
    selections = Selections(store.database)
    store.catalog.create("other", "别", description="", embedder="tiny", dim=4, created_by="")
    content_id = content(store, ["甲"])
    text = SearchFilter(formats=frozenset({"txt"}))
    assert runs(selections.of("kb", text, now(store))) == []
    document(store, "a.txt", content_id)
    assert runs(selections.of("kb", text, now(store))) == [(1, 2)]
    assert runs(selections.of("other", text, 0)) == []


def test_what_is_remembered_is_forgotten_when_something_is_written(store: Store) -> None:
    selections = Selections(store.database)
    content_id = content(store, ["甲"])
    first = document(store, "a.txt", content_id)
    recent = SearchFilter(since=1, until=2)
    found = selections.of("kb", recent, now(store))
    assert runs(found) == [(1, 2)]
    assert selections.of("kb", recent, now(store)) is found
    # The same content stays, under another time: no change for the indexes, but one for filters.
    before = now(store)
    store.documents.publish(first, content_id, "ready", None, sha256="s", size=3, mtime=7)
    assert now(store) == before
    assert runs(selections.of("kb", recent, before)) == []
    store.removals.remove("kb", first, bin_path=None, removed_by="")
    assert runs(selections.of("kb", SearchFilter(since=1), now(store))) == []
