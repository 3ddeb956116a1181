import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import anyio.from_thread
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.types import Message

from app.api.asking import finished_answer
from app.events import EventStream
from kb.answer_types import AskEvent, Token
from kb.errors import GenerationError
from kb.workspace import Workspace
from tests.kb.answer.scripted import ScriptedChat

HIT_KEYS = {
    "rank",
    "passage_id",
    "knowledge_base",
    "document_id",
    "document",
    "page",
    "box",
    "sheet",
    "row",
    "column",
    "paragraph",
    "heading",
    "text",
    "score",
    # Beyond the contract: the other version of the document that counts instead.
    "later",
    # And whether the document of an earlier answer's source was removed since.
    "removed",
}
ASK_KEYS = {
    "question",
    "standalone_question",
    "answer",
    "refused",
    "answerable",
    "threshold",
    "citations",
    "sentences",
    "sql",
    "model",
    "conversation",
    "milliseconds",
}
QUESTION = {"knowledge_bases": ["规章制度"], "question": "带薪年假有几天？"}


def events(body: str) -> list[tuple[str, Any]]:
    found = []
    for block in body.strip().split("\n\n"):
        first, second = block.split("\n", 1)
        found.append((first.removeprefix("event: "), json.loads(second.removeprefix("data: "))))
    return found


def test_search_answers_with_the_contracts_keys(filled: Workspace, http: TestClient) -> None:
    found = http.post("/api/search", json=QUESTION).json()
    assert set(found) == {"question", "hits", "answerable", "milliseconds"}
    assert set(found["hits"][0]) == HIT_KEYS
    assert (found["hits"][0]["rank"], found["hits"][0]["document"]) == (1, "年假.md")
    assert found["hits"][0]["knowledge_base"] == "规章制度"
    assert found["hits"][0]["page"] is None
    assert 0 <= found["answerable"] <= 1


def test_questions_are_confined_by_type_and_date(filled: Workspace, http: TestClient) -> None:
    def found(route: str, **fields: object) -> set[str]:
        body = http.post(f"/api/{route}", json={**QUESTION, **fields}).json()
        return {each["document"] for each in body["hits" if route == "search" else "citations"]}

    everything = {"年假.md", "差旅/报销.txt"}
    assert found("search") == found("search", types=None, since=None) == everything
    assert found("search", types=["txt", "pdf"]) == {"差旅/报销.txt"}
    assert found("search", types=[".Markdown"]) == {"年假.md"}
    today = datetime.now().astimezone().date()
    yesterday, tomorrow = (str(today + timedelta(days=each)) for each in (-1, 1))
    assert found("search", since=yesterday, until=tomorrow) == everything
    assert found("search", since=tomorrow) == found("search", until=yesterday) == set()
    assert found("ask", types=["md"], conversation="") == {"年假.md"}
    assert found("ask", types=["txt"], conversation="") <= {"差旅/报销.txt"}
    wrong: dict[str, object]
    for wrong in ({"types": ["mp3"]}, {"types": []}, {"since": "gestern"}, {"until": "9999-12-31"}):
        refused = http.post("/api/search", json={**QUESTION, **wrong})
        assert refused.status_code == 422
        assert next(iter(wrong)) in refused.json()["detail"]


def test_an_answer_has_the_contracts_keys_and_is_kept(filled: Workspace, http: TestClient) -> None:
    answer = http.post("/api/ask", json=QUESTION).json()
    assert set(answer) >= ASK_KEYS
    assert set(answer["citations"][0]) == HIT_KEYS | {"number"}
    assert set(answer["milliseconds"]) == {"retrieve", "first_token", "total"}
    assert "五天" in answer["answer"]
    kept = http.get("/api/conversations").json()["conversations"]
    assert [each["conversation"] for each in kept] == [answer["conversation"]]
    messages = http.get(f"/api/conversations/{answer['conversation']}/messages").json()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[1]["answer"]["answer"] == answer["answer"]


def test_a_streamed_answer_begins_with_passages_and_ends_with_the_answer(
    filled: Workspace, http: TestClient
) -> None:
    response = http.post("/api/ask", json={**QUESTION, "stream": True, "conversation": ""})
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    assert (found[0][0], found[-1][0]) == ("passages", "answer")
    assert {name for name, _ in found[1:-1]} <= {"token"}
    assert set(found[-1][1]["answer"]) >= ASK_KEYS
    assert http.get("/api/conversations").json() == {"conversations": []}


