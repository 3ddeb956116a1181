import pytest

from kb.errors import DuplicateError, NotFoundError
from tests.kb.store.conftest import Store


def test_a_knowledge_base_is_found_by_name_and_by_id(store: Store) -> None:
    assert store.catalog.find("财报").kb_id == "kb"
    assert store.catalog.find("kb").name == "财报"


def test_a_name_wins_over_an_id_that_reads_the_same(store: Store) -> None:
    store.catalog.create("other", "kb", description="", embedder="tiny", dim=4, created_by="")
    assert store.catalog.find("kb").kb_id == "other"


def test_a_taken_name_is_refused_for_new_and_for_renamed(store: Store) -> None:
    store.catalog.create("b", "法规", description="", embedder="tiny", dim=4, created_by="")
    with pytest.raises(DuplicateError):
        store.catalog.create("c", "财报", description="", embedder="tiny", dim=4, created_by="")
    with pytest.raises(DuplicateError):
        store.catalog.change("b", name="财报")
    assert store.catalog.change("b", name="法规").name == "法规"


def test_a_deleted_knowledge_base_is_gone_and_its_name_is_free(store: Store) -> None:
    store.catalog.delete("kb")
    with pytest.raises(NotFoundError):
        store.catalog.find("财报")
    assert store.catalog.all() == []
    assert "kb" in store.catalog.ids()
    assert store.catalog.create(
        "kb-2", "财报", description="", embedder="tiny", dim=4, created_by=""
    )


def test_options_are_kept_and_replaced(store: Store) -> None:
    assert store.catalog.option("chat_model") is None
    store.catalog.set_option("chat_model", "a")
    store.catalog.set_option("chat_model", "b")
    assert store.catalog.option("chat_model") == "b"
