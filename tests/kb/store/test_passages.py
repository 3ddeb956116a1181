from kb.store.contents import ContentBatch
from kb.types import PageText, Place
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_nothing_is_found_of_a_content_before_it_is_published(store: Store) -> None:
    content_id = content(store, ["甲"])
    assert store.passages.found([1]) == {}
    document(store, "a.txt", content_id)
    found = store.passages.found([1])[1]
    assert (found.document, found.passage.text, found.kb_name) == ("a.txt", "甲", "财报")
    assert found.passage.place == Place(page=1, boxes=((0, 0, 0.5, 1),))


def test_parts_of_one_long_page_are_joined_again(store: Store) -> None:
    content_id = store.contents.open("kb", "s", "tiny", title="")
    for position, page in enumerate(
        [PageText(1, None, "甲"), PageText(1, None, "乙"), PageText(2, None, "丙")]
    ):
        store.contents.append(content_id, ContentBatch(pages=[page], first_page=position), "tiny")
    assert store.passages.pages(content_id) == [
        PageText(1, None, "甲\n乙"),
        PageText(2, None, "丙"),
    ]


def test_lines_and_passages_come_in_reading_order_and_in_parts(store: Store) -> None:
    content_id = content(store, ["甲", "乙", "丙"])
    assert [line.text for line in store.passages.lines(content_id, 1, 9)] == ["乙", "丙"]
    some = store.passages.of_content(content_id, offset=1, limit=1)
    assert [(passage_id, passage.text) for passage_id, passage in some] == [(2, "乙")]


def test_the_keyword_index_gets_live_passages_with_the_title(store: Store) -> None:
    document(store, "a.txt", content(store, ["甲", "乙"]))
    content(store, ["未发布"], "t")
    entries = store.passages.indexed(2, 10)
    assert [(entry.passage_id, entry.title, entry.body) for entry in entries] == [(2, "标题", "乙")]
