from streamlit.testing.v1 import AppTest

from kb.answer.synonyms import groups_as_csv
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
        actions.settings_dialog(workspace().knowledge_base(kb_id))


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


def test_synonyms_are_saved_as_they_stand_and_an_empty_table_is_none(shared: Workspace) -> None:
    base = shared.knowledge_base(shared.create("财报").kb_id)
    base.set_synonyms("年假 = 带薪年休假 = 年休假\n# 备注\nPO = 采购订单")
    at = opened("settings", base.kb_id)
    at.button(key="save_synonyms").click().run()
    assert not at.exception
    assert [success.value for success in at.success] == ["已保存 2 组同义词，下一个问题起生效。"]
    assert base.synonyms() == (("年假", "带薪年休假", "年休假"), ("PO", "采购订单"))
    base.set_synonyms("")
    at = opened("settings", base.kb_id)
    at.button(key="save_synonyms").click().run()
    assert [success.value for success in at.success] == ["已保存：没有同义词。"]


def test_a_file_of_synonyms_counts_when_it_is_saved(shared: Workspace) -> None:
    base = shared.knowledge_base(shared.create("财报").kb_id)
    base.set_synonyms("年假 = 年休假")
    at = opened("settings", base.kb_id)
    content = groups_as_csv([("PO", "采购订单", "purchase order"), ("#1", "一号")])
    at.file_uploader[0].set_value(("词.csv", content, "text/csv")).run()
    assert "2 组已放进表格" in at.info[0].value
    assert base.synonyms() == (("年假", "年休假"),)
    at.button(key="save_synonyms").click().run()
    assert base.synonyms() == (("PO", "采购订单", "purchase order"), ("#1", "一号"))


def test_a_wrong_line_of_a_file_is_named_and_nothing_is_lost(shared: Workspace) -> None:
    base = shared.knowledge_base(shared.create("财报").kb_id)
    base.set_synonyms("年假 = 年休假")
    at = opened("settings", base.kb_id)
    content = "PO,采购订单\n\n孤单\n".encode("utf-8-sig")
    at.file_uploader[0].set_value(("词.csv", content, "text/csv")).run()
    assert "第 3 行只有一个词：“孤单”" in at.error[0].value
    assert any("原有的同义词不变" in caption.value for caption in at.caption)
    at.button(key="save_synonyms").click().run()
    assert base.synonyms() == (("年假", "年休假"),)
