import time

import pytest
from streamlit.testing.v1 import AppTest

from app.examining import bases_now
from app.state import exams
from kb.exam.questions import ExamQuestion
from kb.exam.run import RunRecord, RunSettings
from kb.workspace import Workspace
from tests.app.views.conftest import HOSTILE, MAIN, texts

QUESTIONS = [
    ExamQuestion("a", "带薪年假有几天？", ("五天",), document="年假.md"),
    ExamQuestion("b", HOSTILE, ("zzqq",), document="年假.md"),
]


@pytest.fixture
def page() -> AppTest:
    """The page of the exams."""
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.run()
    return at.switch_page("views/exam.py")


def ended(run_id: str) -> RunRecord:
    deadline = time.monotonic() + 60
    while (record := exams().get(run_id)).state in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return record


def run(filled: Workspace, name: str = "第一次", *, only_retrieval: bool = False) -> RunRecord:
    kb_id = filled.knowledge_bases()[0].kb_id
    settings = RunSettings((kb_id,), retrieval_only=only_retrieval, threshold=0.0)
    started = exams().start(
        name, QUESTIONS, settings=settings, bases=bases_now(filled, (kb_id,)), chat_model=""
    )
    return ended(started.run_id)


def test_without_documents_the_page_says_what_is_missing(shared: Workspace, page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert any("先去添加文件" in info.value for info in page.info)


def test_the_first_visit_teaches_how_to_begin(filled: Workspace, page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "还没有评测" in texts(page)
    assert page.button(key="exam_start").disabled
    page.segmented_control(key="exam_source").set_value("feedback").run()
    assert any("还没有反馈" in info.value for info in page.info)


def test_an_uploaded_file_becomes_a_run_that_is_shown(filled: Workspace, page: AppTest) -> None:
    page.run()
    content = "问题,答案,文件\n带薪年假有几天？,五天,年假.md\n谁设计了食堂？,拒答,\n"
    page.file_uploader(key="exam_upload").set_value(("年假.csv", content.encode(), "text/csv"))
    page.run()
    assert "读到 2 题，其中 2 题有标准答案" in texts(page)
    page.toggle(key="exam_retrieval_only").set_value(True)
    page.button(key="exam_start").click().run()
    assert not page.exception
    [record] = exams().runs()
    assert (record.name, record.settings.retrieval_only) == ("年假", True)
    assert ended(record.run_id).state == "done"
    page.run()
    assert not page.exception
    assert page.query_params["run"] == record.run_id
    assert "前 5 段命中率" in texts(page)


def test_a_file_without_questions_is_an_error_in_words(filled: Workspace, page: AppTest) -> None:
    page.run()
    page.file_uploader(key="exam_upload").set_value(("x.csv", "甲,乙\n1,2\n".encode(), "text/csv"))
    page.run()
    assert not page.exception
    assert any("里没有问题" in error.value for error in page.error)
    assert page.button(key="exam_start").disabled


def test_praised_answers_become_questions(filled: Workspace, page: AppTest) -> None:
    for _event in filled.ask(["规章制度"], "带薪年假有几天？"):
        pass
    talk = filled.conversations.page()[0].conversation_id
    filled.feedback.give(filled.conversations.messages(talk)[1].message_id, "up")
    page.run()
    page.segmented_control(key="exam_source").set_value("feedback").run()
    assert not page.exception
    assert "读到 1 题，其中 1 题有标准答案" in texts(page)
    page.button(key="exam_start").click().run()
    [record] = exams().runs()
    assert ended(record.run_id).figures["right"] == 1.0


def test_a_failing_question_opens_with_its_retrieval(filled: Workspace, page: AppTest) -> None:
    record = run(filled)
    page.query_params["run"] = record.run_id
    page.run()
    assert not page.exception
    assert "答对率" in texts(page)
    [expander] = [each for each in page.expander if "答错" in each.label]
    assert "img" in expander.label
    page.session_state["exam_question_b"] = True
    page.run()
    assert not page.exception
    said = texts(page)
    assert "检索到的段落" in said
    assert "年假\\.md" in said
    assert "未找到" in said
    expander.set_value(True).run() if hasattr(expander, "set_value") else None
    shown = [*page.markdown, *page.caption, *page.html]
    assert all("<img" not in str(element.value) for element in shown)


def test_two_runs_are_compared(filled: Workspace, page: AppTest) -> None:
    run(filled, "前")
    run(filled, "后", only_retrieval=True)
    page.run()
    page.button(key="exam_compare").click().run()
    assert not page.exception
    said = texts(page)
    assert "对比两次评测" in said
    assert "两次共有 2 道相同的题" in said
    assert "只测检索" in said


def test_a_run_is_deleted(filled: Workspace, page: AppTest) -> None:
    record = run(filled)
    page.query_params["run"] = record.run_id
    page.run()
    page.button(key="exam_delete").click().run()
    assert not page.exception
    assert exams().runs() == []
    page.query_params["run"] = record.run_id
    page.run()
    assert not page.exception
    assert "还没有评测" in texts(page)


def test_the_page_speaks_english(filled: Workspace, page: AppTest) -> None:
    page.session_state["language"] = "en"
    page.run()
    assert "No exams yet" in texts(page)
