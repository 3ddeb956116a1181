"""What a document was before it changed can be looked up for a while, and is never found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.backup.restoring import restore_backup
from kb.backup.writing import write_backup
from kb.errors import NotFoundError
from kb.ingest import pipeline
from kb.integrity import Finding
from kb.store.versions import KEPT_VERSIONS
from kb.workspace import Workspace
from tests.kb.conftest import Opener

Write = Callable[[str, str], Path]
DAY = 86_400.0
NAME = "差旅.txt"


def add(workspace: Workspace, *paths: Path) -> None:
    job = workspace.knowledge_base("库").add(paths)
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"


def said(workspace: Workspace, name: str, version: int) -> str:
    base = workspace.knowledge_base("库")
    return "".join(part.text for part in base.version_pages(base.version(name, version)))


def found(workspace: Workspace, question: str) -> str:
    return "".join(hit.text for hit in workspace.search(["库"], question).hits)


def clean(workspace: Workspace) -> None:
    """Let the runner delete all that is dead, as it does when nothing else is to be done."""
    runner = workspace._runner
    runner._expired = -(10**9)
    while runner._clean_up():
        pass


def rows(workspace: Workspace, table: str) -> int:
    with workspace._database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


@pytest.fixture
def changed(workspace: Workspace, write: Write) -> Workspace:
    """A document that was added twice, the second time with other bytes."""
    workspace.create("库")
    add(workspace, write(NAME, "住宿费每晚不超过500元。"))
    add(workspace, write(NAME, "住宿费每晚不超过600元。"))
    clean(workspace)
    return workspace


def test_what_a_document_said_before_is_kept_with_its_file(changed: Workspace) -> None:
    base = changed.knowledge_base("库")
    now = base.document(NAME)
    (version,) = base.versions(NAME)
    assert (version.version, version.ended, version.document) == (1, "changed", NAME)
    assert now.created_at == version.since < version.until <= time.time()
    assert (version.lines, version.passages, version.title) == (1, 1, "差旅")
    assert said(changed, NAME, 1) == "住宿费每晚不超过500元。"
    original = base.version_original(version)
    assert original.read_text(encoding="utf-8") == "住宿费每晚不超过500元。"
    assert base.original(now.document_id).read_text(encoding="utf-8") == "住宿费每晚不超过600元。"
    assert changed.examine(thorough=True) == []


def test_questions_find_what_it_says_now_alone(changed: Workspace) -> None:
    assert "600" in found(changed, "住宿费每晚多少元？")
    assert "500" not in found(changed, "住宿费每晚不超过500元。")
    assert rows(changed, "passages") == rows(changed, "vectors") == 1
    assert rows(changed, "pages") == 2


def test_the_same_bytes_are_no_new_version(changed: Workspace, write: Write) -> None:
    add(changed, write(NAME, "住宿费每晚不超过600元。"))
    job = changed.knowledge_base("库").reindex([NAME])
    changed.queue.wait(job.job_id, timeout=60)
    assert [each.version for each in changed.knowledge_base("库").versions(NAME)] == [1]


def test_a_document_may_become_again_what_it_was(changed: Workspace, write: Write) -> None:
    add(changed, write(NAME, "住宿费每晚不超过500元。"))
    clean(changed)
    assert "500" in found(changed, "住宿费每晚多少元？")
    first, second = said(changed, NAME, 1), said(changed, NAME, 2)
    assert (first, second) == ("住宿费每晚不超过500元。", "住宿费每晚不超过600元。")
    before, after = reversed(changed.knowledge_base("库").versions(NAME))
    assert before.until == after.since
    assert changed.examine(thorough=True) == []


def test_a_text_that_another_document_has_too_stays_with_it(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(
        workspace,
        write(NAME, "住宿费每晚不超过500元。"),
        write("副本.txt", "住宿费每晚不超过500元。"),
    )
    add(workspace, write(NAME, "住宿费每晚不超过600元。"))
    clean(workspace)
    assert "500" in found(workspace, "住宿费每晚不超过500元。")
    assert said(workspace, NAME, 1) == "住宿费每晚不超过500元。"
    workspace.knowledge_base("库").remove("副本.txt")
    clean(workspace)
    assert "500" not in found(workspace, "住宿费每晚不超过500元。")
    assert said(workspace, NAME, 1) == "住宿费每晚不超过500元。"
    assert workspace.examine(thorough=True) == []


def test_versions_go_when_they_are_many_or_old(changed: Workspace, write: Write) -> None:
    base = changed.knowledge_base("库")
    for number in range(KEPT_VERSIONS + 1):
        add(changed, write(NAME, f"住宿费每晚不超过{700 + number}元。"))
    clean(changed)
    kept = base.versions(NAME)
    assert [each.version for each in kept] == [7, 6, 5, 4, 3]
    assert len(list((base.folder / "versions").iterdir())) == rows(changed, "document_versions")
    with changed._database.write() as connection:
        connection.execute(
            text("UPDATE document_versions SET until = until - :age WHERE number < 7"),
            {"age": 91 * DAY},
        )
    clean(changed)
    assert [each.version for each in base.versions(NAME)] == [7]
    assert len(list((base.folder / "versions").iterdir())) == 1
    assert rows(changed, "contents") == rows(changed, "pages") == 2
    assert changed.examine(thorough=True) == []


def test_who_removes_a_document_removes_what_it_was(changed: Workspace) -> None:
    base = changed.knowledge_base("库")
    base.remove(NAME)
    clean(changed)
    with pytest.raises(NotFoundError):
        base.versions(NAME)
    assert list((base.folder / "versions").iterdir()) == []
    assert rows(changed, "contents") == rows(changed, "pages") == 0
    assert changed.examine(thorough=True) == []


def test_a_file_deleted_from_a_folder_can_be_read_for_a_while(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.create("库")
    share = tmp_path / "share"
    share.mkdir()
    folder = workspace.mirror.link("库", share)

    def sync() -> None:
        done = workspace.mirror.synchronise(folder, confirm=True)
        if done.job_id is not None:
            workspace.queue.wait(done.job_id, timeout=60)
        clean(workspace)

    def put(content: str) -> None:
        path = share / NAME
        path.write_text(content, encoding="utf-8")
        os.utime(path, (time.time() - 3600,) * 2)

    base = workspace.knowledge_base("库")
    put("住宿费每晚不超过500元。")
    sync()
    put("住宿费每晚不超过六百元整。")
    sync()
    (share / NAME).unlink()
    sync()
    assert base.documents() == []
    assert [(each.version, each.ended) for each in base.versions(NAME)] == [
        (2, "deleted"),
        (1, "changed"),
    ]
    assert [each.version for each in base.gone()] == [2]
    assert said(workspace, NAME, 2) == "住宿费每晚不超过六百元整。"
    with pytest.raises(NotFoundError):
        base.version_original(base.version(NAME, 2))
    # A file of that name goes on with its history.
    put("住宿费每晚不超过700元。")
    sync()
    assert base.gone() == []
    assert [each.version for each in base.versions(NAME)] == [2, 1]
    put("住宿费每晚不超过八百元整。")
    sync()
    assert [each.version for each in base.versions(NAME)] == [3, 2, 1]
    assert workspace.examine(thorough=True) == []


def test_a_file_system_without_links_keeps_the_file_too(
    changed: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(pipeline.os, "link", refuse)
    add(changed, write(NAME, "住宿费每晚不超过700元。"))
    base = changed.knowledge_base("库")
    kept = base.version_original(base.version(NAME, 2))
    assert kept.read_text(encoding="utf-8") == "住宿费每晚不超过600元。"
    assert changed.examine(thorough=True) == []


def test_an_original_changed_by_hand_is_not_passed_off_as_the_version(
    changed: Workspace, write: Write
) -> None:
    base = changed.knowledge_base("库")
    (base.files / NAME).write_text("谁也没有读过。", encoding="utf-8")
    add(changed, write(NAME, "住宿费每晚不超过700元。"))
    version = base.version(NAME, 2)
    assert version.original is None
    assert said(changed, NAME, 2) == "住宿费每晚不超过600元。"
    assert changed.examine(thorough=True) == []


def test_the_examination_finds_lost_and_left_files(changed: Workspace) -> None:
    folder = changed.knowledge_base("库").folder / "versions"
    (kept,) = folder.iterdir()
    kept.rename(folder / "没人要.txt")
    left = Finding("versions_left", "库", 1, ("没人要.txt",))
    missing = Finding("versions_missing", "库", 1, (kept.name,))
    assert changed.examine() == [left, missing]
    assert all(each.repaired for each in changed.examine(repair=True))
    assert changed.examine(thorough=True) == []
    assert said(changed, NAME, 1) == "住宿费每晚不超过500元。"


def test_a_backup_carries_them(changed: Workspace, reopen: Opener, tmp_path: Path) -> None:
    home = changed.settings.home
    write_backup(home, tmp_path / "backup.zip")
    changed.close()
    restore_backup(tmp_path / "backup.zip", home, replace=True)
    workspace = reopen()
    base = workspace.knowledge_base("库")
    assert said(workspace, NAME, 1) == "住宿费每晚不超过500元。"
    kept = base.version_original(base.version(NAME, 1))
    assert kept.read_text(encoding="utf-8") == "住宿费每晚不超过500元。"
    assert workspace.examine(thorough=True) == []


def test_they_outlive_a_restart(changed: Workspace, reopen: Opener) -> None:
    del changed
    workspace = reopen()
    clean(workspace)
    assert said(workspace, NAME, 1) == "住宿费每晚不超过500元。"
    with pytest.raises(NotFoundError):
        workspace.knowledge_base("库").version(NAME, 2)
