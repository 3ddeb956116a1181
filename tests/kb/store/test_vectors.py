import numpy as np

from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_a_change_of_embedder_needs_every_vector_and_drops_the_old_ones(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲", "乙"]))
    assert [row.body for row in store.vectors.missing("kb", "other", 10, after=1)] == ["乙"]
    rows = store.vectors.missing("kb", "other", 10)
    assert [(row.passage_id, row.title, row.body) for row in rows] == [
        (1, "标题", "甲"),
        (2, "标题", "乙"),
    ]
    store.vectors.add([1, 2], np.ones((2, 3), dtype=np.float32), "other")
    assert store.vectors.count_missing("kb", "other") == 0
    store.vectors.adopt("kb", "other", 3)
    assert store.vectors.drop_others("kb", "other", after=1) == 2
    assert store.vectors.between(1, 2, "tiny", 4)[0].tolist() == [1]
    assert store.vectors.drop_others("kb", "other") == 1
    assert store.vectors.drop_others("kb", "other", after=1) is None
    assert store.catalog.get("kb").embedder == "other"
    assert store.vectors.between(1, 2, "tiny", 4)[0].tolist() == []
    assert store.vectors.between(1, 2, "other", 3)[0].tolist() == [1, 2]
