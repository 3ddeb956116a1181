import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kb import knowledge_base
from kb.errors import CancelledError, VectorIndexError
from kb.ingest import indexing
from kb.ingest.indexing import IndexKeeper
from kb.workspace import Workspace
from tests.kb.conftest import Opener

Write = Callable[[str, str], Path]
SENTENCES = [f"{number}号仓库存放着{number * 37}件货物，由专人看管。" for number in range(300)]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_MANY", 10)
    monkeypatch.setattr(indexing, "_BATCH", 4)


@pytest.fixture
def keeper(workspace: Workspace, write: Write) -> IndexKeeper:
    """The indexes of a knowledge base with one document of two dozen passages."""
    workspace.create("库")
    job = workspace.knowledge_base("库").add([write("仓库.txt", "\n\n".join(SENTENCES))])
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"
    return workspace.engines.indexes("库")


def rebuilt(workspace: Workspace, keeper: IndexKeeper) -> IndexKeeper:
    """Begin both indexes anew, so that all is to be replayed."""
    embedder = workspace.engines.embedder(keeper.embedder_id)
    keeper.vectors = type(keeper.vectors).create(  # type: ignore[attr-defined]
        keeper._vector_folder, dim=embedder.dim, embedder=embedder.model_id
    )
    keeper.keywords.close()
    keeper.keywords = type(keeper.keywords).create(  # type: ignore[attr-defined]
        keeper._keyword_folder
    )
    return keeper


def test_a_long_document_goes_past_the_memory_of_the_vector_index(
    workspace: Workspace, keeper: IndexKeeper
) -> None:
    count = workspace.knowledge_base("库").record.passage_count
    assert count > 10
    assert (keeper.vectors.count, keeper.keywords.count) == (count, count)
    assert list(keeper._vector_folder.glob("*.faiss")) != []
    assert not keeper.behind()
    hits = workspace.search(["库"], "250号仓库存放着多少件货物？").hits
    assert any(SENTENCES[250] in hit.text for hit in hits)


def test_what_was_added_and_removed_since_is_replayed_together(
    workspace: Workspace, keeper: IndexKeeper, write: Write
) -> None:
    base = workspace.knowledge_base("库")
    other = write("其他.txt", "\n\n".join(sentence[::-1] for sentence in SENTENCES))
    job = base.add([other, write("短.txt", "食堂十一点半开饭。")])
    workspace.queue.wait(job.job_id, timeout=60)
    base.remove("仓库.txt")
    keeper = rebuilt(workspace, keeper)
    keeper.catch_up()
    count = base.record.passage_count
    assert (keeper.vectors.count, keeper.keywords.count) == (count, count)
    assert workspace.search(["库"], "食堂几点开饭？").hits[0].document == "短.txt"


def test_a_question_does_not_wait_for_a_long_replay(
    workspace: Workspace, keeper: IndexKeeper
) -> None:
    keeper = rebuilt(workspace, keeper)
    keeper._last_commit = 0.0
    keeper.catch_up(lazy=True, most=5)
    assert keeper.behind()
    with keeper._lock:
        asked = threading.Thread(target=keeper.catch_up, kwargs={"lazy": True})
        asked.start()
        asked.join(10)
        assert not asked.is_alive()
    assert keeper.behind()
    keeper.catch_up(lazy=True, most=5000)
    assert not keeper.behind()


