from streamlit.testing.v1 import AppTest

from kb.workspace import Workspace
from tests.app.views.conftest import HOSTILE, texts

PAGE = "views/knowledge_bases.py"


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
