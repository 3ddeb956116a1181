import json

import openai
import pytest
from fastapi.testclient import TestClient

from app.api.openai import ChatMessageIn, _turns
from kb.answer.phrases import REFUSAL
from kb.answer_types import Turn
from kb.workspace import Workspace
from tests.app.conftest import RunningServer
from tests.kb.answer.scripted import ScriptedChat

ASK = [{"role": "user", "content": "带薪年假有几天？"}]


def client(running: RunningServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=running.url + "/v1", api_key="any", max_retries=0)


def test_knowledge_bases_are_the_models(running: RunningServer) -> None:
    assert [model.id for model in client(running).models.list()] == ["规章制度"]


def test_an_answer_carries_its_sources_as_data_and_as_text(running: RunningServer) -> None:
    done = client(running).chat.completions.create(model="规章制度", messages=ASK)  # type: ignore[arg-type]
    content = done.choices[0].message.content or ""
    assert "五天" in content
    assert "资料来源：\n[1] 年假.md" in content
    assert done.model_extra is not None
    assert done.model_extra["citations"][0]["document"] == "年假.md"


def test_a_streamed_answer_ends_with_its_sources(running: RunningServer) -> None:
    chunks = list(
        client(running).chat.completions.create(model="规章制度", messages=ASK, stream=True)  # type: ignore[arg-type, call-overload]
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert "五天" in said
    assert said.rstrip().rsplit("\n", 1)[-1].startswith("[")
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].model_extra["citations"][0]["document"] == "年假.md"


def test_an_answer_that_is_taken_back_ends_with_the_refusal(
    running: RunningServer, filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ScriptedChat("每年享有九百天带薪年假。")
    monkeypatch.setattr(filled._answerer, "_chat", lambda: chat)
    chunks = list(
        client(running).chat.completions.create(model="规章制度", messages=ASK, stream=True)  # type: ignore[arg-type, call-overload]
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said.startswith(f"每年享有九百天带薪年假。\n\n{REFUSAL}\n\n")


def test_nothing_of_it_is_kept(running: RunningServer, filled: Workspace) -> None:
    client(running).chat.completions.create(model="规章制度", messages=ASK)  # type: ignore[arg-type]
    assert filled.conversations.page() == []


def test_an_unknown_model_is_not_found_streaming_or_not(running: RunningServer) -> None:
    for stream in (False, True):
        with pytest.raises(openai.NotFoundError):
            client(running).chat.completions.create(  # type: ignore[call-overload]
                model="没有", messages=ASK, stream=stream
            )


def test_text_parts_are_read_and_the_last_question_counts(
    filled: Workspace, http: TestClient
) -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "差旅报销多久？"},
        {"role": "assistant", "content": "十五日。"},
        {"role": "user", "content": [{"type": "text", "text": "带薪年假有几天？"}]},
    ]
    done = http.post(
        "/v1/chat/completions", json={"model": "规章制度", "messages": messages}
    ).json()
    assert "五天" in done["choices"][0]["message"]["content"]


def test_exchanges_are_the_questions_with_the_answers_that_followed() -> None:
    messages = [
        ChatMessageIn(role="system", content="be brief"),
        ChatMessageIn(role="user", content="没有回答的问题"),
        ChatMessageIn(role="user", content="年假有几天？"),
        ChatMessageIn(role="assistant", content="五天。"),
        ChatMessageIn(role="user", content="那婚假呢？"),
    ]
    assert _turns(messages) == [Turn("年假有几天？", "五天。")]


def test_a_chat_without_a_question_is_wrong(filled: Workspace, http: TestClient) -> None:
    body = {"model": "规章制度", "messages": [{"role": "assistant", "content": "hi"}]}
    response = http.post("/v1/chat/completions", content=json.dumps(body))
    assert response.status_code in (400, 422)


def test_errors_have_the_form_that_openai_clients_read(filled: Workspace, http: TestClient) -> None:
    body = {"model": "没有", "messages": ASK}
    response = http.post("/v1/chat/completions", json=body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["error"] == {
        "message": response.json()["detail"],
        "type": "invalid_request_error",
        "param": None,
        "code": "not_found",
    }
    assert "error" not in http.get("/api/jobs/none").json()


@pytest.mark.parametrize("question", ["长" * 20_001, "\ud800"])
def test_a_question_that_is_none_is_the_clients_mistake(
    filled: Workspace, http: TestClient, question: str
) -> None:
    body = json.dumps({"model": "规章制度", "messages": [{"role": "user", "content": question}]})
    headers = {"content-type": "application/json"}
    response = http.post("/v1/chat/completions", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