def test_the_first_question_after_a_start_waits_for_all_of_it(
    workspace: Workspace, write: Write, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few passages stay in the vector index's memory when the process ends.
    monkeypatch.setattr(indexing, "_MANY", 1000)
    monkeypatch.setattr(knowledge_base, "_MOST_PASSAGES_FIRST", 1)
    workspace.create("库")
    job = workspace.knowledge_base("库").add([write("仓库.txt", "\n\n".join(SENTENCES))])
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"
    workspace.close()
    again = reopen()
    searchable = again.knowledge_base("库").searchable()
    count = again.knowledge_base("库").record.passage_count
    assert searchable.vectors.count == searchable.keywords.count == count > 10


def test_a_replay_that_is_stopped_goes_on_later(workspace: Workspace, keeper: IndexKeeper) -> None:
    keeper = rebuilt(workspace, keeper)
    answers = iter([False] * 3)
    with pytest.raises(CancelledError):
        keeper.catch_up(stopped=lambda: next(answers, True))
    assert keeper.behind()
    assert keeper.vectors.search(np.ones(keeper.vectors.dim), 3) == []
    keeper.catch_up()
    assert not keeper.behind()
    assert keeper.vectors.count == workspace.knowledge_base("库").record.passage_count


def test_another_embedders_index_takes_the_place_when_it_is_whole(
    reopen: Opener, write: Write
) -> None:
    workspace = reopen()
    workspace.create("库")
    base = workspace.knowledge_base("库")
    job = base.add([write("仓库.txt", "\n\n".join(SENTENCES)), write("短.txt", "食堂开饭。")])
    workspace.queue.wait(job.job_id, timeout=60)
    base.remove("短.txt")
    folders = []
    for name in ("bge-small-zh-v1.5", "e5-small"):
        old = workspace.engines.indexes("库").vectors
        workspace.configure("库", embedder=name)
        (newest,) = workspace.queue.page(limit=1)
        assert workspace.queue.wait(newest.job_id, timeout=60).state == "done"
        with pytest.raises(VectorIndexError):
            old.search(np.ones(old.dim), 1)
        workspace = reopen()
        keeper = workspace.engines.indexes("库")
        folders.append((keeper._vector_folder.name, sorted(keeper._folder.glob("vectors*"))))
        assert (keeper.embedder_id, keeper.behind()) == (name, False)
        assert keeper.vectors.count == workspace.knowledge_base("库").record.passage_count
    home, other = keeper._folder / "vectors", keeper._folder / "vectors-2"
    assert folders == [("vectors-2", [other]), ("vectors", [home])]
    hits = workspace.search(["库"], "250号仓库存放着多少件货物？").hits
    assert any(SENTENCES[250] in hit.text for hit in hits)


def test_a_change_of_embedder_that_is_stopped_leaves_all_as_it_was(
    workspace: Workspace, keeper: IndexKeeper
) -> None:
    other = workspace.engines.embedder("bge-small-zh-v1.5")
    count = keeper.vectors.count
    adopted: list[str] = []
    answers = iter([False])
    with pytest.raises(CancelledError):
        keeper.switch_embedder(
            other, adopt=lambda: adopted.append("yes"), stopped=lambda: next(answers, True)
        )
    assert (keeper.embedder_id, keeper.vectors.count, adopted) == ("e5-small", count, [])
    assert [path.name for path in keeper._folder.glob("vectors*")] == ["vectors"]
    hits = workspace.search(["库"], "250号仓库存放着多少件货物？").hits
    assert any(SENTENCES[250] in hit.text for hit in hits)


def test_whoever_waits_for_anothers_replay_can_be_stopped(
    workspace: Workspace, keeper: IndexKeeper
) -> None:
    keeper = rebuilt(workspace, keeper)
    with keeper._lock, pytest.raises(CancelledError):
        keeper.catch_up(stopped=lambda: True)
    assert keeper.behind()


def test_an_orderly_end_writes_what_the_next_start_would_have_to_replay(
    reopen: Opener, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_MANY", 20_000)
    monkeypatch.setattr(indexing, "_LEAST_WAITING", 10)
    first = reopen()
    first.create("库")
    job = first.knowledge_base("库").add([write("仓库.txt", "\n\n".join(SENTENCES))])
    assert first.queue.wait(job.job_id, timeout=60).state == "done"
    before = first.engines.indexes("库").vectors
    count = before.count
    assert before.waiting == count
    again = reopen().engines.indexes("库")
    assert (again.vectors.count, again.vectors.waiting) == (count, 0)
    assert not again.behind()


def test_documents_are_listed_without_opening_an_index(reopen: Opener, write: Write) -> None:
    workspace = reopen()
    workspace.create("库")
    base = workspace.knowledge_base("库")
    assert base.documents() == []
    assert base.record.name == "库"
    assert list(workspace.engines._open_indexes()) == []
    assert workspace.search(["库"], "什么？").hits == ()
    assert len(workspace.engines._open_indexes()) == 1


def test_the_indexes_of_one_knowledge_base_do_not_wait_for_those_of_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("慢", "快"):
        workspace.create(name)
    begun, go_on = threading.Event(), threading.Event()
    find = IndexKeeper._find_vector_folder

    def slow(keeper: IndexKeeper) -> Path:
        if keeper._kb_id == "慢":
            begun.set()
            assert go_on.wait(20)
        return find(keeper)

    monkeypatch.setattr(IndexKeeper, "_find_vector_folder", slow)
    waiting = threading.Thread(target=workspace.engines.indexes, args=("慢",))
    waiting.start()
    assert begun.wait(20)
    assert workspace.engines.indexes("快").vectors.count == 0
    go_on.set()
    waiting.join(20)
    assert workspace.engines.indexes("慢") is workspace.engines.indexes("慢")
