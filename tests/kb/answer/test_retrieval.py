import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kb.answer_types import Answer, Hit, PassagesFound
from kb.types import PASSAGE_LIMIT, WHOLE, SearchFilter
from kb.workspace import Workspace

Write = Callable[[str, str], Path]


def add(workspace: Workspace, name: str, *paths: Path) -> None:
    if name not in {record.name for record in workspace.knowledge_bases()}:
        workspace.create(name)
    job = workspace.queue.wait(workspace.knowledge_base(name).add(paths).job_id, timeout=60)
    assert set(job.counts) == {"ready"}


def search(workspace: Workspace, question: str, *, top_k: int = 5) -> tuple[Hit, ...]:
    return workspace.search(["库"], question, top_k=top_k).hits


def test_hits_are_ranked_from_one_in_the_order_of_their_scores(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", *(write(f"{n}.txt", f"第{n}号仓库存放{n}吨大米。") for n in range(9)))
    hits = search(workspace, "第3号仓库存放多少大米？")
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert hits[0].document == "3.txt"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.score <= 1 for hit in hits)


def test_a_short_passage_is_widened_by_its_neighbours_and_never_beyond_the_limit(
    workspace: Workspace, write: Write
) -> None:
    sentences = [
        f"第{number}条说明讲的是编号{number}的事项，请按要求办理。" for number in range(60)
    ]
    add(workspace, "库", write("长.txt", "\n".join(sentences)))
    hits = search(workspace, "编号31的事项怎么办？", top_k=3)
    assert any("编号31的事项" in hit.text for hit in hits)
    for hit in hits:
        assert hit.passage_text in hit.text
        assert len(hit.text) <= PASSAGE_LIMIT


def test_no_line_is_shown_twice_over_neighbouring_hits(workspace: Workspace, write: Write) -> None:
    sentences = [
        f"设备{number}的额定功率为{number}千瓦，" + "需定期检修。" * 6 for number in range(30)
    ]
    add(workspace, "库", write("表.txt", "\n".join(sentences)))
    hits = search(workspace, "设备的额定功率", top_k=10)
    shown = [line for hit in hits for line in hit.text.split("\n") if "额定功率" in line]
    assert len(shown) == len(set(shown))


def test_a_one_line_document_is_found(workspace: Workspace, write: Write) -> None:
    add(workspace, "库", write("一.txt", "口令是芝麻开门。"))
    assert [hit.text for hit in search(workspace, "口令是什么？")] == ["口令是芝麻开门。"]


def test_windows_never_cross_documents(workspace: Workspace, write: Write) -> None:
    add(workspace, "库", write("a.txt", "甲文件只有这一句。"), write("b.txt", "乙文件也只有一句。"))
    assert {hit.text for hit in search(workspace, "文件")} == {
        "甲文件只有这一句。",
        "乙文件也只有一句。",
    }


def test_rows_of_a_sheet_are_cited_by_cell_and_not_mixed(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("价.csv", "品名,单价\n苹果,5.5\n香蕉,3.2\n梨,4.1\n"))
    hit = search(workspace, "香蕉单价多少？")[0]
    assert (hit.text, hit.place.row, hit.place.column) == ("品名：香蕉；单价：3.2", 3, "B")


def test_a_deleted_document_is_not_a_hit_even_before_the_indexes_know(
    workspace: Workspace, write: Write
) -> None:
    add(workspace, "库", write("a.txt", "密码是一二三。"), write("b.txt", "密码是四五六。"))
    base = workspace.knowledge_base("库")
    searchable = base.searchable()
    document = base.document("a.txt")
    workspace._removals.remove("库", document.document_id, bin_path=None, removed_by="")
    hits = workspace._retriever.retrieve([searchable], "密码是什么？", top_k=5).hits
    assert [hit.document for hit in hits] == ["b.txt"]


def test_the_vector_ranking_is_that_of_brute_force(workspace: Workspace, write: Write) -> None:
    add(
        workspace,
        "库",
        *(write(f"{n}.txt", f"{n}号文件提到{n * 7}与{n * 13}。") for n in range(30)),
    )
    base = workspace.knowledge_base("库").searchable()
    query = base.embedder.embed_queries(["提到91的文件"])[0]
    found = base.vectors.search(query, 10)
    ids, matrix = workspace._vectors.between(1, 10_000, "e5-small", base.embedder.dim)
    exact = matrix @ query
    best = np.argsort(-exact, kind="stable")[:10]
    np.testing.assert_allclose([score for _id, score in found], exact[best], atol=1e-3)
    assert {identifier for identifier, _score in found[:5]} <= set(ids[best].tolist())


def test_keywords_do_not_outvote_the_vectors_where_they_hardly_know_the_question(
    workspace: Workspace, write: Write
) -> None:
    """One passage has an empty English word of the question, another what it is about."""
    add(
        workspace,
        "库",
        write("甲.txt", "乐队名为 The Who，成立于伦敦。"),
        write("乙.txt", "水泵 pump-7 的压力为 3 兆帕。"),
    )
    assert search(workspace, "Who knows what the pressure of pump-7 is?")[0].document == "乙.txt"


def date_of(year: int) -> float:
    return datetime(year, 6, 1, tzinfo=UTC).timestamp()


def written(path: Path, year: int) -> Path:
    os.utime(path, (date_of(year), date_of(year)))
    return path


