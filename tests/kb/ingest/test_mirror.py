"""A folder is mirrored: what happens to its files happens to the documents."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kb.errors import DuplicateError, FolderUnreachableError, SettingsError
from kb.ingest.mirror import Synchronised
from kb.store.folders import FolderRecord
from kb.workspace import Workspace
from tests.kb.conftest import Opener
from tests.kb.hashing import HashingEmbedder

OLD = time.time() - 3600


@dataclass
class Share:
    """A folder with files, and the knowledge base that mirrors it."""

    workspace: Workspace
    root: Path
    folder: FolderRecord

    def put(self, path: str, text: str, *, age: float = 3600) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        at = time.time() - age
        os.utime(file, (at, at))
        return file

    def sync(self, *, confirm: bool = False) -> Synchronised:
        folder = self.workspace.mirror._folders.get(self.folder.folder_id)
        done = self.workspace.mirror.synchronise(folder, confirm=confirm)
        if done.job_id is not None:
            assert self.workspace.queue.wait(done.job_id, timeout=60).state == "done"
        return done

    @property
    def documents(self) -> dict[str, str]:
        base = self.workspace.knowledge_base("库")
        return {each.document: each.state for each in base.documents()}

    def found(self, question: str) -> list[str]:
        return [hit.document for hit in self.workspace.search(["库"], question).hits]

    def number(self, document: str) -> int:
        return self.workspace.knowledge_base("库").document(document).document_id

    @property
    def embedded(self) -> int:
        embedder = self.workspace.engines.embedder("e5-small")
        assert isinstance(embedder, HashingEmbedder)
        return embedder.texts_embedded


@pytest.fixture(params=["linked", "drop folder"])
def share(request: pytest.FixtureRequest, workspace: Workspace, tmp_path: Path) -> Share:
    """A mirrored folder of three files; in the drop folder all works as in any other."""
    workspace.create("库")
    if request.param == "linked":
        root = tmp_path / "share"
        root.mkdir()
        folder = workspace.mirror.link("库", root)
    else:
        root = workspace.knowledge_base("库").files
        (folder,) = workspace.mirror.folders("库")
    made = Share(workspace, root, folder)
    made.put("差旅.txt", "住宿费每晚不超过500元。")
    made.put("人事/假期.txt", "年假为十天，婚假为十五天。")
    made.put("人事/考勤.txt", "上班时间为九点到十八点。")
    return made


def test_what_is_dropped_is_answered_from_and_stays_where_it_is(share: Share) -> None:
    done = share.sync()
    assert [file.path for file in done.plan.differences.added] == [
        "人事/假期.txt",
        "人事/考勤.txt",
        "差旅.txt",
    ]
    assert share.documents == dict.fromkeys(("差旅.txt", "人事/假期.txt", "人事/考勤.txt"), "ready")
    assert share.found("住宿费每晚多少钱？")[0] == "差旅.txt"
    base = share.workspace.knowledge_base("库")
    assert base.original(share.number("差旅.txt")) == share.root / "差旅.txt"
    assert (share.root / "差旅.txt").is_file()
    again = share.sync()
    assert again.plan.differences.is_empty
    assert again.job_id is None


def test_a_changed_file_is_read_again_and_its_document_keeps_its_number(share: Share) -> None:
    share.sync()
    number = share.number("差旅.txt")
    share.put("差旅.txt", "住宿费每晚不超过800元。", age=1800)
    done = share.sync()
    assert [file.path for file in done.plan.differences.changed] == ["差旅.txt"]
    assert share.number("差旅.txt") == number
    hit = share.workspace.search(["库"], "住宿费每晚多少钱？").hits[0]
    assert "800" in hit.text
    assert not any("500" in each.text for each in share.workspace.search(["库"], "住宿费").hits)


def test_a_new_date_without_a_new_content_changes_nothing(share: Share) -> None:
    share.sync()
    embedded = share.embedded
    share.put("差旅.txt", "住宿费每晚不超过500元。", age=1800)
    assert share.sync().plan.differences.is_empty
    assert share.sync().plan.differences.touched == ()
    assert share.embedded == embedded


def test_a_renamed_or_moved_file_is_not_read_again(share: Share) -> None:
    share.sync()
    numbers = {share.number("差旅.txt"), share.number("人事/假期.txt")}
    embedded = share.embedded
    (share.root / "差旅.txt").rename(share.root / "报销标准.txt")
    (share.root / "制度").mkdir()
    (share.root / "人事" / "假期.txt").rename(share.root / "制度" / "假期.txt")
    done = share.sync()
    assert len(done.plan.differences.renamed) == 2
    assert (done.job_id, done.removed) == (None, 0)
    assert {share.number("报销标准.txt"), share.number("制度/假期.txt")} == numbers
    assert set(share.documents) == {"报销标准.txt", "制度/假期.txt", "人事/考勤.txt"}
    # The new name is a word that is found, the old one no more.
    indexes = share.workspace.engines.indexes("库")
    indexes.catch_up()
    assert len(indexes.keywords.search("报销标准", 5)) == 1
    assert indexes.keywords.search("差旅", 5) == []
    assert "报销标准.txt" in share.found("报销标准")
    base = share.workspace.knowledge_base("库")
    assert base.original(share.number("制度/假期.txt")).is_file()
    assert share.embedded == embedded + 1  # the question
    assert share.sync().plan.differences.is_empty


def test_a_renamed_statute_is_asked_for_by_its_new_name(share: Share) -> None:
    share.put("附件.txt", "第十二条 危险品应当单独存放。")
    share.put("附件2.txt", "第十二条 食堂十二点开饭。")
    share.sync()
    assert share.workspace.search(["库"], "《仓储条例》第十二条").answerable < 0.5
    (share.root / "附件.txt").rename(share.root / "仓储条例.txt")
    share.sync()
    found = share.workspace.search(["库"], "《仓储条例》第十二条")
    assert found.hits[0].document == "仓储条例.txt"
    assert found.answerable > 0.9


def test_a_deleted_file_is_answered_from_no_more(share: Share) -> None:
    share.sync()
    (share.root / "差旅.txt").unlink()
    done = share.sync()
    assert done.removed == 1
    assert set(share.documents) == {"人事/假期.txt", "人事/考勤.txt"}
    assert "差旅.txt" not in share.found("住宿费每晚多少钱？")


def test_many_deletions_wait_for_a_person(share: Share) -> None:
    for number in range(20):
        share.put(f"多/{number}.txt", f"第{number}号文件说的是甲{number}。")
    share.sync()
    shutil.rmtree(share.root / "多")
    done = share.sync()
    assert (done.removed, done.plan.differences.must_ask) == (0, True)
    assert len(share.documents) == 23
    folder = share.workspace.mirror._folders.get(share.folder.folder_id)
    assert folder.waiting == 20
    assert share.sync(confirm=True).removed == 20
    assert len(share.documents) == 3
    assert share.workspace.mirror._folders.get(share.folder.folder_id).waiting == 0


def test_an_emptied_folder_waits_however_few_files_it_had(share: Share) -> None:
    share.sync()
    for path in list(share.root.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert share.sync().removed == 0
    assert len(share.documents) == 3
    assert share.sync(confirm=True).removed == 3


def test_other_files_in_the_place_of_all_known_ones_remove_nothing_unasked(share: Share) -> None:
    share.sync()
    for path in list(share.root.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    share.put("另一个共享.txt", "别的文件。")
    done = share.sync()
    assert (done.removed, done.plan.differences.must_ask) == (0, True)
    assert len(share.documents) == 4


def test_a_folder_that_cannot_be_read_deletes_nothing(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.sync()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("人事"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    done = share.sync()
    assert done.plan.listing.unreadable == ("人事",)
    assert done.plan.differences.is_empty
    assert len(share.documents) == 3


def test_a_file_that_is_still_written_waits(share: Share) -> None:
    share.sync()
    share.put("新.txt", "写到一半", age=0)
    share.put("差旅.txt", "住宿费每", age=0)
    done = share.sync()
    assert done.plan.listing.moving == {"新.txt", "差旅.txt"}
    assert done.plan.differences.is_empty
    assert share.found("住宿费每晚多少钱？")[0] == "差旅.txt"


def test_traces_of_programs_and_what_the_list_names_are_left_out(share: Share) -> None:
    for name in ("~$差旅.docx", ".DS_Store", "Thumbs.db", "a.tmp", ".~lock.a.odt#", "草稿/b.txt"):
        share.put(name, "x")
    share.put(".git/config", "x")
    share.workspace.mirror.configure(share.folder, ignore="草稿/\n*.bak\n")
    share.put("c.bak", "x")
    done = share.sync()
    assert len(done.plan.differences.added) == 3
    left_out = done.plan.listing.ignored
    assert left_out["c.bak"] == left_out["草稿/"] == "ignore_list"
    assert left_out["~$差旅.docx"] == left_out["Thumbs.db"] == "temporary_file"
    assert left_out[".git/"] == "hidden_folder"
    assert len(share.documents) == 3


def test_how_much_may_go_unasked_is_said_for_each_folder(share: Share) -> None:
    for number in range(40):
        share.put(f"{number}.txt", f"第{number}号仓库由专人看管。")
    share.sync()
    with pytest.raises(SettingsError):
        share.workspace.mirror.configure(share.folder, removal_share=1.2)
    for number in range(15):
        (share.root / f"{number}.txt").unlink()
    assert share.sync().plan.differences.must_ask
    share.workspace.mirror.configure(share.folder, removal_share=0.5)
    assert share.sync().removed == 15


def test_files_that_do_not_answer_are_listed_with_their_reason(share: Share) -> None:
    share.put("空.txt", "")
    share.put("坏.pdf", "%PDF-1.7 nothing")
    share.sync()
    count, amiss = share.workspace.mirror.amiss(share.folder, limit=1)
    assert (count, [each.path for each in amiss]) == (2, ["坏.pdf"])
    assert amiss[0].state == "failed"
    assert amiss[0].reason is not None


def test_a_file_that_went_before_its_turn_leaves_no_document(share: Share) -> None:
    plan = share.workspace.mirror.plan(share.folder)
    (share.root / "差旅.txt").unlink()
    done = share.workspace.mirror._apply(plan, confirm=False, created_by="")
    assert done.job_id is not None
    share.workspace.queue.wait(done.job_id, timeout=60)
    assert set(share.documents) == {"人事/假期.txt", "人事/考勤.txt"}


def test_links_that_lead_outside_are_not_followed_and_loops_end(
    share: Share, tmp_path: Path
) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "s.txt").write_text("机密")
    os.utime(outside / "s.txt", (OLD, OLD))
    (share.root / "外").symlink_to(outside)
    (share.root / "s.txt").symlink_to(outside / "s.txt")
    (share.root / "人事" / "回").symlink_to(share.root)
    (share.root / "断").symlink_to(share.root / "none")
    (share.root / "同.txt").symlink_to(share.root / "差旅.txt")
    share.sync()
    # A file that a link inside names a second time is a second document of one content.
    assert set(share.documents) == {"差旅.txt", "同.txt", "人事/假期.txt", "人事/考勤.txt"}


def test_a_file_that_cannot_be_read_is_listed_with_its_reason_and_not_tried_again(
    share: Share,
) -> None:
    share.put("坏.pdf", "no pdf at all \x00")
    share.sync()
    assert share.documents["坏.pdf"] in ("failed", "unsupported")
    assert share.sync().job_id is None
    assert (share.root / "坏.pdf").is_file()


def test_a_crash_between_looking_and_reading_loses_nothing(
    share: Share, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.sync()
    (share.root / "差旅.txt").rename(share.root / "报销.txt")
    share.put("新.txt", "新文件说的是乙。")
    folders = share.workspace.mirror._folders

    def dies(*_arguments: object) -> None:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr(folders, "note", dies)
    with pytest.raises(RuntimeError):
        share.sync()
    monkeypatch.undo()
    again = reopen()
    share.workspace = again
    share.sync()
    assert set(share.documents) == {"报销.txt", "新.txt", "人事/假期.txt", "人事/考勤.txt"}
    assert share.sync().plan.differences.is_empty


# What linked folders alone have


@pytest.fixture
def linked(workspace: Workspace, tmp_path: Path) -> Share:
    workspace.create("库")
    root = tmp_path / "share"
    root.mkdir()
    made = Share(workspace, root, workspace.mirror.link("库", root))
    made.put("差旅.txt", "住宿费每晚不超过500元。")
    return made


def test_nothing_is_taken_in_before_the_first_synchronisation(linked: Share) -> None:
    assert linked.folder.active is False
    plan = linked.workspace.mirror.plan(linked.folder)
    assert len(plan.differences.added) == 1
    assert linked.documents == {}
    linked.sync()
    assert linked.workspace.mirror._folders.get(linked.folder.folder_id).active


def test_a_linked_file_is_never_touched(linked: Share) -> None:
    before = (linked.root / "差旅.txt").stat()
    linked.sync()
    linked.workspace.knowledge_base("库").remove("差旅.txt")
    after = (linked.root / "差旅.txt").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert not list(linked.workspace.knowledge_base("库").files.rglob("*.txt"))


def test_what_a_person_takes_out_stays_out_until_that_person_wants_it_back(linked: Share) -> None:
    linked.sync()
    linked.workspace.knowledge_base("库").remove("差旅.txt")
    assert linked.documents == {"差旅.txt": "excluded"}
    assert linked.found("住宿费") == []
    linked.put("差旅.txt", "住宿费每晚不超过800元。", age=60)
    assert linked.sync().job_id is None
    base = linked.workspace.knowledge_base("库")
    everything = base.reindex()
    linked.workspace.queue.wait(everything.job_id, timeout=60)
    assert linked.documents == {"差旅.txt": "excluded"}
    named = base.reindex(["差旅.txt"])
    linked.workspace.queue.wait(named.job_id, timeout=60)
    assert linked.documents == {"差旅.txt": "ready"}
    assert linked.found("住宿费") == ["差旅.txt"]
    assert (linked.root / "差旅.txt").is_file()


def test_two_folders_with_a_file_of_one_name_give_two_documents(
    linked: Share, tmp_path: Path
) -> None:
    linked.sync()
    other_root = tmp_path / "other"
    other_root.mkdir()
    other = Share(linked.workspace, other_root, linked.workspace.mirror.link("库", other_root))
    other.put("差旅.txt", "市内交通费实报实销。")
    other.sync()
    assert linked.documents == {"差旅.txt": "ready", "差旅 (2).txt": "ready"}
    assert linked.found("市内交通费")[0] == "差旅 (2).txt"
    other.put("差旅.txt", "市内交通费每天80元。", age=60)
    other.sync()
    assert linked.workspace.search(["库"], "市内交通费").hits[0].text == "市内交通费每天80元。"
    assert linked.found("住宿费每晚")[0] == "差旅.txt"


def test_an_unreachable_folder_keeps_its_documents_and_says_why(linked: Share) -> None:
    linked.sync()
    linked.root.rename(linked.root.with_name("away"))
    with pytest.raises(FolderUnreachableError):
        linked.sync()
    folder = linked.workspace.mirror._folders.get(linked.folder.folder_id)
    assert folder.problem is not None
    assert folder.problem.code == "folder_unreachable"
    assert linked.found("住宿费") == ["差旅.txt"]
    linked.root.with_name("away").rename(linked.root)
    linked.sync()
    assert linked.workspace.mirror._folders.get(linked.folder.folder_id).problem is None


def test_a_folder_is_linked_once_and_never_around_the_data_folder(
    linked: Share, tmp_path: Path
) -> None:
    mirror = linked.workspace.mirror
    with pytest.raises(DuplicateError):
        mirror.link("库", linked.root)
    with pytest.raises(FolderUnreachableError):
        mirror.link("库", tmp_path / "none")
    for path in (tmp_path, linked.workspace.settings.home, linked.workspace.folder("库")):
        with pytest.raises(SettingsError):
            mirror.link("库", path)


@pytest.mark.parametrize("keep", [True, False])
def test_an_unlinked_folder_leaves_its_documents_or_takes_them(linked: Share, keep: bool) -> None:
    linked.sync()
    assert linked.workspace.mirror.unlink(linked.folder, keep=keep) == 1
    assert linked.documents == ({"差旅.txt": "ready"} if keep else {})
    assert linked.found("住宿费") == (["差旅.txt"] if keep else [])
    assert (linked.root / "差旅.txt").is_file()


# What comes into the drop folder by other doors


def test_uploads_and_added_files_are_known_to_the_drop_folder(
    workspace: Workspace, write: Callable[[str, str], Path]
) -> None:
    workspace.create("库")
    job = workspace.knowledge_base("库").add([write("a.txt", "甲方的权利。")])
    workspace.queue.wait(job.job_id, timeout=60)
    (folder,) = workspace.mirror.folders("库")
    os.utime(workspace.knowledge_base("库").files / "a.txt", (OLD, OLD))
    done = workspace.mirror.synchronise(folder)
    assert done.plan.differences.is_empty
    workspace.knowledge_base("库").remove("a.txt")
    assert workspace.mirror.synchronise(folder).plan.differences.is_empty
