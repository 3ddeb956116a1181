import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.errors import VectorIndexError
from kb.ingest import runner
from kb.ingest.indexing import IndexKeeper
from kb.store.jobs import QueuedItem
from kb.types import JobItem, JobRecord
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.ingest.test_filling import House

Write = Callable[[str, str], Path]
SENTENCES = [f"第{number}号仓库存放着{number * 37}件货物，由专人看管。" for number in range(1100)]


@pytest.fixture
def house(tmp_path: Path, parsers: ParserPool) -> Iterator[House]:
    house = House(tmp_path / "data", parsers)
    yield house
    house.close()


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_a_cancelled_job_does_not_wait_for_the_indexes(
    workspace: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_LONG_PASSAGES", 10)
    workspace.create("库")
    keeper = workspace.engines.indexes("库")
    path = write("仓库.txt", "\n\n".join(SENTENCES))
    with keeper._lock:
        job = workspace.knowledge_base("库").add([path])
        assert until(lambda: workspace.queue.items(job.job_id)[0].stage == "index")
        workspace.queue.cancel(job.job_id)
        done = workspace.queue.wait(job.job_id, timeout=60)
        assert (done.state, done.counts) == ("cancelled", {"ready": 1})
        assert keeper.behind()
    # What was finished stays, and is found all the same.
    assert until(lambda: not keeper.behind())
    hits = workspace.search(["库"], "第600号仓库存放着多少件货物？").hits
    assert any(SENTENCES[600] in hit.text for hit in hits)


def test_a_cancelled_change_of_embedder_leaves_nothing_of_the_new_one(
    house: House, write: Write
) -> None:
    workspace = house.open()
    workspace.create("库")
    base = workspace.knowledge_base("库")
    job = base.add([write("仓库.txt", "\n\n".join(SENTENCES))])
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"
    former = house.embedder
    house.allowed = 1
    workspace.configure("库", embedder="bge-small-zh-v1.5")
    assert until(lambda: house.embedder is not former)
    assert house.embedder.waiting.wait(60)
    (newest,) = workspace.queue.page(limit=1)
    new_vectors = "SELECT COUNT(*) FROM vectors WHERE embedder = 'bge-small-zh-v1.5'"
    ((made,),) = house.rows(new_vectors)
    assert made
    workspace.queue.cancel(newest.job_id)
    # A worker asks twice a second whether its job was cancelled.
    time.sleep(0.6)
    house.embedder.leave.release(1000)
    assert workspace.queue.wait(newest.job_id, timeout=60).state == "cancelled"
    assert until(lambda: house.rows(new_vectors) == [(0,)])
    assert base.record.embedder == "e5-small"
    assert house.rows("SELECT COUNT(*) FROM vectors") == [(base.record.passage_count,)]
    hits = workspace.search(["库"], "第600号仓库存放着多少件货物？").hits
    assert any(SENTENCES[600] in hit.text for hit in hits)


def test_a_job_that_cannot_be_ended_is_told_of_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.create("库")
    tried: list[str] = []

    def fail(_keeper: IndexKeeper, **_options: object) -> None:
        tried.append("once")
        raise VectorIndexError("no space left on the disk")

    caplog.set_level(logging.ERROR)
    with monkeypatch.context() as patch:
        patch.setattr(IndexKeeper, "catch_up", fail)
        job = workspace._jobs.create("库", "add")
        for passes in range(1, 4):
            workspace._runner.wake()
            assert until(lambda passes=passes: len(tried) >= passes)  # type: ignore[misc]
    assert caplog.text.count("stumbled") == 1
    assert "no space left" in caplog.text
    workspace._runner.wake()
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"


def test_a_file_at_which_the_process_died_twice_is_worked_on_alone(
    workspace: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.create("库")
    running: set[str] = set()
    together: list[set[str]] = []
    take_in = runner.JobRunner._take_in

    def watched(self: runner.JobRunner, job: JobRecord, item: JobItem) -> None:
        running.add(item.document)
        together.append(set(running))
        time.sleep(0.1)
        take_in(self, job, item)
        running.discard(item.document)

    monkeypatch.setattr(runner.JobRunner, "_take_in", watched)
    paths = [write(f"{name}.txt", f"{name}号仓库由专人看管。") for name in "甲乙丙丁"]
    items = [QueuedItem(str(path), path.name) for path in paths]
    job = workspace._jobs.create("库", "add", items)
    with workspace._database.write() as connection:
        connection.execute(text("UPDATE job_items SET attempts = 2 WHERE document = '甲.txt'"))
    workspace._runner.wake()
    assert workspace.queue.wait(job.job_id, timeout=60).counts == {"ready": 4}
    assert [each for each in together if "甲.txt" in each] == [{"甲.txt"}]
    assert any(len(each) > 1 for each in together)
