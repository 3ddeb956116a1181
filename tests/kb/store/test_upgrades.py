"""Whatever version wrote a catalog, this one shows all that was in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.messages import of_error
from kb.errors import CatalogError, CatalogVersionError
from kb.settings import Settings
from kb.store.database import Database
from kb.store.migrations import HEAD
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import HashingEmbedder, open_hashing
from tests.kb.store.schemas import (
    ANSWER,
    CELLS,
    LINES,
    QUESTION,
    SCANNED,
    dump_path,
    load_dump,
    versions,
)

DUMPED = [version for version in versions() if dump_path(version).exists()]
# What a migration is there to change, and what cannot be told apart from a newly read file.
CHANGED = {("contents", "dead_since"), ("documents", "health"), ("documents", "warnings")}
WORDS = (("年假", "带薪年休假"), ("住宿费", "房费"))


@pytest.fixture(params=DUMPED)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(version: str, tmp_path: Path) -> Path:
    """A data folder whose catalog that version wrote."""
    folder = tmp_path / "data"
    folder.mkdir()
    load_dump(version, folder / "catalog.db")
    return folder


@pytest.fixture
def upgraded(home: Path, tmp_path: Path, parsers: ParserPool) -> Iterator[Workspace]:
    settings = Settings(home=home, models=tmp_path / "models", parse_workers=2)
    workspace = Workspace.open(settings, run_jobs=False, opener=open_hashing, parsers=parsers)
    yield workspace
    workspace.close()


def tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of a catalog by table, in the order of their keys."""
    with closing(sqlite3.connect(path)) as catalog:
        catalog.row_factory = sqlite3.Row
        names = [
            row[0]
            for row in catalog.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND name NOT IN ('alembic_version', 'sqlite_sequence')"
            )
        ]
        return {
            name: [dict(row) for row in catalog.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]  # noqa: S608
            for name in names
        }


def test_every_earlier_version_was_written_down() -> None:
    assert DUMPED[-1] in (HEAD, versions()[-2]), "python -m tests.kb.store.schemas, see its top"
    assert versions()[: len(DUMPED)] == DUMPED


def test_what_was_written_down_has_rows_in_every_table(home: Path) -> None:
    empty = [name for name, rows in tables(home / "catalog.db").items() if not rows]
    assert empty == []


def test_no_row_and_no_value_is_lost(home: Path) -> None:
    before = tables(home / "catalog.db")
    Database(home / "catalog.db").close()
    after = tables(home / "catalog.db")
    for table, rows in before.items():
        kept = [name for name in rows[0] if (table, name) not in CHANGED]
        found = [{name: row[name] for name in kept} for row in after[table]]
        assert found == [{name: row[name] for name in kept} for row in rows], table


def test_documents_are_listed_as_before(upgraded: Workspace) -> None:
    (record,) = upgraded.knowledge_bases()
    assert (record.name, record.description, record.top_k) == ("规章制度", "公司制度", 7)
    assert (record.document_count, record.passage_count, record.size) == (6, 5, 2100)
    base = upgraded.knowledge_base("规章制度")
    listed = [(each.document, each.state, each.health) for each in base.documents()]
    assert listed == [
        ("人数.xlsx", "ready", "green"),
        ("办法（副本）.pdf", "ready", "green"),
        ("坏.zip", "unsupported", "red"),
        ("差旅/办法.pdf", "ready", "green"),
        ("新.txt", "queued", None),
        ("病假.pdf", "partial", "amber"),
    ]
    partial = base.document("病假.pdf").reason
    assert partial is not None
    assert (partial.code, partial.params) == ("page_limit", {"pages": 3, "read": 2})


def test_texts_and_passages_are_as_before(upgraded: Workspace) -> None:
    base = upgraded.knowledge_base("规章制度")
    first, scanned = base.document("差旅/办法.pdf"), base.document("病假.pdf")
    assert [page.text for page in base.pages(first.document_id)] == ["\n".join(LINES)]
    passages = list(base.each_passage(first.document_id))
    assert [each.passage.text for each in passages] == list(LINES)
    assert passages[1].passage.place.boxes == ((0.1, 0.1, 0.9, 0.2),)
    assert [each.passage.text for each in base.each_passage(scanned.document_id)] == [SCANNED]


