import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kb.embedders.base import Embedder, Vectors
from kb.errors import EmbeddingError
from kb.ingest.filling import ChangedTextError, Filler, Reading
from kb.ingest.pace import Pace
from kb.models.table import EmbedderModel, find_embedder
from kb.settings import Settings
from kb.store.catalog import Catalog
from kb.store.contents import ContentBatch, Contents
from kb.store.database import Database
from kb.types import JobRecord, PageText
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import HashingEmbedder

# Three parts, each of a few dozen passages: one call of the embedder each.
SENTENCES = [f"第{number}号仓库存放着{number * 37}件货物，由专人看管。" for number in range(1100)]


class SlowEmbedder(HashingEmbedder):
    """Embeds ``allowed`` batches, then waits for more leave."""

    def __init__(self, model: EmbedderModel, allowed: int) -> None:
        super().__init__(model)
        self.leave = threading.Semaphore(allowed)
        self.waiting = threading.Event()
        self.batches = 0
        self.fails = False

    def _encode(self, texts: Sequence[str]) -> Vectors:
        if not self.leave.acquire(blocking=False):
            self.waiting.set()
            self.leave.acquire()
        if self.fails:
            raise EmbeddingError("the server of the embedder is away")
        self.batches += 1
        return super()._encode(texts)


class House:
    """A data folder whose workspace is opened with an embedder that stops where it is told."""

    def __init__(self, home: Path, parsers: ParserPool) -> None:
        self.home = home
        self._settings = Settings(home=home, models=home / "none", parse_workers=1)
        self._parsers = parsers
        self._workspace: Workspace | None = None
        self.allowed = 1000
        self.embedder: SlowEmbedder

    def open(self, allowed: int = 1000) -> Workspace:
        self.allowed = allowed

        def opener(model: EmbedderModel, *, folder: Path, threads: int) -> Embedder:
            self.embedder = SlowEmbedder(model, self.allowed)
            return self.embedder

        workspace = Workspace.open(self._settings, opener=opener, parsers=self._parsers)
        workspace.engines.embedder("e5-small")
        self._workspace = workspace
        return workspace

    def close(self) -> None:
        """End in order while the embedder is at work."""
        if self._workspace is None:
            return
        # The worker is told to end before the embedder gives the batch back.
        leave = threading.Timer(0.3, self.embedder.leave.release, (1000,))
        leave.start()
        self._workspace.close()
        leave.join()
        self._workspace = None

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.home / "catalog.db") as catalog:
            found = catalog.execute(query).fetchall()
        catalog.close()
        return found


@pytest.fixture
def house(tmp_path: Path, parsers: ParserPool) -> Iterator[House]:
    house = House(tmp_path / "data", parsers)
    yield house
    house.close()


@pytest.fixture
def long_file(write: Callable[[str, str], Path]) -> Path:
    return write("仓库.txt", "\n\n".join(SENTENCES))


def begin(house: House, path: Path, *, parts: int) -> JobRecord:
    """Take a file in until ``parts`` parts of it are written."""
    workspace = house.open(allowed=parts)
    workspace.create("库")
    job = workspace.knowledge_base("库").add([path])
    assert house.embedder.waiting.wait(30)
    return job


def end(workspace: Workspace, job: JobRecord) -> None:
    done = workspace.queue.wait(job.job_id, timeout=60)
    assert (done.state, done.counts) == ("done", {"ready": 1})


def text_of(workspace: Workspace) -> str:
    base = workspace.knowledge_base("库")
    return "\n".join(page.text for page in base.pages(base.document("仓库.txt").document_id))


def test_a_file_goes_on_where_the_program_was_ended(house: House, long_file: Path) -> None:
    job = begin(house, long_file, parts=1)
    house.close()
    (written,) = house.rows("SELECT passage_count FROM contents")
    assert house.rows("SELECT state, attempts FROM job_items") == [("queued", 0)]
    workspace = house.open()
    end(workspace, job)
    (total,) = house.rows("SELECT passage_count FROM contents")
    assert house.embedder.texts_embedded == total[0] - written[0] > 0  # type: ignore[operator]
    assert text_of(workspace) == "\n".join(SENTENCES)
    for number in (3, 600, 1099):
        hit = workspace.search(["库"], f"第{number}号仓库存放着多少件货物？").hits
        assert any(SENTENCES[number] in one.text for one in hit)
    assert house.rows("SELECT COUNT(DISTINCT position), COUNT(*) FROM lines") == [
        (len(SENTENCES), len(SENTENCES))
    ]


