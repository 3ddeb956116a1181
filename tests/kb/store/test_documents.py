import numpy as np
import pytest

from kb.errors import AmbiguousNameError, NotFoundError
from kb.store.contents import ContentBatch, ContentFacts
from kb.types import Line, PageHealth, PageText, Passage, Place, Reason
from tests.kb.store.conftest import Store


def content(
    store: Store, texts: list[str], sha256: str = "s", pages: tuple[PageHealth, ...] = ()
) -> int:
    """Write an unpublished content with one line and passage for each text."""
    content_id = store.contents.open("kb", sha256, "tiny", title="标题")
    store.contents.append(
        content_id,
        ContentBatch(
            pages=[PageText(1, None, "\n".join(texts))],
            lines=[Line(text, Place(page=1), glue="\n") for text in texts],
            passages=[
                Passage(number, number, text, "", "", Place(page=1, boxes=((0, 0, 0.5, 1),)))
                for number, text in enumerate(texts)
            ],
            vectors=np.eye(len(texts), 4, dtype=np.float32),
        ),
        "tiny",
    )
    store.contents.finish(content_id, ContentFacts("txt", "utf-8", 1, pages=pages))
    return content_id


def document(store: Store, path: str, content_id: int | None = None, sha256: str = "s") -> int:
    document_id = store.documents.begin(
        "kb", path, size=3, mtime=1, source="added", created_by="someone"
    )
    if content_id is not None:
        store.documents.publish(
            document_id, content_id, "ready", None, sha256=sha256, size=3, mtime=1
        )
    return document_id


def test_nothing_is_found_of_a_content_before_it_is_published(store: Store) -> None:
    content_id = content(store, ["甲"])
    assert store.contents.found([1]) == {}
    document(store, "a.txt", content_id)
    found = store.contents.found([1])[1]
    assert (found.document, found.passage.text, found.kb_name) == ("a.txt", "甲", "财报")
    assert found.passage.place == Place(page=1, boxes=((0, 0, 0.5, 1),))


def test_publishing_a_new_version_kills_the_old_one_in_the_same_moment(store: Store) -> None:
    document_id = document(store, "a.txt", content(store, ["旧一", "旧二"]))
    document(store, "a.txt", content(store, ["新"], "t"), "t")
    assert set(store.contents.found([1, 2, 3])) == {3}
    assert [
        (change.action, change.first_passage_id, change.count)
        for change in store.catalog.changes_after("kb", 0)
    ] == [("add", 1, 2), ("add", 3, 1), ("remove", 1, 2)]
    assert store.documents.get("kb", document_id).passages == 1


def test_a_content_shared_by_two_documents_dies_with_the_last(store: Store) -> None:
    shared = content(store, ["甲"])
    first = document(store, "a.txt", shared)
    second = document(store, "b.txt", shared)
    store.documents.remove("kb", first, bin_path=None, removed_by="")
    assert store.contents.found([1])[1].document == "b.txt"
    store.documents.remove("kb", second, bin_path=None, removed_by="")
    assert store.contents.found([1]) == {}


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
    assert set(store.contents.found([1])) == {1}


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
    assert [r.document for r in store.documents.page("kb", contains="_1")] == ["report_1.docx"]


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
    assert store.documents.count("kb", states=["ready"]) == 3
    assert store.documents.page("kb", order="document", descending=True)[0].document == "queued.txt"


def test_purge_leaves_no_row_of_a_dead_content(store: Store) -> None:
    gone = document(store, "a.txt", content(store, ["甲", "乙"]))
    document(store, "b.txt", content(store, ["丙"], "t"), "t")
    store.documents.remove("kb", gone, bin_path=None, removed_by="")
    while store.contents.purge():
        pass
    ids, vectors = store.contents.vectors(1, 10, "tiny", 4)
    assert ids.tolist() == [3]
    np.testing.assert_array_equal(vectors, [[1, 0, 0, 0]])
    with store.database.read() as connection:
        for table in ("passages", "lines", "contents", "content_ranges", "pages", "vectors"):
            assert (
                connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1  # noqa: S608
            )


def test_interrupted_contents_are_given_up_but_live_ones_stay(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲"]))
    content(store, ["乙"], "t")
    assert store.contents.discard_unpublished() == 1
    while store.contents.purge():
        pass
    assert set(store.contents.found([1, 2])) == {1}


def test_a_change_of_embedder_needs_every_vector_and_drops_the_old_ones(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲", "乙"]))
    rows = store.contents.without_vectors("kb", "other", 10)
    assert [(row[0], row[1], row[3]) for row in rows] == [(1, "标题", "甲"), (2, "标题", "乙")]
    store.contents.add_vectors([1, 2], np.ones((2, 3), dtype=np.float32), "other")
    assert store.contents.count_without_vectors("kb", "other") == 0
    store.contents.adopt_embedder("kb", "other", 3)
    while store.contents.drop_other_vectors("kb", "other"):
        pass
    assert store.catalog.get("kb").embedder == "other"
    assert store.contents.vectors(1, 2, "tiny", 4)[0].tolist() == []
    assert store.contents.vectors(1, 2, "other", 3)[0].tolist() == [1, 2]
