"""A full disk and a catalog that another program holds lose nothing, and say so."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.messages import of_error, of_reason
from kb.errors import CatalogLockedError
from kb.settings import Settings
from kb.store import database
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import open_hashing

Write = Callable[[str, str], Path]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB; making one needs the rights of root."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(place)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def states(workspace: Workspace) -> dict[str, tuple[str, str | None]]:
    return {
        each.document: (each.state, each.reason.code if each.reason else None)
        for each in workspace.knowledge_base("库").documents(limit=None)
    }


def test_on_a_full_disk_a_file_fails_with_the_reason_and_is_tried_again(
    small_disk: Path, write: Write, parsers: ParserPool
) -> None:
    settings = Settings(home=small_disk / "data", models=small_disk / "models")
    workspace = Workspace.open(settings, opener=open_hashing, parsers=parsers)
    try:
        workspace.create("库")
        first = workspace.knowledge_base("库").add([write("小.txt", "住宿费每晚不超过500元。")])
        assert workspace.queue.wait(first.job_id, timeout=60).counts["ready"] == 1
        long = "\n".join(f"第{n}条 补贴为{n * 37}元，由主管审批后按月发放。" for n in range(20_000))
        job = workspace.knowledge_base("库").add([write("大.txt", long)])
        ended = workspace.queue.wait(job.job_id, timeout=120)
        assert ended.state in ("done", "failed")
        assert states(workspace)["大.txt"] == ("failed", "disk_full")
        assert workspace.search(["库"], "住宿费每晚多少钱？").hits[0].document == "小.txt"
        subprocess.run(["mount", "-o", "remount,size=400m", str(small_disk)], check=True)
        again = workspace.queue.retry(job.job_id)
        assert workspace.queue.wait(again.job_id, timeout=120).counts.get("ready") == 1
        assert {state for state, _reason in states(workspace).values()} == {"ready"}
        assert workspace.examine(thorough=True) == []
    finally:
        workspace.close()


@pytest.fixture
def writable(small_disk: Path) -> Iterator[Callable[[bool], None]]:
    """Tell whether the data folder on the disk can be written from now on."""
    home = small_disk / "data"
    mounted = []

    def become(can_be_written: bool) -> None:
        if not mounted:
            # What is open stays so; what is opened by its path from now on is on the new mount.
            subprocess.run(["mount", "--bind", str(home), str(home)], check=True)
            mounted.append(home)
        way = "rw" if can_be_written else "ro"
        subprocess.run(["mount", "-o", f"remount,bind,{way}", str(home)], check=True)

    yield become
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_on_a_disk_that_becomes_read_only_questions_go_on_and_later_all_work(
    small_disk: Path, writable: Callable[[bool], None], write: Write, parsers: ParserPool
) -> None:
    settings = Settings(home=small_disk / "data", models=small_disk / "models")
    workspace = Workspace.open(settings, opener=open_hashing, parsers=parsers)
    try:
        workspace.create("库")
        base = workspace.knowledge_base("库")
        job = base.add([write("a.txt", "住宿费每晚不超过500元。")])
        workspace.queue.wait(job.job_id, timeout=60)
        writable(False)
        job = base.add([write("b.txt", "年假为十天。")])
        assert workspace.queue.wait(job.job_id, timeout=60).counts == {"failed": 1}
        (item,) = workspace.queue.items(job.job_id)
        assert item.reason is not None
        assert item.reason.code == "read_only"
        assert "只能读取" in (of_reason(item.reason, "zh") or "")
        with pytest.raises(OSError) as raised:
            base.remove("a.txt")
        told = of_error(raised.value, "zh")
        assert (told.code, bool(told.hint)) == ("read_only", True)
        assert workspace.search(["库"], "住宿费每晚多少钱？").hits[0].document == "a.txt"
        assert base.original(base.document("a.txt").document_id).is_file()
        writable(True)
        again = workspace.queue.retry(job.job_id)
        assert workspace.queue.wait(again.job_id, timeout=60).counts == {"ready": 1}
        base.remove("a.txt")
        assert states(workspace) == {"b.txt": ("ready", None)}
        assert workspace.examine(thorough=True) == []
    finally:
        workspace.close()


def test_a_catalog_that_another_program_holds_is_told_and_work_goes_on_later(
    tmp_path: Path, write: Write, parsers: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 200)
    settings = Settings(home=tmp_path / "data", models=tmp_path / "models")
    workspace = Workspace.open(settings, opener=open_hashing, parsers=parsers)
    try:
        workspace.create("库")
        job = workspace.knowledge_base("库").add([write("a.txt", "住宿费每晚不超过500元。")])
        workspace.queue.wait(job.job_id, timeout=60)
        other = sqlite3.connect(settings.home / "catalog.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert workspace.search(["库"], "住宿费").hits  # reading never waits
        with pytest.raises(CatalogLockedError):
            workspace.knowledge_base("库").add([write("b.txt", "年假为十天。")])
        other.execute("ROLLBACK")
        other.close()
        job = workspace.knowledge_base("库").add([write("b.txt", "年假为十天。")])
        assert workspace.queue.wait(job.job_id, timeout=60).counts["ready"] == 1
        assert workspace.examine(thorough=True) == []
    finally:
        workspace.close()