def test_an_error_in_a_stream_is_an_event(filled: Workspace, http: TestClient) -> None:
    body = {**QUESTION, "knowledge_bases": ["没有"], "stream": True}
    found = events(http.post("/api/ask", json=body).text)
    assert [name for name, _ in found] == ["error"]
    assert found[0][1]["error"]["code"] == "not_found"


def test_an_unknown_knowledge_base_is_404_without_a_stream(
    filled: Workspace, http: TestClient
) -> None:
    for route in ("/api/ask", "/api/search"):
        response = http.post(route, json={**QUESTION, "knowledge_bases": ["没有"]})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_an_empty_question_is_wrong(filled: Workspace, http: TestClient) -> None:
    assert http.post("/api/search", json={**QUESTION, "question": ""}).status_code == 422


def test_conversations_are_renamed_and_deleted(filled: Workspace, http: TestClient) -> None:
    conversation = http.post("/api/ask", json=QUESTION).json()["conversation"]
    url = f"/api/conversations/{conversation}"
    assert http.patch(url, json={"title": "年假"}).status_code == 204
    assert http.get("/api/conversations").json()["conversations"][0]["title"] == "年假"
    assert http.delete(url).status_code == 204
    assert http.get("/api/conversations").json() == {"conversations": []}


def test_an_answer_is_praised_and_the_praise_taken_back(
    filled: Workspace, http: TestClient
) -> None:
    conversation = http.post("/api/ask", json=QUESTION).json()["conversation"]
    url = f"/api/conversations/{conversation}/messages"
    question, answer = http.get(url).json()["messages"]
    assert answer["feedback"] is None
    number = answer["message_id"]
    put = http.put(f"/api/messages/{number}/feedback", json={"feedback": "up"})
    assert put.status_code == 204
    assert http.get(url).json()["messages"][1]["feedback"] == "up"
    [given] = http.get("/api/feedback").json()["feedback"]
    assert (given["feedback"], given["answer"]["question"]) == ("up", QUESTION["question"])
    assert given["answer"]["citations"][0]["document"] == "年假.md"
    http.put(f"/api/messages/{number}/feedback", json={"feedback": None})
    assert http.get("/api/feedback").json() == {"feedback": []}
    wrong = f"/api/messages/{question['message_id']}/feedback"
    assert http.put(wrong, json={"feedback": "up"}).status_code == 404
    assert http.put(wrong, json={"feedback": "great"}).status_code == 422


@pytest.mark.parametrize("route", ["health", "openapi.json"])
def test_health_and_schema_are_served(filled: Workspace, http: TestClient, route: str) -> None:
    assert http.get(f"/api/{route}").status_code == 200


def test_health_names_this_server_and_its_chat_model(filled: Workspace, http: TestClient) -> None:
    health = http.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["instance"] == "this-instance"
    # The workspace of the tests has a models folder without any model.
    assert health["chat_state"] == "absent"


def test_health_answers_before_the_workspace_is_open(asgi: Starlette) -> None:
    with TestClient(asgi, base_url="http://127.0.0.1") as client:
        assert client.get("/api/health").json()["chat_state"] == "loading"


def test_an_answer_ends_when_its_reader_has_gone_while_tokens_still_come() -> None:
    stopped = threading.Event()

    def talk(cancelled: Callable[[], bool]) -> Iterator[AskEvent]:
        while not cancelled():
            time.sleep(0.01)
            yield Token("字")
        stopped.set()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def read() -> None:
        request = Request({"type": "http", "headers": []}, gone)
        with pytest.raises(GenerationError):
            await finished_answer(EventStream(talk), request)

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.start_task_soon(read).result(timeout=10)
    assert stopped.wait(10)


def test_the_language_of_an_answer_is_asked_for_and_a_wrong_one_refused(
    filled: Workspace, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ScriptedChat("每年享有五天带薪年假。", "每年享有五天带薪年假。")
    monkeypatch.setattr(filled._answerer, "_chat", lambda: chat)
    for language in ("en", "auto"):
        assert http.post("/api/ask", json=QUESTION | {"language": language}).is_success
    assert ["Answer in English" in prompt for prompt in chat.prompts] == [True, False]
    assert http.post("/api/ask", json=QUESTION | {"language": "fr"}).status_code == 422
