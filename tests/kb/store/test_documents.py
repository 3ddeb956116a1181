from typing import get_args

import pytest

from kb.errors import AmbiguousNameError, NotFoundError
from kb.store.folders import Folders, MirroredFile
from kb.types import DocumentFilter, DocumentOrder, Reason
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_publishing_a_new_version_kills_the_old_one_in_the_same_moment(store: Store) -> None:
    document_id = document(store, "a.txt", content(store, ["旧一", "旧二"]))
    document(store, "a.txt", content(store, ["新"], "t"), "t")
    assert set(store.passages.found([1, 2, 3])) == {3}
    assert [
        (change.action, change.first_passage_id, change.count)
        for change in store.catalog.changes_after("kb", 0)
    ] == [("add", 1, 2), ("add", 3, 1), ("remove", 1, 2)]
    assert store.documents.get("kb", document_id).passages == 1


def test_a_content_shared_by_two_documents_dies_with_the_last(store: Store) -> None:
    shared = content(store, ["甲"])
    first = document(store, "a.txt", shared)
    second = document(store, "b.txt", shared)
    store.removals.remove("kb", first, bin_path=None, removed_by="")
    assert store.passages.found([1])[1].document == "b.txt"
    store.removals.remove("kb", second, bin_path=None, removed_by="")
    assert store.passages.found([1]) == {}


def test_a_failed_new_version_leaves_the_old_answering(store: Store) -> None:
    document_id = document(store, "a.txt", content(store, ["旧"]))
    document(store, "a.txt")
    store.documents.refuse(
        document_id,
        "failed",
        Reason("damaged_file", {"format": "txt"}),
        format_name=None,
        sha256="t",
        size=9,
    )
    record = store.documents.get("kb", document_id)
    assert record.state == "partial"
    assert record.reason == Reason(
        "new_version_failed", {"code": "damaged_file", "params": {"format": "txt"}}
    )
    assert set(store.passages.found([1])) == {1}


def test_a_first_version_that_fails_stands_in_the_list_with_its_reason(store: Store) -> None:
    document_id = document(store, "a.doc")
    reason = Reason("unsupported_format", {"format": "doc"})
    store.documents.refuse(
        document_id, "unsupported", reason, format_name="doc", sha256="t", size=9
    )
    record = store.documents.get("kb", document_id)
    assert (record.state, record.reason, record.format) == ("unsupported", reason, "doc")


def test_names_are_exact_and_patterns_in_them_mean_nothing(store: Store) -> None:
    document(store, "report_1.docx")
    document(store, "reportA1.docx")
    assert store.documents.find("kb", "report_1.docx").document == "report_1.docx"
    with pytest.raises(NotFoundError):
        store.documents.find("kb", "report%.docx")
    assert [r.document for r in store.documents.page("kb", DocumentFilter(contains="_1"))] == [
        "report_1.docx"
    ]


def test_a_bare_file_name_finds_its_only_document_or_lists_the_candidates(store: Store) -> None:
    document(store, "2022/年报.pdf")
    assert store.documents.find("kb", "年报.pdf").document == "2022/年报.pdf"
    document(store, "2023/年报.pdf")
    with pytest.raises(AmbiguousNameError) as caught:
        store.documents.find("kb", "年报.pdf")
    assert caught.value.params["candidates"] == ["2022/年报.pdf", "2023/年报.pdf"]


def test_a_document_is_found_by_its_number_unless_a_name_says_otherwise(store: Store) -> None:
    first = document(store, "a.txt")
    assert store.documents.find("kb", str(first)).document == "a.txt"
    document(store, str(first))
    assert store.documents.find("kb", str(first)).document == str(first)


def test_pages_of_documents_are_sorted_filtered_and_counted(store: Store) -> None:
    for name in ("c", "a", "b"):
        document(store, f"{name}.txt", content(store, [name], name), name)
    document(store, "queued.txt")
    assert [r.document for r in store.documents.page("kb", limit=2)] == ["a.txt", "b.txt"]
    assert [r.document for r in store.documents.page("kb", offset=2, limit=2)] == [
        "c.txt",
        "queued.txt",
    ]
    assert store.documents.count("kb", DocumentFilter(states=("ready",))) == 3
    assert store.documents.page("kb", order="document", descending=True)[0].document == "queued.txt"


def test_numbers_in_names_count_as_numbers(store: Store) -> None:
    for name in ("第10章.txt", "第2章.txt", "附件/1.txt", "第1章.txt"):
        document(store, name)
    names = ["第1章.txt", "第2章.txt", "第10章.txt", "附件/1.txt"]
    assert [each.document for each in store.documents.page("kb")] == names
    backwards = store.documents.page("kb", descending=True)
    assert [each.document for each in backwards] == names[::-1]


def listed(store: Store, order: DocumentOrder, *, descending: bool = False) -> list[str]:
    """The names in an order, asked for page by page."""
    pages = [
        store.documents.page("kb", offset=offset, limit=2, order=order, descending=descending)
        for offset in range(0, 6, 2)
    ]
    return [each.document for page in pages for each in page]


def test_every_column_sorts_all_pages_and_what_is_unknown_stands_last(store: Store) -> None:
    document(store, "长.txt", content(store, ["一", "二", "三"], "u"), "u")
    document(store, "短.txt", content(store, ["一"], "v"), "v")
    refused = document(store, "坏.zip")
    store.documents.refuse(
        refused, "failed", Reason("damaged_file"), format_name="zip", sha256="w", size=9
    )
    document(store, "新.txt")
    names = {"长.txt", "短.txt", "坏.zip", "新.txt"}
    for order in get_args(DocumentOrder):
        for descending in (False, True):
            assert set(listed(store, order, descending=descending)) == names
    assert listed(store, "passages")[:2] == ["短.txt", "长.txt"]
    assert listed(store, "passages", descending=True)[:2] == ["长.txt", "短.txt"]
    assert listed(store, "health")[0] == "坏.zip"
    assert listed(store, "health", descending=True) == ["短.txt", "长.txt", "坏.zip", "新.txt"]
    assert listed(store, "reason")[0] == "坏.zip"
    assert listed(store, "size", descending=True)[0] == "坏.zip"
    assert listed(store, "format")[2:] == ["坏.zip", "新.txt"]


def test_a_renamed_document_stands_where_its_new_name_belongs(store: Store) -> None:
    renamed = document(store, "第1章.txt")
    document(store, "第2章.txt")
    folders = Folders(store.database)
    folder = folders.link("kb", "", ignore="", active=True, created_by="")
    now = MirroredFile("第10章.txt", 1, 1, "a", renamed)
    folders.rename(folder, "第1章.txt", now, document="第10章.txt", title="第10章")
    assert [each.document for each in store.documents.page("kb")] == ["第2章.txt", "第10章.txt"]
