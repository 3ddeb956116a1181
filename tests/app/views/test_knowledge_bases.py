import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from kb.workspace import Workspace
from tests.app.views.conftest import HOSTILE, texts

PAGE = "views/knowledge_bases.py"
LOCKED = Path(__file__).resolve().parents[2] / "data" / "loaders" / "locked.pdf"


def opened(page: AppTest, **query: str) -> AppTest:
    page.run()
    for name, value in query.items():
        page.query_params[name] = value
    return page.switch_page(PAGE).run()


def test_no_knowledge_bases_is_an_invitation(shared: Workspace, page: AppTest) -> None:
    opened(page)
    assert not page.exception
    assert "还没有知识库" in texts(page)


def test_every_knowledge_base_has_a_card_with_its_counts(filled: Workspace, page: AppTest) -> None:
    filled.create(HOSTILE)
    opened(page)
    assert not page.exception
    assert "规章制度" in texts(page)
    assert "3 个文件 · 2 个段落" in texts(page)
    assert all("<img" not in str(element.value) for element in page.html)


def test_documents_stand_in_the_table_with_state_and_reason(
    filled: Workspace, page: AppTest
) -> None:
    opened(page, kb=filled.knowledge_bases()[0].kb_id)
    assert not page.exception
    rows = page.dataframe[0].value
    states = {row["document"]: list(row["state"]) for row in rows.to_dict("records")}
    assert states == {"年假.md": ["可用"], "差旅/报销.txt": ["可用"], "坏.pdf": ["失败"]}
    reasons = {row["document"]: row["reason"] for row in rows.to_dict("records")}
    assert reasons["坏.pdf"].startswith("文件已损坏")
    assert reasons["年假.md"] == ""
    assert "上次处理有 1 个文件需要留意" in texts(page)


def test_documents_are_filtered_by_name_and_state(filled: Workspace, page: AppTest) -> None:
    kb_id = filled.knowledge_bases()[0].kb_id
    opened(page, kb=kb_id)
    page.text_input(key=f"contains_{kb_id}").set_value("差旅").run()
    assert list(page.dataframe[0].value["document"]) == ["差旅/报销.txt"]
    page.text_input(key=f"contains_{kb_id}").set_value("")
    page.multiselect(key=f"states_{kb_id}").set_value(["failed"]).run()
    assert list(page.dataframe[0].value["document"]) == ["坏.pdf"]


def test_documents_are_sorted_by_any_column(filled: Workspace, page: AppTest) -> None:
    kb_id = filled.knowledge_bases()[0].kb_id
    opened(page, kb=kb_id)
    page.selectbox(key=f"order_{kb_id}").set_value("state").run()
    states = [state for (state,) in page.dataframe[0].value["state"]]
    assert states == ["失败", "可用", "可用"]
    page.toggle(key=f"descending_{kb_id}").set_value(True).run()
    assert not page.exception
    states = [state for (state,) in page.dataframe[0].value["state"]]
    assert states == ["可用", "可用", "失败"]


def test_every_document_shows_how_well_it_was_read_and_is_filtered_by_it(
    filled: Workspace, page: AppTest
) -> None:
    kb_id = filled.knowledge_bases()[0].kb_id
    opened(page, kb=kb_id)
    rows = page.dataframe[0].value.to_dict("records")
    assert {row["document"]: list(row["health"]) for row in rows} == {
        "年假.md": ["✓ 正常"],
        "差旅/报销.txt": ["✓ 正常"],
        "坏.pdf": ["✕ 有问题"],
    }
    labels = [option.content for option in page.pills(key=f"health_{kb_id}").proto.options]
    assert [label.rsplit(" ", 2)[-2:] for label in labels] == [
        ["正常", "2"],
        ["需留意", "0"],
        ["有问题", "1"],
    ]
    page.pills(key=f"health_{kb_id}").set_value(["amber", "red"]).run()
    assert list(page.dataframe[0].value["document"]) == ["坏.pdf"]


