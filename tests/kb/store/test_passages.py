import pytest

from kb.errors import NotFoundError
from kb.store import passages
from kb.store.contents import ContentBatch
from kb.types import PagePart, PagePlace, PageText, Place
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def test_nothing_is_found_of_a_content_before_it_is_published(store: Store) -> None:
    content_id = content(store, ["甲"])
    assert store.passages.found([1]) == {}
    document(store, "a.txt", content_id)
    found = store.passages.found([1])[1]
    assert (found.document, found.passage.text, found.kb_name) == ("a.txt", "甲", "财报")
    assert found.passage.place == Place(page=1, boxes=((0, 0, 0.5, 1),))


def paged(store: Store, pages: list[PageText]) -> int:
    content_id = store.contents.open("kb", "s", "tiny", title="")
    for position, page in enumerate(pages):
        store.contents.append(content_id, ContentBatch(pages=[page], first_page=position), "tiny")
    return content_id


def test_a_long_page_comes_in_parts_and_each_can_be_read_alone(store: Store) -> None:
    content_id = paged(
        store, [PageText(1, None, "甲"), PageText(1, None, "乙"), PageText(2, None, "丙")]
    )
    assert list(store.passages.pages(content_id)) == [
        PagePart(1, None, "甲", begins=True),
        PagePart(1, None, "乙", begins=False),
        PagePart(2, None, "丙", begins=True),
    ]
    places = store.passages.page_places(content_id)
    assert places == [PagePlace(0, 1, None), PagePlace(1, 1, None), PagePlace(2, 2, None)]
    assert store.passages.page_text(content_id, 1) == PageText(1, None, "乙")
    with pytest.raises(NotFoundError):
        store.passages.page_text(content_id, 3)


def test_a_long_text_is_read_as_it_is_wanted_and_its_end_is_missed(store: Store) -> None:
    content_id = paged(store, [PageText(None, None, str(number)) for number in range(40)])
    assert [part.text for part in store.passages.pages(content_id)] == [str(n) for n in range(40)]
    reading = store.passages.pages(content_id)
    assert next(reading).text == "0"
    store.contents.discard(content_id)
    while store.contents.purge():
        pass
    with pytest.raises(NotFoundError):
        list(reading)


def test_all_passages_are_read_in_order_whatever_their_number(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "_PASSAGES_AT_ONCE", 2)
    content_id = content(store, ["甲", "乙", "丙", "丁", "戊"])
    found = list(store.passages.each_of_content(content_id))
    assert [(number, passage.text) for number, passage in found] == [
        (1, "甲"),
        (2, "乙"),
        (3, "丙"),
        (4, "丁"),
        (5, "戊"),
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
