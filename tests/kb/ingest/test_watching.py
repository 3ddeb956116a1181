"""Folders are synchronised without anybody asking."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb.ingest import watching
from kb.ingest.watching import Watcher, is_network
from kb.workspace import Workspace


@pytest.fixture
def watched(workspace: Workspace) -> Iterator[Watcher]:
    """A watcher that waits for nothing; only what the file system tells makes it look again."""
    workspace.create("库")
    workspace.mirror._rest = 0.0
    watcher = Watcher(workspace.mirror, workspace._catalog.ids_in_use, schedule=600, rest=0.1)
    watcher.start()
    yield watcher
    watcher.close()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def states(workspace: Workspace) -> dict[str, str]:
    return {each.document: each.state for each in workspace.knowledge_base("库").documents()}


def test_what_happens_in_the_drop_folder_happens_in_the_knowledge_base(
    workspace: Workspace, watched: Watcher
) -> None:
    root = workspace.knowledge_base("库").files
    (folder,) = workspace.mirror.folders("库")
    until(lambda: watched.is_watching(folder.folder_id))
    (root / "差旅.txt").write_text("住宿费每晚不超过500元。", encoding="utf-8")
    (root / "假期.txt").write_text("年假为十天。", encoding="utf-8")
    until(lambda: states(workspace) == {"差旅.txt": "ready", "假期.txt": "ready"})
    (root / "差旅.txt").write_text("住宿费每晚不超过800元。", encoding="utf-8")
    until(lambda: "800" in workspace.search(["库"], "住宿费").hits[0].text)
    (root / "差旅.txt").rename(root / "报销.txt")
    until(lambda: set(states(workspace)) == {"报销.txt", "假期.txt"})
    (root / "假期.txt").unlink()
    until(lambda: set(states(workspace)) == {"报销.txt"})


def test_a_linked_folder_is_left_alone_until_its_first_synchronisation(
    workspace: Workspace, watched: Watcher, tmp_path: Path
) -> None:
    root = tmp_path / "share"
    root.mkdir()
    (root / "a.txt").write_text("甲方的权利。", encoding="utf-8")
    folder = workspace.mirror.link("库", root)
    time.sleep(2.5)
    assert states(workspace) == {}
    workspace.mirror.synchronise(folder)
    until(lambda: states(workspace) == {"a.txt": "ready"})
    (root / "b.txt").write_text("乙方的义务。", encoding="utf-8")
    until(lambda: states(workspace) == {"a.txt": "ready", "b.txt": "ready"})


def test_a_folder_that_comes_back_is_watched_again(workspace: Workspace, tmp_path: Path) -> None:
    workspace.create("库")
    workspace.mirror._rest = 0.0
    root = tmp_path / "share"
    root.mkdir()
    (root / "a.txt").write_text("甲方的权利。", encoding="utf-8")
    workspace.mirror.synchronise(workspace.mirror.link("库", root))
    root.rename(tmp_path / "away")
    watcher = Watcher(workspace.mirror, workspace._catalog.ids_in_use, schedule=0.5, rest=0.1)
    watcher.start()
    try:
        until(lambda: any(each.problem for each in workspace.mirror.folders("库")))
        (tmp_path / "away" / "b.txt").write_text("乙方的义务。", encoding="utf-8")
        (tmp_path / "away").rename(root)
        until(lambda: states(workspace) == {"a.txt": "ready", "b.txt": "ready"})
        assert all(each.problem is None for each in workspace.mirror.folders("库"))
    finally:
        watcher.close()


def test_a_folder_that_goes_and_comes_back_meanwhile_is_watched_again(
    workspace: Workspace, watched: Watcher, tmp_path: Path
) -> None:
    root = tmp_path / "share"
    root.mkdir()
    (root / "a.txt").write_text("甲方的权利。", encoding="utf-8")
    folder = workspace.mirror.link("库", root)
    workspace.mirror.synchronise(folder)
    until(lambda: watched.is_watching(folder.folder_id))
    root.rename(tmp_path / "away")
    until(lambda: not watched.is_watching(folder.folder_id))
    (tmp_path / "away").rename(root)
    until(lambda: watched.is_watching(folder.folder_id))
    (root / "b.txt").write_text("乙方的义务。", encoding="utf-8")
    until(lambda: states(workspace) == {"a.txt": "ready", "b.txt": "ready"})


def test_without_word_from_the_file_system_the_schedule_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused() -> None:
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watching, "Observer", refused)
    workspace.create("库")
    workspace.mirror._rest = 0.0
    watcher = Watcher(workspace.mirror, workspace._catalog.ids_in_use, schedule=0.5)
    watcher.start()
    try:
        assert "on a schedule only" in caplog.text
        file = workspace.knowledge_base("库").files / "a.txt"
        file.write_text("甲方的权利。", encoding="utf-8")
        until(lambda: states(workspace) == {"a.txt": "ready"})
    finally:
        watcher.close()


@pytest.mark.skipif(not Path("/proc/mounts").exists(), reason="Linux tells its mounts there")
def test_the_file_system_of_this_machine_is_no_network(tmp_path: Path) -> None:
    assert not is_network(tmp_path)
    assert not is_network(Path(os.devnull))