def test_the_health_of_the_whole_knowledge_base_is_a_tab_of_its_own(
    filled: Workspace, page: AppTest
) -> None:
    opened(page, kb=filled.knowledge_bases()[0].kb_id)
    page.session_state["knowledge_base_tabs"] = "读取质量"
    page.run()
    assert not page.exception
    figures = {metric.label.split()[-1]: metric.value for metric in page.metric}
    assert (figures["正常"], figures["需留意"], figures["有问题"]) == ("2", "0", "1")
    reasons, formats = (table.value for table in page.dataframe)
    assert list(reasons["reason"]) == ["文件已损坏。请重新导出后再添加。"]
    assert dict(zip(formats["format"], formats["red"], strict=True)) == {
        "md": 0,
        "txt": 0,
        "pdf": 1,
    }


def test_a_document_tells_its_pages_and_what_is_wrong(filled: Workspace, page: AppTest) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    good, bad = knowledge_base.document("年假.md"), knowledge_base.document("坏.pdf")
    opened(page, kb=knowledge_base.kb_id, document=str(good.document_id))
    assert "这个文件读取正常。" in texts(page)
    page.session_state["document_tabs"] = "逐页情况"
    page.run()
    assert not page.exception
    rows = page.dataframe[0].value.to_dict("records")
    assert rows == [{"source": "文字层", "characters": 24, "readable": "100%", "tables": 0}]
    page.query_params["document"] = str(bad.document_id)
    page.run()
    assert [error.value for error in page.error] == [
        "文件已损坏，或内容不是 pdf 格式。请重新导出后再添加。"
    ]


def test_what_a_document_was_is_read_and_compared(
    filled: Workspace, page: AppTest, tmp_path: Path
) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    path = tmp_path / "休假.txt"
    for said in (f"年假为十天。\n{HOSTILE}", "年假为十五天。\n病假须附证明。"):
        path.write_text(said, encoding="utf-8")
        filled.queue.wait(knowledge_base.add([path]).job_id, timeout=60)
    number = knowledge_base.document("休假.txt").document_id
    opened(page, kb=knowledge_base.kb_id, document=str(number))
    assert "年假为十五天" in texts(page)
    page.selectbox(key=f"version_{number}").set_value(1).run()
    assert not page.exception
    assert "年假为十天" in texts(page)
    assert "年假为十五天" not in texts(page)
    assert "这是旧版本" in page.warning[0].value
    page.toggle(key=f"compare_{number}_1").set_value(True).run()
    assert not page.exception
    shown = texts(page)
    assert "<del>年假为十天。</del>" in shown
    assert "<ins>年假为十五天。</ins>" in shown
    assert "<img" not in shown


def test_a_deleted_file_can_be_read_for_a_while(
    filled: Workspace, page: AppTest, tmp_path: Path
) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    share = tmp_path / "share"
    share.mkdir()
    path = share / "食堂.txt"
    path.write_text("午餐十二点开始。", encoding="utf-8")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    folder = filled.mirror.link(knowledge_base.kb_id, share)
    done = filled.mirror.synchronise(folder)
    assert done.job_id is not None
    filled.queue.wait(done.job_id, timeout=60)
    path.unlink()
    filled.mirror.synchronise(folder, confirm=True)
    opened(page, kb=knowledge_base.kb_id)
    chosen = page.selectbox(key=f"gone_{knowledge_base.kb_id}")
    chosen.set_value(chosen.options[0]).run()
    assert not page.exception
    assert "午餐十二点开始。" in texts(page)
    assert "从文件夹中删除" in page.warning[0].value


def test_a_protected_file_of_the_last_job_asks_for_its_password(
    shared: Workspace, page: AppTest
) -> None:
    knowledge_base = shared.knowledge_base(shared.create("合同").kb_id)
    shared.queue.wait(knowledge_base.add([LOCKED]).job_id, timeout=60)
    opened(page, kb=knowledge_base.kb_id)
    document = knowledge_base.document("locked.pdf")
    page.button(key=f"unlock_{document.document_id}").click().run()
    assert not page.exception
    assert "“locked\\.pdf”的密码" in [field.label for field in page.text_input]


