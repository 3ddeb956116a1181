import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.components.document_health import has_pictures
from kb.types import DocumentRecord
from kb.workspace import Workspace

LOCKED = Path(__file__).resolve().parents[2] / "data" / "loaders" / "locked.pdf"


def dialog(kb_id: str, document: str) -> None:
    """Open the dialog on every run: AppTest does not rerun a dialog by itself."""
    from app.components.document_health import password_dialog
    from app.state import workspace

    knowledge_base = workspace().knowledge_base(kb_id)
    password_dialog(knowledge_base, knowledge_base.document(document))


def test_an_encrypted_document_is_read_with_the_password_a_person_enters(
    shared: Workspace, tmp_path: Path
) -> None:
    kb_id = shared.create("合同").kb_id
    knowledge_base = shared.knowledge_base(kb_id)
    path = tmp_path / "合同.pdf"
    shutil.copy(LOCKED, path)
    shared.queue.wait(knowledge_base.add([path]).job_id, timeout=60)
    record = knowledge_base.document("合同.pdf")
    assert (record.state, record.health) == ("failed", "red")
    at = AppTest.from_function(dialog, args=(kb_id, "合同.pdf"), default_timeout=60).run()
    at.form_submit_button[0].click().run()
    assert [warning.value for warning in at.warning] == ["请填写密码。"]
    at.text_input[0].set_value("8848")
    at.form_submit_button[0].click().run()
    assert not at.exception
    job = shared.queue.page(limit=1)[0]
    assert job.kind == "read_again"
    assert shared.queue.wait(job.job_id, timeout=60).counts == {"ready": 1}
    record = knowledge_base.document("合同.pdf")
    assert (record.state, record.health) == ("ready", "green")


@pytest.mark.parametrize(
    ("name", "kind", "offered"),
    [
        ("扫描.pdf", "pdf", True),
        ("手册.docx", "docx", True),
        ("培训.ppt", None, True),
        ("往来.eml", "eml", True),
        ("数据.csv", "csv", False),
        ("说明.txt", None, False),
    ],
)
def test_reading_by_ocr_again_is_offered_where_it_can_change_anything(
    name: str, kind: str | None, *, offered: bool
) -> None:
    record = DocumentRecord(
        document_id=1,
        kb_id="k",
        document=name,
        state="ready",
        reason=None,
        format=kind,
        encoding=None,
        title=None,
        size=1,
        pages=None,
        lines=1,
        passages=1,
        owner="",
        created_at=0.0,
        updated_at=0.0,
    )
    assert has_pictures(record) is offered
