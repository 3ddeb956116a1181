import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kb.answer_types import Answer
from kb.workspace import Workspace
from tests.app.views.conftest import HOSTILE, texts
from tests.kb.answer.scripted import ScriptedChat


def ask(at: AppTest, question: str) -> AppTest:
    return at.chat_input[0].set_value(question).run()


def test_an_empty_installation_teaches_the_first_step(shared: Workspace, page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "先建一个知识库" in texts(page)
    assert [button.label for button in page.main.button] == ["新建第一个知识库"]
    assert not page.chat_input


def test_knowledge_bases_without_documents_lead_to_adding_some(
    shared: Workspace, page: AppTest
) -> None:
    shared.create("空库")
    page.run()
    assert "知识库里还没有可查的内容" in texts(page)
    assert not page.chat_input


def test_a_question_is_answered_with_sources_and_kept(filled: Workspace, page: AppTest) -> None:
    ask(page.run(), "带薪年假有几天？")
    assert not page.exception
    assert "五天" in texts(page)
    conversation = filled.conversations.page()[0]
    assert page.query_params["conversation"] == conversation.conversation_id
    assert any("年假\\.md" in expander.label for expander in page.expander)
    assert any("可回答度" in caption.value for caption in page.caption)
    assert any(button.label == "带薪年假有几天？" for button in page.sidebar.button)


def test_without_a_chat_model_the_answer_is_marked_as_an_excerpt(
    filled: Workspace, page: AppTest
) -> None:
    ask(page.run(), "带薪年假有几天？")
    assert "以上为原文摘录" in texts(page)
    assert "没有语言模型" in texts(page)


def test_a_conversation_named_in_the_address_is_shown_again(
    filled: Workspace, page: AppTest
) -> None:
    for _ in filled.ask(["规章制度"], "差旅报销要在几天内提交？"):
        pass
    page.query_params["conversation"] = filled.conversations.page()[0].conversation_id
    page.run()
    assert "差旅报销要在几天内提交？" in texts(page)
    assert "十五日" in texts(page)


def test_a_source_that_was_removed_since_says_so(filled: Workspace, page: AppTest) -> None:
    answer = list(filled.ask(["规章制度"], "年假有几天？"))[-1]
    assert isinstance(answer, Answer)
    page.query_params["conversation"] = answer.conversation
    assert not any("已移除" in each.label for each in page.run().expander)
    filled.knowledge_base("规章制度").remove("年假.md")
    assert any(r"年假\.md" in each.label and "已移除" in each.label for each in page.run().expander)


def test_an_unknown_conversation_is_a_new_one(filled: Workspace, page: AppTest) -> None:
    page.query_params["conversation"] = "gone"
    page.run()
    assert not page.exception
    assert "想查点什么？" in texts(page)


def test_what_the_documents_do_not_treat_is_refused_with_the_nearest_passages(
    filled: Workspace, page: AppTest
) -> None:
    filled.configure("规章制度", threshold=1.0)
    ask(page.run(), "zzqx qqzz 7788？")
    assert [warning.value for warning in page.warning] == ["根据已知信息无法回答该问题"]
    assert "最接近的资料" in texts(page)


def test_a_refusal_is_shown_in_the_language_of_the_page(filled: Workspace, page: AppTest) -> None:
    filled.configure("规章制度", threshold=1.0)
    page.query_params["lang"] = "en"
    ask(page.run(), "zzqx qqzz 7788？")
    shown = [warning.value for warning in page.warning]
    assert shown == ["The question cannot be answered from the known information"]
    answer = filled.conversations.messages(page.query_params["conversation"])[1].answer
    assert answer is not None
    assert answer.answer == "根据已知信息无法回答该问题"


def test_the_language_of_answers_is_chosen_beside_the_question(
    filled: Workspace, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ScriptedChat("每年享有五天带薪年假。", "每年享有五天带薪年假。")
    monkeypatch.setattr(filled._answerer, "_chat", lambda: chat)
    page.run()
    assert page.selectbox(key="answer_language_zh").options[0] == "答案语言：随问题"
    ask(page, "带薪年假有几天？")
    page.selectbox(key="answer_language_zh").set_value("en").run()
    ask(page, "带薪年假有几天？")
    assert not page.exception
    assert ["Answer in English" in prompt for prompt in chat.prompts] == [False, True]


def test_english_is_a_switch(filled: Workspace, page: AppTest) -> None:
    page.query_params["lang"] = "en"
    page.run()
    assert "What would you like to know?" in texts(page)
    assert page.chat_input[0].placeholder == "Ask a question and press Enter"


def test_hostile_texts_are_never_interpreted(
    shared: Workspace, page: AppTest, write: Callable[[str, str], Path]
) -> None:
    shared.create(HOSTILE)
    shared.create("另一个")
    path = write(f"{HOSTILE.replace('/', '')}.txt", f"保密期限为三年。{HOSTILE}")
    job = shared.knowledge_base(HOSTILE).add([path])
    assert shared.queue.wait(job.job_id, timeout=60).counts == {"ready": 1}
    ask(page.run(), f"保密期限是几年？{HOSTILE}")
    assert not page.exception
    shown = [*page.markdown, *page.caption, *page.html]
    assert all("<img" not in str(element.value) for element in shown)
    labels = [each.label for each in (*page.expander, *page.button)]
    assert any("img" in label for label in labels)
    # Without the characters that a backslash takes the meaning from, no markup is left.
    bare = [re.sub(r"\\.", "", label) for label in labels]
    assert all("<" not in label and "[l]" not in label for label in bare)
    assert any("&lt;img" in str(element.value) for element in page.html)


def test_an_answer_stopped_before_its_first_word_says_so(filled: Workspace, page: AppTest) -> None:
    *_, answer = filled.ask(["规章制度"], "带薪年假有几天？")
    assert isinstance(answer, Answer)
    filled.conversations.add(answer.conversation, replace(answer, answer="", sentences=()))
    page.query_params["conversation"] = answer.conversation
    page.run()
    assert not page.exception
    assert "已停止，没有生成答案" in texts(page)
    assert not page.warning


def test_an_answer_is_praised_blamed_and_the_blame_taken_back(
    filled: Workspace, page: AppTest
) -> None:
    ask(page.run(), "带薪年假有几天？")
    page.feedback[0].set_value(1).run()
    assert [given.praise for given in filled.feedback.page()] == ["up"]
    page.feedback[0].set_value(0).run()
    assert [given.praise for given in filled.feedback.page()] == ["down"]
    page.feedback[0].set_value(None).run()
    assert not page.exception
    assert filled.feedback.page() == []
