import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.workspace import Workspace
from tests.kb.conftest import Opener

Write = Callable[[str, str], Path]


def with_document(workspace: Workspace, write: Write) -> tuple[int, Path, Path]:
    """Take a file in: the document's number, its original, and where the bin would have it."""
    workspace.create("库")
    base = workspace.knowledge_base("库")
    workspace.queue.wait(base.add([write("a.txt", "密码每季度更换。")]).job_id, timeout=60)
    number = base.document("a.txt").document_id
    return number, base.files / "a.txt", base.folder / "bin" / "then" / "a.txt"


@pytest.mark.parametrize("moved", [True, False])
def test_a_removal_is_completed_after_the_process_has_died(
    reopen: Opener, write: Write, moved: bool
) -> None:
    workspace = reopen()
    number, original, target = with_document(workspace, write)
    workspace._removals.plan("库", number, bin_path=str(target), removed_by="someone")
    if moved:
        target.parent.mkdir(parents=True)
        shutil.move(original, target)
    workspace = reopen()
    assert workspace.knowledge_base("库").documents() == []
    assert (original.exists(), target.read_text(encoding="utf-8")) == (False, "密码每季度更换。")
    assert workspace._removals.planned() == []
    assert workspace.search(["库"], "密码多久更换？").hits == ()


def test_a_document_whose_original_cannot_be_moved_stays(
    workspace: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    _number, original, _target = with_document(workspace, write)
    base = workspace.knowledge_base("库")

    def refuse(_source: Path, _target: Path) -> None:
        raise PermissionError("in use")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "move", refuse)
        with pytest.raises(PermissionError):
            base.remove("a.txt")
    assert base.document("a.txt").state == "ready"
    assert original.exists()
    assert workspace._removals.planned() == []
    base.remove("a.txt")
    assert base.documents() == []
