"""A data folder is proved to hold together, and what can be made again is mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.integrity import Finding
from kb.workspace import Workspace
from tests.kb.conftest import Opener
from tests.kb.hashing import HashingEmbedder

Write = Callable[[str, str], Path]


@pytest.fixture
def filled(workspace: Workspace, write: Write) -> Workspace:
    workspace.create("库")
    write("差旅.txt", "住宿费每晚不超过500元。伙食补助每天100元。")
    write("假期.txt", "年假为十天，婚假为十五天。")
    folder = write("考勤.txt", "上班时间为九点到十八点。").parent
    workspace.queue.wait(workspace.knowledge_base("库").add([folder]).job_id, timeout=60)
    assert workspace.examine(thorough=True) == []
    return workspace


def run(workspace: Workspace, statement: str) -> None:
    """Change the catalog as no function of the store would."""
    with workspace._database.write() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        connection.execute(text(statement))


def embedded(workspace: Workspace) -> int:
    embedder = workspace.engines.embedder("e5-small")
    assert isinstance(embedder, HashingEmbedder)
    return embedder.texts_embedded


def kinds(found: list[Finding]) -> set[str]:
    return {each.kind for each in found}


def wait(workspace: Workspace) -> None:
    for job in workspace.queue.page(active_only=True):
        workspace.queue.wait(job.job_id, timeout=60)


def test_a_text_that_lacks_vectors_is_read_again(filled: Workspace) -> None:
    run(filled, "DELETE FROM vectors WHERE passage_id = 1")
    found = filled.examine()
    assert (found[0].kind, found[0].count, found[0].repaired) == ("texts_incomplete", 1, False)
    repaired = filled.examine(repair=True)
    assert all(each.repaired for each in repaired)
    wait(filled)
    assert filled.examine(thorough=True) == []
    assert filled.search(["库"], "住宿费每晚多少钱？").hits


def test_a_text_that_lacks_passages_is_read_again(filled: Workspace) -> None:
    run(filled, "DELETE FROM vectors WHERE passage_id = 2")
    run(filled, "DELETE FROM passages WHERE id = 2")
    assert "texts_incomplete" in kinds(filled.examine())
    filled.examine(repair=True)
    wait(filled)
    assert filled.examine(thorough=True) == []


def test_a_text_that_belongs_to_no_document_goes(filled: Workspace) -> None:
    run(filled, "DELETE FROM documents WHERE path = '差旅.txt'")
    (found,) = filled.examine()
    assert (found.kind, found.count) == ("texts_unused", 1)
    filled.examine(repair=True)
    assert filled.examine(thorough=True) == []
    assert not any("500" in hit.text for hit in filled.search(["库"], "住宿费").hits)


@pytest.mark.parametrize("kind", ["vector_index", "keyword_index"])
def test_an_index_that_differs_is_made_anew_and_nothing_is_embedded(
    filled: Workspace, kind: str
) -> None:
    keeper = filled.engines.indexes("库")
    index = keeper.vectors if kind == "vector_index" else keeper.keywords
    index.remove(1, 1)
    index.commit(index.applied)
    (found,) = filled.examine()
    assert (found.kind, found.count) == (kind, 1)
    before = embedded(filled)
    filled.examine(repair=True)
    assert filled.examine(thorough=True) == []
    assert embedded(filled) == before
    assert filled.search(["库"], "住宿费每晚多少钱？").hits


@pytest.mark.parametrize("pattern", ["vectors/*.faiss", "vectors/*.npy", "keywords/*.term"])
def test_a_flipped_bit_in_an_index_is_found_and_mended(
    filled: Workspace, reopen: Opener, pattern: str
) -> None:
    filled.engines.indexes("库").vectors.compact()
    path = next(iter(filled.folder("库").glob(pattern)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert filled.examine(thorough=True) != []
    filled.examine(repair=True, thorough=True)
    assert filled.examine(thorough=True) == []
    again = reopen()
    assert again.examine(thorough=True) == []
    assert again.search(["库"], "住宿费每晚多少钱？").hits[0].document == "差旅.txt"


@pytest.mark.parametrize("damage", ["deleted", "truncated"])
@pytest.mark.parametrize("folder", ["vectors", "keywords"])
def test_damaged_index_files_mend_themselves_at_the_next_start(
    filled: Workspace, reopen: Opener, folder: str, damage: str
) -> None:
    filled.engines.indexes("库").vectors.compact()
    home = filled.folder("库") / folder
    filled.close()
    for path in home.iterdir():
        if damage == "deleted":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    again = reopen()
    assert again.search(["库"], "住宿费每晚多少钱？").hits[0].document == "差旅.txt"
    assert embedded(again) == 1  # the question
    assert again.examine(thorough=True) == []


def test_what_ended_jobs_have_left_is_deleted(filled: Workspace) -> None:
    left = filled.folder("库") / "incoming" / "job-gone"
    left.mkdir(parents=True)
    (left / "0").write_text("x")
    (found,) = filled.examine()
    assert (found.kind, found.items) == ("staging_left", ("job-gone",))
    filled.examine(repair=True)
    assert not left.exists()


def test_an_original_that_is_gone_or_changed_is_told(filled: Workspace) -> None:
    files = filled.knowledge_base("库").files
    (files / "差旅.txt").unlink()
    (files / "假期.txt").write_text("改过了", encoding="utf-8")
    found = {each.kind: each.items for each in filled.examine(thorough=True)}
    assert found == {"originals_missing": ("差旅.txt",), "originals_changed": ("假期.txt",)}
    assert not any(each.repaired for each in filled.examine(repair=True, thorough=True))
    assert filled.search(["库"], "住宿费").hits


def test_a_row_that_points_nowhere_is_a_damaged_catalog(filled: Workspace) -> None:
    # Outside of a transaction: inside one SQLite does not let go of foreign keys.
    connection = sqlite3.connect(filled.settings.home / "catalog.db")
    connection.execute("UPDATE documents SET kb_id = 'nowhere' WHERE id = 1")
    connection.commit()
    connection.close()
    (found,) = filled.examine()
    assert found.kind == "catalog_damaged"
    assert "documents" in found.items[0]