def test_a_document_is_read_again_by_ocr_as_a_job(filled: Workspace, page: AppTest) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    bad = knowledge_base.document("坏.pdf")
    opened(page, kb=knowledge_base.kb_id, document=str(bad.document_id))
    if page.button(key="again_ocr").disabled:
        pytest.skip("no OCR is installed")
    page.button(key="again_ocr").click().run()
    assert not page.exception
    job = filled.queue.page(limit=1)[0]
    assert (job.kind, job.total) == ("read_again", 1)
    assert filled.queue.wait(job.job_id, timeout=60).counts == {"failed": 1}


def test_an_empty_knowledge_base_says_how_to_fill_it(shared: Workspace, page: AppTest) -> None:
    opened(page, kb=shared.create("空库").kb_id)
    assert not page.exception
    assert "这里还没有文件" in texts(page)


def test_a_document_is_shown_with_text_and_passages(filled: Workspace, page: AppTest) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    document = knowledge_base.document("差旅/报销.txt")
    opened(page, kb=knowledge_base.kb_id, document=str(document.document_id))
    assert not page.exception
    assert "住宿费上限为每晚四百元。" in texts(page)
    assert "段落（1）" in [tab.label for tab in page.tabs]


def test_a_document_that_is_gone_leads_back_to_the_table(filled: Workspace, page: AppTest) -> None:
    opened(page, kb=filled.knowledge_bases()[0].kb_id, document="999")
    assert not page.exception
    assert len(page.dataframe) == 1


def test_a_knowledge_base_that_is_gone_leads_back_to_the_cards(
    filled: Workspace, page: AppTest
) -> None:
    opened(page, kb="gone")
    assert not page.exception
    assert "规章制度" in texts(page)


def test_a_long_text_is_read_and_shown_a_part_at_a_time(
    filled: Workspace, page: AppTest, tmp_path: Path
) -> None:
    knowledge_base = filled.knowledge_base("规章制度")
    path = tmp_path / "记录.txt"
    path.write_text("\n".join(f"第{number}号记录一切正常。" for number in range(6000)), "utf-8")
    filled.queue.wait(knowledge_base.add([path]).job_id, timeout=60)
    number = knowledge_base.document("记录.txt").document_id
    places = knowledge_base.page_places(number)
    assert len(places) > 1
    opened(page, kb=knowledge_base.kb_id, document=str(number))
    assert not page.exception
    shown = texts(page)
    assert "第7号记录" in shown
    assert "第5999号记录" not in shown
    assert "第5999号记录" in knowledge_base.page_text(number, places[-1].position).text


def test_a_folder_is_linked_looked_at_and_synchronised(
    filled: Workspace, page: AppTest, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "考勤.txt").write_text("上班时间为九点。", encoding="utf-8")
    os.utime(share / "考勤.txt", (1_600_000_000, 1_600_000_000))
    kb_id = filled.knowledge_bases()[0].kb_id
    opened(page, kb=kb_id)

    def run() -> None:
        # The test's browser forgets which tab is open.
        page.session_state["knowledge_base_tabs"] = "文件夹"
        page.run()
        assert not page.exception

    run()
    assert "投放文件夹" in texts(page)
    page.text_input(key=f"path_{kb_id}").set_value(str(tmp_path / "none"))
    button(page, "链接").click()
    run()
    assert "无法访问" in page.error[0].value
    page.text_input(key=f"path_{kb_id}").set_value(str(share))
    button(page, "链接").click()
    run()
    assert "尚未同步" in texts(page)
    assert "新增 1 · 修改 0 · 改名 0 · 删除 0" in texts(page)
    folder = filled.mirror.folders(kb_id)[-1]
    page.button(key=f"sync_{folder.folder_id}").click()
    run()
    job = filled.mirror.job_of(folder)
    if job is not None:
        filled.queue.wait(job, timeout=60)
    documents = {each.document for each in filled.knowledge_base(kb_id).documents()}
    assert "考勤.txt" in documents
    run()
    assert "已同步" in texts(page)


def button(page: AppTest, label: str) -> Button:
    return next(each for each in page.button if each.label == label)