def test_what_is_not_wanted_is_left_out_before_anything_is_ranked(
    workspace: Workspace, write: Write
) -> None:
    notes = [f"设备维护说明，设备{number}每月检修一次。" for number in range(30)]
    old = [written(write(f"旧/{n}.txt", text), 2019) for n, text in enumerate(notes[:20])]
    new = [written(write(f"新/{n}.txt", text), 2023) for n, text in enumerate(notes[20:27])]
    other = [written(write(f"新/{n}.md", text), 2023) for n, text in enumerate(notes[27:])]
    add(workspace, "库", *old, *new, *other)
    question = "设备每月检修几次？"

    def found(wanted: SearchFilter, top_k: int = 20) -> set[str]:
        return {
            hit.document
            for hit in workspace.search(["库"], question, top_k=top_k, wanted=wanted).hits
        }

    everything = found(WHOLE, 40)
    assert len(everything) == 30
    texts = {name for name in everything if name.endswith(".txt")}
    assert found(SearchFilter(formats=frozenset({"md"}))) == everything - texts
    late = found(SearchFilter(since=date_of(2020)))
    assert len(late) == 10
    assert everything - texts <= late
    assert found(SearchFilter(until=date_of(2023)), 40) == everything - late
    assert (
        found(SearchFilter(since=date_of(2019), until=date_of(2019) + 1), 40) == everything - late
    )
    both = SearchFilter(formats=frozenset({"txt", "pdf"}), since=date_of(2020))
    assert found(both) == late & texts
    assert found(SearchFilter(formats=frozenset({"pdf"}))) == set()
    assert workspace.search(["库"], question, wanted=both, top_k=3).hits[0].document in late & texts


def test_nobody_is_shown_what_may_not_be_read(workspace: Workspace, write: Write) -> None:
    same = "差旅住宿费上限为每晚四百元。"
    paths = [write("公开.txt", same), write("秘密.txt", "董事差旅住宿费不设上限。")]
    add(workspace, "库", *paths)
    base = workspace.knowledge_base("库")
    # The same words under a name that sorts, and was given, before the one that may be read.
    job = base.add([write("a.txt", same)])
    workspace.queue.wait(job.job_id, timeout=60)
    ids = {record.document: record.document_id for record in base.documents()}
    for allowed in ("公开.txt", "a.txt"):
        wanted = SearchFilter(document_ids=frozenset({ids[allowed]}))
        hits = workspace.search(["库"], "董事差旅住宿费上限", wanted=wanted).hits
        assert [(hit.document, hit.document_id) for hit in hits] == [(allowed, ids[allowed])]
        for event in workspace.ask(["库"], "董事差旅住宿费上限？", wanted=wanted, conversation=""):
            if isinstance(event, PassagesFound | Answer):
                assert {each.hit.document for each in event.citations} <= {allowed}
    assert (
        workspace.search(["库"], "住宿费", wanted=SearchFilter(document_ids=frozenset())).hits == ()
    )


def test_articles_and_tables_are_confined_too(workspace: Workspace, write: Write) -> None:
    law = "# 某某法\n\n第一条 为了规范管理，制定本法。\n\n第二条 本法适用于境内企业。\n"
    add(
        workspace,
        "库",
        write("某某法.md", law),
        write("价.csv", "品名,单价\n苹果,5.5\n香蕉,3.2\n"),
        write("说明.txt", "苹果的单价以门店为准，某某法另有规定的除外。"),
    )
    wanted = SearchFilter(formats=frozenset({"txt"}))
    for question in ("《某某法》第二条", "苹果单价多少？"):
        assert workspace.search(["库"], question).hits[0].document != "说明.txt"
        hits = workspace.search(["库"], question, wanted=wanted).hits
        assert [hit.document for hit in hits] == ["说明.txt"]


def test_a_filter_sees_at_once_what_was_added_and_removed(
    workspace: Workspace, write: Write
) -> None:
    wanted = SearchFilter(formats=frozenset({"txt"}))
    add(workspace, "库", write("a.txt", "密码是一二三。"), write("b.md", "密码是四五六。"))

    def found() -> list[str]:
        return sorted(h.document for h in workspace.search(["库"], "密码", wanted=wanted).hits)

    assert found() == ["a.txt"]
    add(workspace, "库", write("c.txt", "密码是七八九。"))
    assert found() == ["a.txt", "c.txt"]
    workspace.knowledge_base("库").remove("a.txt")
    assert found() == ["c.txt"]


def test_articles_are_found_as_soon_as_they_are_there(workspace: Workspace, write: Write) -> None:
    def law(name: str, words: str) -> Path:
        return write(f"{name}.md", f"# {name}\n\n第一条 {words}。\n\n第二条 自公布起施行。\n")

    def first_article(name: str, base: str = "库") -> list[str]:
        hits = workspace.search([base], f"《{name}》第一条").hits
        return [hit.document for hit in hits if hit.group]

    add(workspace, "别的", law("甲种法", "为了管理甲种设备"))
    add(workspace, "库", law("乙种法", "为了管理乙种设备"))
    assert first_article("乙种法")[0] == "乙种法.md"
    add(workspace, "别的", law("丙种法", "为了管理丙种设备"))
    add(workspace, "库", law("丁种法", "为了管理丁种设备"))
    assert first_article("丁种法")[0] == "丁种法.md"
    assert first_article("丙种法", "别的")[0] == "丙种法.md"
    assert "丙种法.md" not in first_article("丙种法")
    both = workspace.search(["库", "别的"], "《甲种法》第一条").hits
    assert (both[0].document, both[0].kb_id) == ("甲种法.md", "别的")
    workspace.knowledge_base("库").remove("丁种法.md")
    assert "丁种法.md" not in first_article("丁种法")
