"""A backup holds all that was acknowledged, and a restored data folder answers as the first did."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from kb.backup import restoring, writing
from kb.backup.restoring import restore_backup
from kb.backup.writing import write_backup
from kb.errors import (
    BackupDamagedError,
    BackupError,
    BackupVersionError,
    BusyError,
    CancelledError,
    FileExistsAlreadyError,
    FolderInUseError,
    NoRoomError,
    NotFoundError,
)
from kb.settings import PROJECT, Settings
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import HashingEmbedder, open_hashing

Write = Callable[[str, str], Path]
Open = Callable[[Path], Workspace]
TEXTS = {"差旅.txt": "住宿费每晚不超过500元。", "子/假期.txt": "年假为十天，婚假为十五天。"}


@pytest.fixture
def opened(parsers: ParserPool) -> Open:
    """Open a workspace over any data folder; the caller closes it."""

    def open_it(home: Path) -> Workspace:
        settings = Settings(home=home, models=home.parent / "models", parse_workers=2)
        return Workspace.open(settings, opener=open_hashing, parsers=parsers)

    return open_it


class Filled(NamedTuple):
    home: Path
    target: Path


@pytest.fixture
def filled(tmp_path: Path, write: Write, opened: Open) -> Filled:
    """A data folder with a knowledge base of two documents, a talk and an exam; nobody holds it."""
    home = tmp_path / "data"
    workspace = opened(home)
    workspace.create("制度", description="公司制度")
    paths = [write(f"制度/{name}", text) for name, text in TEXTS.items()]
    add(workspace, paths[0].parent)
    workspace.conversations.create("住宿费多少？", ["制度"], created_by="")
    workspace.close()
    (home / "exams").mkdir()
    (home / "exams" / "1.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    return Filled(home, tmp_path / "backup.zip")


def add(workspace: Workspace, *paths: Path) -> None:
    job = workspace.knowledge_base("制度").add(paths)
    assert workspace.queue.wait(job.job_id, timeout=60).counts["ready"] > 0


def found(workspace: Workspace, question: str) -> list[tuple[str, str, float]]:
    hits = workspace.search(["制度"], question).hits
    return [(hit.document, hit.text, round(hit.score, 4)) for hit in hits]


def content(home: Path) -> dict[str, bytes]:
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_what_is_restored_answers_as_before_and_embeds_nothing(
    filled: Filled, tmp_path: Path, opened: Open
) -> None:
    first = opened(filled.home)
    before = found(first, "住宿费每晚多少钱？")
    first.close()
    manifest = write_backup(filled.home, filled.target)
    assert (manifest.documents, manifest.missing) == (2, ())
    assert manifest.knowledge_bases == {"制度": "制度"}

    elsewhere = tmp_path / "other" / "data"
    restore_backup(filled.target, elsewhere)
    again = opened(elsewhere)
    try:
        embedder = again.engines.embedder("e5-small")
        assert isinstance(embedder, HashingEmbedder)
        assert found(again, "住宿费每晚多少钱？") == before
        assert embedder.texts_embedded == 1  # the question
        base = again.knowledge_base("制度")
        assert base.record.description == "公司制度"
        for record in base.documents(limit=10):
            assert base.original(record.document_id).read_text("utf-8") == TEXTS[record.document]
        assert [each.title for each in again.conversations.page()] == ["住宿费多少？"]
    finally:
        again.close()
    assert (elsewhere / "exams" / "1.jsonl").read_text("utf-8") == '{"id": 1}\n'


def test_a_backup_beside_people_who_add_and_remove_is_of_one_moment(
    filled: Filled, tmp_path: Path, write: Write, opened: Open
) -> None:
    workspace = opened(filled.home)
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            add(workspace, write(f"新{number}.txt", f"第{number}号文件说的是甲{number}。"))
            if number % 2:
                base = workspace.knowledge_base("制度")
                base.remove(f"新{number}.txt")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        backups = []
        for number in range(4):
            target = tmp_path / f"{number}.zip"
            write_backup(filled.home, target)
            backups.append(target)
    finally:
        stop.set()
        worker.join()
        workspace.close()
    for number, target in enumerate(backups):
        home = tmp_path / f"restored-{number}"
        assert restore_backup(target, home).missing == ()
        again = opened(home)
        try:
            base = again.knowledge_base("制度")
            again.engines.indexes("制度").catch_up()
            for record in base.documents(limit=1000):
                if record.state == "ready":
                    text = base.original(record.document_id).read_text("utf-8")
                    assert found(again, text)[0][0] == record.document
        finally:
            again.close()


def test_the_original_of_a_document_removed_meanwhile_is_taken_from_the_bin(
    filled: Filled, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = writing._copy_catalog

    def then_remove(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        workspace = opened(filled.home)
        base = workspace.knowledge_base("制度")
        base.remove("差旅.txt")
        workspace.close()

    monkeypatch.setattr(writing, "_copy_catalog", then_remove)
    manifest = write_backup(filled.home, filled.target)
    assert manifest.missing == ()
    with zipfile.ZipFile(filled.target) as backup:
        assert backup.read("制度/files/差旅.txt").decode() == TEXTS["差旅.txt"]


def test_an_original_renamed_by_hand_meanwhile_is_kept_under_the_name_of_its_document(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = writing._copy_catalog

    def then_rename(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        files = filled.home / "制度" / "files"
        (files / "差旅.txt").rename(files / "子" / "出差.txt")

    monkeypatch.setattr(writing, "_copy_catalog", then_rename)
    manifest = write_backup(filled.home, filled.target)
    assert manifest.missing == ()
    with zipfile.ZipFile(filled.target) as backup:
        assert backup.read("制度/files/差旅.txt").decode() == TEXTS["差旅.txt"]


def test_an_original_that_somebody_deleted_is_told_and_the_rest_is_kept(filled: Filled) -> None:
    (filled.home / "制度" / "files" / "差旅.txt").unlink()
    manifest = write_backup(filled.home, filled.target)
    assert manifest.missing == ("制度/files/差旅.txt",)
    assert "制度/files/子/假期.txt" in manifest.files


def test_an_original_that_was_changed_by_hand_is_kept_as_it_is_now(
    filled: Filled, tmp_path: Path
) -> None:
    (filled.home / "制度" / "files" / "差旅.txt").write_text("每晚不超过800元。", encoding="utf-8")
    manifest = write_backup(filled.home, filled.target)
    assert manifest.missing == ()
    restore_backup(filled.target, tmp_path / "other")
    kept = tmp_path / "other" / "制度" / "files" / "差旅.txt"
    assert kept.read_text("utf-8") == "每晚不超过800元。"


UPLOADS = {"考勤.txt": "上班时间为九点。", "加班.txt": "加班须由主管批准。"}


@pytest.fixture
def uploaded(filled: Filled, tmp_path: Path, parsers: ParserPool) -> Filled:
    """The same with two uploads: the first is just being read, the second waits for its turn."""
    settings = Settings(home=filled.home, models=tmp_path / "models")
    waiting = Workspace.open(settings, run_jobs=False, opener=open_hashing, parsers=parsers)
    base = waiting.knowledge_base("制度")
    batch = base.incoming / "a1b2"
    batch.mkdir(parents=True)
    for name, text in UPLOADS.items():
        (batch / name).write_text(text, encoding="utf-8")
    job = base.add_uploads(batch)
    (first, _second) = waiting.queue.items(job.job_id)
    waiting._jobs.start(job.job_id)
    waiting._jobs.begin_item(job.job_id, first.position)
    waiting._documents.begin(
        base.kb_id, first.document, size=0, mtime=0, source="upload", created_by=""
    )
    waiting.close()
    return filled


def goes_on(home: Path, opened: Open) -> None:
    """Whether the job of the uploads ends well in a restored folder."""
    again = opened(home)
    try:
        (job,) = again.queue.page(active_only=False, limit=1)
        assert again.queue.wait(job.job_id, timeout=60).counts == {"ready": 2}
        base = again.knowledge_base("制度")
        for name, text in UPLOADS.items():
            assert found(again, text)[0][0] == name
            record = base.document(name)
            assert base.original(record.document_id).read_text("utf-8") == text
    finally:
        again.close()


def test_uploads_that_wait_or_are_being_read_go_on_in_the_restored_folder(
    uploaded: Filled, tmp_path: Path, opened: Open
) -> None:
    assert write_backup(uploaded.home, uploaded.target).missing == ()
    elsewhere = tmp_path / "other" / "data"
    restore_backup(uploaded.target, elsewhere)
    goes_on(elsewhere, opened)
    left = uploaded.home / "制度" / "incoming" / "a1b2"
    assert sorted(path.name for path in left.iterdir()) == sorted(UPLOADS)


def test_uploads_that_are_taken_in_meanwhile_are_found_where_they_went(
    uploaded: Filled, tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = writing._copy_catalog

    def then_take_in(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        goes_on(uploaded.home, opened)

    monkeypatch.setattr(writing, "_copy_catalog", then_take_in)
    assert write_backup(uploaded.home, uploaded.target).missing == ()
    elsewhere = tmp_path / "other" / "data"
    restore_backup(uploaded.target, elsewhere)
    goes_on(elsewhere, opened)


def test_documents_of_a_linked_folder_answer_and_their_files_stay_where_they_are(
    filled: Filled, tmp_path: Path, write: Write, opened: Open
) -> None:
    text = "出差须提前三天申请。"
    file = write("共享/申请.txt", text)
    share = file.parent
    # What was written a moment ago may not be whole yet: it is taken in later.
    os.utime(file, (1e9, 1e9))
    first = opened(filled.home)
    done = first.mirror.synchronise(first.mirror.link("制度", share))
    assert done.job_id is not None
    assert first.queue.wait(done.job_id, timeout=60).state == "done"
    first.close()
    manifest = write_backup(filled.home, filled.target)
    assert (manifest.documents, manifest.missing) == (3, ())
    assert not any("申请" in name for name in manifest.files)
    elsewhere = tmp_path / "other" / "data"
    restore_backup(filled.target, elsewhere)
    again = opened(elsewhere)
    try:
        hit = again.search(["制度"], text).hits[0]
        assert hit.document.endswith("申请.txt")
        original = again.knowledge_base("制度").original(hit.document_id)
        assert original == file
    finally:
        again.close()


def test_a_file_that_is_just_being_copied_from_elsewhere_is_not_missing(
    filled: Filled, tmp_path: Path, write: Write, parsers: ParserPool, opened: Open
) -> None:
    settings = Settings(home=filled.home, models=tmp_path / "models")
    waiting = Workspace.open(settings, run_jobs=False, opener=open_hashing, parsers=parsers)
    base = waiting.knowledge_base("制度")
    job = base.add([write("考勤.txt", UPLOADS["考勤.txt"])])
    waiting._jobs.start(job.job_id)
    waiting._jobs.begin_item(job.job_id, 0)
    waiting._documents.begin(base.kb_id, "考勤.txt", size=0, mtime=0, source="added", created_by="")
    waiting.close()
    assert write_backup(filled.home, filled.target).missing == ()


def test_a_backup_never_takes_the_place_of_a_file(filled: Filled) -> None:
    filled.target.write_text("mine")
    with pytest.raises(FileExistsAlreadyError):
        write_backup(filled.home, filled.target)
    assert filled.target.read_text() == "mine"


def test_a_folder_without_knowledge_bases_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        write_backup(tmp_path / "none", tmp_path / "backup.zip")


def test_a_backup_that_is_stopped_leaves_nothing(filled: Filled) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > 3

    with pytest.raises(CancelledError):
        write_backup(filled.home, filled.target, cancelled=cancelled)
    assert [path.name for path in filled.target.parent.iterdir() if "backup" in path.name] == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_backup(filled.home, filled.target)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(NoRoomError):
        write_backup(filled.home, tmp_path / "second.zip")
    with pytest.raises(NoRoomError):
        restore_backup(filled.target, tmp_path / "other")
    assert content(tmp_path / "other") == {}


@pytest.fixture
def backup(filled: Filled) -> Path:
    write_backup(filled.home, filled.target)
    return filled.target


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write a ZIP file anew, each entry as ``change`` says; None leaves it out."""
    with zipfile.ZipFile(path) as source:
        entries = [(name, change(name, source.read(name))) for name in source.namelist()]
    with zipfile.ZipFile(path, "w") as target:
        for name, data in entries:
            if data is not None:
                target.writestr(name, data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index("住宿费每晚".encode())
    data[place] ^= 1
    path.write_bytes(data)


def changed(path: Path) -> None:
    rewritten(path, lambda name, data: b"0" * len(data) if name.endswith(".txt") else data)


def poorer(path: Path) -> None:
    rewritten(path, lambda name, data: None if name.endswith("差旅.txt") else data)


def without_manifest(path: Path) -> None:
    rewritten(path, lambda name, data: None if name == "manifest.json" else data)


def escaping(path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        return data.replace("制度/files/差旅.txt".encode(), b"../../escaped.txt")

    rewritten(path, change)
    with zipfile.ZipFile(path) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w") as target:
        for name, data in entries.items():
            target.writestr("../../escaped.txt" if name.endswith("差旅.txt") else name, data)


def no_zip(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize(
    "damage", [cut, flipped, changed, poorer, without_manifest, escaping, no_zip]
)
@pytest.mark.parametrize("replace", [False, True])
def test_a_damaged_backup_is_refused_and_nothing_changes(
    backup: Path, filled: Filled, tmp_path: Path, damage: Callable[[Path], None], replace: bool
) -> None:
    damage(backup)
    home = filled.home if replace else tmp_path / "other"
    before = content(home) if replace else {}
    with pytest.raises(BackupDamagedError):
        restore_backup(backup, home, replace=replace)
    assert content(home) == before
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_backup_of_a_newer_version_is_refused(backup: Path, tmp_path: Path) -> None:
    def newer(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        return json.dumps(json.loads(data) | {"schema": "9999"}).encode()

    rewritten(backup, newer)
    with pytest.raises(BackupVersionError):
        restore_backup(backup, tmp_path / "other")


def test_a_missing_backup_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        restore_backup(tmp_path / "nowhere.zip", tmp_path / "other")


def test_what_a_folder_holds_is_replaced_only_when_told_and_goes_to_the_bin(
    backup: Path, filled: Filled, write: Write, opened: Open
) -> None:
    workspace = opened(filled.home)
    add(workspace, write("后来.txt", "后来加的文件。"))
    workspace.close()
    with pytest.raises(FolderInUseError):
        restore_backup(backup, filled.home)
    restore_backup(backup, filled.home, replace=True)
    again = opened(filled.home)
    try:
        assert {each.document for each in again.knowledge_base("制度").documents(limit=9)} == (
            set(TEXTS)
        )
    finally:
        again.close()
    (former,) = (filled.home / ".bin").iterdir()
    assert (former / "制度" / "files" / "后来.txt").read_text("utf-8") == "后来加的文件。"
    assert (former / "catalog.db").is_file()


def test_a_folder_that_a_server_holds_is_left_alone(
    backup: Path, filled: Filled, opened: Open
) -> None:
    workspace = opened(filled.home)
    try:
        with pytest.raises(BusyError):
            restore_backup(backup, filled.home, replace=True)
        assert found(workspace, "住宿费")
    finally:
        workspace.close()


def test_a_failing_disk_is_told_and_the_folder_stays(
    backup: Path, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(filled.home)

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, "sync_file", full)
    with pytest.raises(BackupError, match="No space left"):
        restore_backup(backup, filled.home, replace=True)
    assert content(filled.home) == before


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from kb.backup import restoring

backup, home, moment = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = 0
move, plan = shutil.move, restoring._write_plan

def counted(work):
    def step(*arguments, **named):
        global steps
        if steps == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1
        return work(*arguments, **named)
    return step

restoring.shutil.move = counted(move)
restoring._write_plan = counted(plan)
restoring.restore_backup(backup, home, replace=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_restore_that_was_killed_is_undone_or_completed_at_the_next_start(
    backup: Path, filled: Filled, write: Write, opened: Open, tmp_path: Path
) -> None:
    workspace = opened(filled.home)
    add(workspace, write("后来.txt", "后来加的文件。"))
    workspace.close()
    outcomes = []
    for moment in range(20):
        home = tmp_path / f"killed-{moment}"
        shutil.copytree(filled.home, home)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(backup), str(home), str(moment)],
            check=False,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        )
        again = opened(home)
        try:
            names = {each.document for each in again.knowledge_base("制度").documents(limit=9)}
            assert found(again, "住宿费每晚多少钱？")[0][0] == "差旅.txt"
        finally:
            again.close()
        assert names in (set(TEXTS), {*TEXTS, "后来.txt"})
        assert not (home / ".restoring").exists()
        outcomes.append("restored" if names == set(TEXTS) else "as before")
        if done.returncode == 0:
            break
    # The first thing counted is the plan: before it stands, the folder is as it was.
    assert outcomes[0] == "as before"
    assert set(outcomes[1:]) == {"restored"}
    assert len(outcomes) > 5