def test_questions_find_what_they_found_and_nothing_is_embedded_again(upgraded: Workspace) -> None:
    found = upgraded.search(["规章制度"], QUESTION).hits
    assert LINES[1] in found[0].text
    assert found[0].document in ("差旅/办法.pdf", "办法（副本）.pdf")
    assert "旧版本的内容。" not in "".join(hit.text for hit in found)
    embedder = upgraded.engines.embedder("e5-small")
    assert isinstance(embedder, HashingEmbedder)
    assert embedder.texts_embedded == 1  # the question


def test_talks_feedback_and_synonyms_are_as_before(upgraded: Workspace, version: str) -> None:
    (talk,) = upgraded.conversations.page()
    asked, answered = upgraded.conversations.messages(talk.conversation_id)
    assert (talk.title, asked.text, answered.text) == (QUESTION, QUESTION, ANSWER)
    assert answered.answer is not None
    assert answered.answer.citations[0].hit.place.boxes == ((0.1, 0.1, 0.9, 0.2),)
    given = [(each.message_id, each.praise) for each in upgraded.feedback.page()]
    assert given == ([(2, "up")] if version >= "0006" else [])
    words = upgraded.knowledge_base("规章制度").synonyms()
    assert words == (WORDS if version >= "0007" else ())
    assert upgraded.engines.chat_model() == "qwen2.5-coder-0.5b"


def test_tables_can_be_asked_as_before(upgraded: Workspace, version: str) -> None:
    found = upgraded._sheets.of_passages([5])
    told = [
        (span.table.header, [row.cells for row in span.rows])
        for spans in found.values()
        for span in spans
    ]
    assert told == ([(tuple(CELLS[0]), [tuple(CELLS[1])])] if version >= "0005" else [])


def test_work_goes_on_after_the_upgrade(home: Path, tmp_path: Path, parsers: ParserPool) -> None:
    file = tmp_path / "加班.txt"
    file.write_text("加班须由主管批准。", encoding="utf-8")
    settings = Settings(home=home, models=tmp_path / "models", parse_workers=2)
    workspace = Workspace.open(settings, opener=open_hashing, parsers=parsers)
    try:
        base = workspace.knowledge_base("规章制度")
        assert workspace.queue.wait(base.add([file]).job_id, timeout=60).counts == {"ready": 1}
        assert workspace.search(["规章制度"], "谁批准加班？").hits[0].document == "加班.txt"
        # What was queued then is done now: its file is on a share that this machine lacks.
        assert workspace.queue.wait("3d4e5f", timeout=60).counts == {"failed": 1}
    finally:
        workspace.close()


def test_an_upgrade_that_fails_leaves_the_catalog_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    load_dump("0001", path)
    with closing(sqlite3.connect(path)) as catalog:
        # The last but one of the migrations meets a table that stands in its way.
        catalog.execute("CREATE TABLE feedback (a, b)")
        catalog.commit()
    before = tables(path)
    with pytest.raises(CatalogError, match="feedback"):
        Database(path)
    assert tables(path) == before


def test_a_catalog_of_a_newer_version_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    Database(path).close()
    with closing(sqlite3.connect(path)) as catalog:
        catalog.execute("UPDATE alembic_version SET version_num = '9999'")
        catalog.commit()
    before = path.read_bytes()
    with pytest.raises(CatalogVersionError) as raised:
        Workspace.open(Settings(home=tmp_path, models=tmp_path / "models"))
    assert path.read_bytes() == before
    told = of_error(raised.value, "zh")
    assert (told.code, "较新" in told.text, bool(told.hint)) == ("catalog_newer", True, True)
    assert "newer version" in of_error(raised.value, "en").text
