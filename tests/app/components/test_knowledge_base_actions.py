from streamlit.testing.v1 import AppTest

from kb.workspace import Workspace


def dialog(name: str, kb_id: str) -> None:
    """Open a dialog on every run: AppTest does not rerun a dialog by itself."""
    from app.components import knowledge_base_actions as actions
    from app.state import workspace

    if name == "create":
        actions.create_dialog()
    elif name == "delete":
        actions.delete_dialog(workspace().knowledge_base(kb_id).record)
    elif name == "reindex":
        actions.reindex_dialog(workspace().knowledge_base(kb_id))
    else:
        actions.settings_dialog(workspace().knowledge_base(kb_id).record)


def opened(name: str, kb_id: str = "") -> AppTest:
    return AppTest.from_function(dialog, args=(name, kb_id), default_timeout=60).run()


def test_a_knowledge_base_is_made_and_opened(shared: Workspace) -> None:
    at = opened("create")
    at.text_input(key="new_name").set_value(" 财报 ")
    at.text_area(key="new_description").set_value("年报")
    at.form_submit_button[0].click().run()
    assert not at.exception
    record = shared.knowledge_bases()[0]
    assert (record.name, record.description) == ("财报", "年报")
    assert at.query_params["kb"] == record.kb_id


def test_a_missing_and_a_taken_name_are_said(shared: Workspace) -> None:
    shared.create("财报")
    at = opened("create")
    at.form_submit_button[0].click().run()
    assert [warning.value for warning in at.warning] == ["请填写名称。"]
    at.text_input(key="new_name").set_value("财报")
    at.form_submit_button[0].click().run()
    assert "已被使用" in at.error[0].value
    assert len(shared.knowledge_bases()) == 1


def test_settings_and_the_name_are_changed(shared: Workspace) -> None:
    kb_id = shared.create("财报").kb_id
    at = opened("settings", kb_id)
    at.text_input[0].set_value("年报")
    at.number_input[0].set_value(8)
    at.slider[0].set_value(0.25)
    at.form_submit_button[0].click().run()
    assert not at.exception
    record = shared.knowledge_bases()[0]
    assert (record.name, record.top_k, record.threshold) == ("年报", 8, 0.25)


def test_a_knowledge_base_is_deleted_only_under_its_name(shared: Workspace) -> None:
    at = opened("delete", shared.create("财报").kb_id)
    assert at.button(key="confirm_delete").disabled
    at.text_input[0].set_value("财报").run()
    at.button(key="confirm_delete").click().run()
    assert shared.knowledge_bases() == []


def test_reading_everything_again_is_a_job(filled: Workspace) -> None:
    at = opened("reindex", filled.knowledge_bases()[0].kb_id)
    at.button(key="confirm_reindex").click().run()
    assert filled.queue.page()[0].kind == "read_again"
