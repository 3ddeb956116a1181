from typing import Any

import pytest
from sqlalchemy import Engine, event

from kb.errors import DuplicateError, NotFoundError
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


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


def test_counts_are_those_of_the_documents_and_of_what_they_answer_from(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲", "乙"]))
    document(store, "b.txt")
    content(store, ["未发布"], "t")
    record = store.catalog.get("kb")
    assert (record.document_count, record.passage_count, record.size) == (2, 2, 6)
    assert record.states == {"ready": 1, "processing": 1}


def test_counts_read_no_row_of_a_document_or_content(store: Store) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        store.catalog.all()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with store.database.read() as connection:
        plans = [
            str(connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all())
            for statement, parameters in asked
            if "documents" in statement or "contents" in statement
        ]
    assert len(plans) == 2
    assert all("USING COVERING INDEX" in plan for plan in plans)
