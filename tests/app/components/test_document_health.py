import shutil
from pathlib import Path

from streamlit.testing.v1 import AppTest

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
    shared.wait(knowledge_base.add([path]).job_id, timeout=60)
    record = knowledge_base.document("合同.pdf")
    assert (record.state, record.health) == ("failed", "red")
    at = AppTest.from_function(dialog, args=(kb_id, "合同.pdf"), default_timeout=60).run()
    at.form_submit_button[0].click().run()
    assert [warning.value for warning in at.warning] == ["请填写密码。"]
    at.text_input[0].set_value("8848")
    at.form_submit_button[0].click().run()
    assert not at.exception
    job = shared.jobs(limit=1)[0]
    assert job.kind == "read_again"
    assert shared.wait(job.job_id, timeout=60).counts == {"ready": 1}
    record = knowledge_base.document("合同.pdf")
    assert (record.state, record.health) == ("ready", "green")
