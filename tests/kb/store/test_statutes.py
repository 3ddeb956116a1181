"""Articles are found by the names of their statutes, whatever the catalog goes through."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from kb.store.contents import ContentBatch, ContentFacts
from kb.store.statutes import Statutes
from kb.store.tables import statute_names
from kb.types import Line, Passage, Place, SearchFilter
from tests.kb.store.conftest import Store
from tests.kb.store.filling import document

LABEL = "第一条"


@pytest.fixture
def statutes(store: Store) -> Statutes:
    return Statutes(store.database)


def statute(
    store: Store,
    title: str,
    path: str,
    *,
    parents: Sequence[str] = ("",),
    begins: str = "总则",
    labels: Sequence[str] = (LABEL,),
) -> int:
    """Take in a document with an article under each of these headings; returns its content."""
    content_id = store.contents.open("kb", path, "tiny", title=title)
    passages = [
        Passage(0, 0, "为了管好仓库。", f"{parent} > {label}" if parent else label, label, Place())
        for parent in parents
        for label in labels
    ]
    batch = ContentBatch(lines=[Line(begins, Place(), glue="\n")], passages=passages)
    store.contents.append(content_id, batch, "tiny")
    store.contents.finish(content_id, ContentFacts("txt", "utf-8", None))
    document(store, path, content_id, sha256=path)
    return content_id


@pytest.mark.parametrize(
    "name", ["仓储条例", "仓储管理办法", "档案规则"], ids=["title", "heading", "document"]
)
def test_a_statute_has_the_names_of_its_title_headings_and_document(
    store: Store, statutes: Statutes, name: str
) -> None:
    parents = ["仓储管理办法（2023年修订） > 第一章 总则"]
    content_id = statute(store, "《仓储条例》", "汇编/档案规则（试行）.docx", parents=parents)
    statute(store, "食堂条例", "食堂.txt")
    assert statutes.named(name) == [content_id]
    assert (name, content_id) in statutes.standing_in(f"{name}第一条说了什么")


def test_a_name_is_found_by_part_of_it_by_more_than_it_and_by_its_abbreviation(
    store: Store, statutes: Statutes
) -> None:
    content_id = statute(store, "仓储安全管理条例", "1.txt")
    for said in ("安全管理", "本市仓储安全管理条例细则", "仓安条例", "仓例"):
        assert statutes.alike(said) == [("仓储安全管理条例", content_id)], said
    assert statutes.alike("食堂条例") == []
    assert statutes.alike("仓%例") == []


def test_a_first_line_names_what_nothing_else_does(store: Store, statutes: Statutes) -> None:
    content_id = statute(store, "附件", "附件3.txt", begins="仓储条例")
    assert statutes.with_line("仓储条例") == [content_id]
    assert statutes.named("仓储条例") == []


def test_only_living_articles_of_the_knowledge_bases_asked_are_given(
    store: Store, statutes: Statutes
) -> None:
    first = statute(store, "仓储条例", "1.txt", labels=[LABEL, "第二条"])
    second = statute(store, "食堂条例", "2.txt")
    assert [place.content_id for place in statutes.groups(["kb"], [LABEL], [first, second])] == [
        first,
        second,
    ]
    assert statutes.groups(["other"], [LABEL], [first]) == []
    assert statutes.groups(["kb"], ["第九条"], [first]) == []
    unpublished = store.contents.open("kb", "3", "tiny", title="仓储条例")
    passage = Passage(0, 0, "为了管好仓库。", LABEL, LABEL, Place())
    store.contents.append(unpublished, ContentBatch(passages=[passage]), "tiny")
    store.contents.finish(unpublished, ContentFacts("txt", "utf-8", None))
    assert statutes.groups(["kb"], [LABEL], [unpublished]) == []


def test_an_article_of_one_statute_alone_is_told_from_one_of_several(
    store: Store, statutes: Statutes
) -> None:
    first = statute(store, "仓储条例", "1.txt", labels=[LABEL, "第二条"])
    statute(store, "食堂条例", "2.txt")
    assert statutes.only_one(["kb"], ["第二条"]) == first
    assert statutes.only_one(["kb"], [LABEL]) is None
    assert statutes.only_one(["kb"], ["第九条"]) is None
    assert statutes.only_one(["other"], ["第二条"]) is None
    readable = SearchFilter(document_ids=frozenset({1}))
    assert statutes.only_one(["kb"], [LABEL], readable) == first


def test_names_go_with_their_content(store: Store, statutes: Statutes) -> None:
    content_id = statute(store, "仓储条例", "1.txt")
    other = statute(store, "食堂条例", "2.txt")
    document(store, "1.txt", other, sha256="2.txt")
    while store.contents.purge():
        pass
    with store.database.read() as connection:
        kept = set(connection.execute(select(statute_names.c.content_id)).scalars())
    assert (content_id in kept, other in kept) == (False, True)