def test_a_file_that_is_read_otherwise_now_begins_anew(house: House, long_file: Path) -> None:
    job = begin(house, long_file, parts=1)
    house.close()
    with sqlite3.connect(house.home / "catalog.db") as catalog:
        catalog.execute("UPDATE passages SET text = '旧版本读出的文字' WHERE first_line = 0")
    catalog.close()
    workspace = house.open()
    end(workspace, job)
    (total,) = house.rows("SELECT passage_count FROM contents WHERE live")
    assert house.embedder.texts_embedded == total[0]
    assert house.rows("SELECT COUNT(*) FROM contents WHERE live") == [(1,)]
    assert text_of(workspace) == "\n".join(SENTENCES)


def test_what_was_written_before_the_embedder_failed_is_not_embedded_again(
    house: House, long_file: Path
) -> None:
    job = begin(house, long_file, parts=1)
    workspace = house._workspace
    assert workspace is not None
    house.embedder.fails = True
    house.embedder.leave.release(1000)
    failed = workspace.queue.wait(job.job_id, timeout=60)
    assert (failed.state, failed.counts) == ("done", {"failed": 1})
    (written,) = house.rows("SELECT passage_count FROM contents")
    # What waits for another try is found by nobody, and outlives a start.
    house.close()
    workspace = house.open()
    assert workspace.search(["库"], SENTENCES[3]).hits == ()
    house.embedder.texts_embedded = 0
    end(workspace, workspace.queue.retry(job.job_id))
    (total,) = house.rows("SELECT passage_count FROM contents WHERE live")
    assert house.embedder.texts_embedded == total[0] - written[0] > 0  # type: ignore[operator]
    assert text_of(workspace) == "\n".join(SENTENCES)


def test_a_file_that_has_lost_empty_pages_at_its_end_is_noticed(
    tmp_path: Path, long_file: Path, parsers: ParserPool
) -> None:
    database = Database(tmp_path / "catalog.db")
    embedder = HashingEmbedder(find_embedder("e5-small", tmp_path))
    Catalog(database).create(
        "kb", "库", description="", embedder="e5-small", dim=embedder.dim, created_by=""
    )
    contents = Contents(database)
    pace = Pace()
    content_id = contents.open("kb", "s", "e5-small", title="")

    def fill() -> None:
        Filler(contents, parsers, pace).fill(
            content_id,
            embedder,
            Reading(long_file, "仓库.txt"),
            stage=lambda _name, _passages: None,
            cancelled=lambda: False,
        )

    fill()
    embedded = embedder.texts_embedded
    fill()
    assert embedder.texts_embedded == embedded > 0
    _lines, pages = contents.extent(content_id)
    batch = ContentBatch(pages=[PageText(None, None, "")], first_page=pages)
    contents.append(content_id, batch, "e5-small")
    with pytest.raises(ChangedTextError):
        fill()
    pace.close()
    database.close()


def test_nothing_is_left_of_a_long_file_that_is_cancelled(house: House, long_file: Path) -> None:
    job = begin(house, long_file, parts=1)
    workspace = house._workspace
    assert workspace is not None
    workspace.queue.cancel(job.job_id)
    # A worker asks twice a second whether its job was cancelled.
    time.sleep(0.6)
    house.embedder.leave.release(1000)
    assert workspace.queue.wait(job.job_id, timeout=30).state == "cancelled"
    tables = ("contents", "lines", "passages", "vectors", "pages", "documents")
    deadline = time.monotonic() + 30
    left = list(tables)
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = [table for table in tables if house.rows(f"SELECT 1 FROM {table}")]  # noqa: S608
    assert left == []
    assert [path for path in (house.home / "库").rglob("*") if path.name == "仓库.txt"] == []


def test_what_nobody_goes_on_with_is_deleted(house: House, long_file: Path) -> None:
    job = begin(house, long_file, parts=1)
    house.close()
    with sqlite3.connect(house.home / "catalog.db") as catalog:
        catalog.execute("UPDATE jobs SET state = 'cancelled' WHERE id = ?", (job.job_id,))
    catalog.close()
    assert house.rows("SELECT COUNT(*) FROM contents") == [(1,)]
    house.open()
    deadline = time.monotonic() + 30
    while house.rows("SELECT 1 FROM contents") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert house.rows("SELECT COUNT(*) FROM passages") == [(0,)]
