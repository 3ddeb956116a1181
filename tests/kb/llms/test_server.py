from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from kb.errors import BackendUnavailableError
from kb.llms.server import make_app
from kb.llms.worker import ModelWorker
from tests.kb.llms.scripted import CONTEXT, ScriptedModel

KEY = "correct-key"


@dataclass
class Serving:
    """A server on a real port, its model and a client that has the key."""

    model: ScriptedModel
    http: httpx.Client
    may_load: threading.Event

    def chat(self, text: str, **fields: Any) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}]} | fields
        return self.http.post("/v1/chat/completions", json=body)


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [line[6:] for line in response.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def said(parts: list[dict[str, Any]]) -> str:
    return "".join(part["choices"][0]["delta"].get("content", "") for part in parts)


@pytest.fixture
def loading() -> Iterator[Serving]:
    model, may_load = ScriptedModel(), threading.Event()

    def load() -> ScriptedModel:
        may_load.wait(10)
        return model

    worker = ModelWorker(load)
    worker.start()
    app = make_app(worker, model_name="scripted", key=KEY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=10) as http:
            yield Serving(model, http, may_load)
        model.go.set()
        may_load.set()
        server.should_exit = True
        thread.join()


@pytest.fixture
def serving(loading: Serving) -> Serving:
    loading.may_load.set()
    while loading.http.get("/health").json()["status"] != "ready":
        time.sleep(0.01)
    return loading


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/v1/nothing"])
@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}])
def test_every_path_wants_the_key(serving: Serving, path: str, headers: dict[str, str]) -> None:
    response = serving.http.get(path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


def test_health_answers_while_the_model_is_loaded(loading: Serving) -> None:
    expected = {"status": "loading", "reason": "", "context_length": None}
    assert loading.http.get("/health").json() == expected
    refused = loading.chat("hello")
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "model_loading"


def test_a_model_that_cannot_be_loaded_tells_why() -> None:
    def load() -> ScriptedModel:
        raise BackendUnavailableError("m.gguf cannot be loaded")

    worker = ModelWorker(load)
    worker.start()
    deadline = time.monotonic() + 5
    while worker.status == "loading" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (worker.status, worker.reason) == ("failed", "m.gguf cannot be loaded")


def test_models_lists_the_one_model(serving: Serving) -> None:
    listed = serving.http.get("/v1/models").json()
    assert [entry["id"] for entry in listed["data"]] == ["scripted"]


def test_a_whole_answer_has_text_reason_and_usage(serving: Serving) -> None:
    answer = serving.chat("one two three").json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "one two three "}
    assert answer["choices"][0]["finish_reason"] == "stop"
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    assert [answer["usage"][name] for name in counts] == [13, 3, 16]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_both_names_of_the_limit_cut_the_answer(serving: Serving, name: str) -> None:
    answer = serving.chat("one two three", **{name: 2}).json()
    assert answer["choices"][0]["message"]["content"] == "one two "
    assert answer["choices"][0]["finish_reason"] == "length"


def test_a_streamed_answer_joins_to_the_whole_one(serving: Serving) -> None:
    parts = chunks(serving.chat("one two three", stream=True))
    assert said(parts) == "one two three "
    assert parts[0]["choices"][0]["delta"]["role"] == "assistant"
    assert parts[-1]["choices"][0]["finish_reason"] == "stop"
    assert all("usage" not in part for part in parts)


def test_usage_ends_the_stream_when_asked_for(serving: Serving) -> None:
    parts = chunks(serving.chat("one two", stream=True, stream_options={"include_usage": True}))
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["total_tokens"] == 9


def test_a_failure_in_mid_answer_is_an_error_object_in_the_stream(serving: Serving) -> None:
    parts = chunks(serving.chat("break it now", stream=True))
    assert said(parts[:-1]) == "break "
    assert parts[-1]["error"]["code"] == "generation_failed"
    assert parts[-1]["error"]["message"] == "the engine broke"
    assert serving.chat("break it now").status_code == 500
    assert serving.chat("still there").json()["choices"][0]["message"]["content"] == "still there "


def test_a_prompt_too_long_is_a_bad_request_with_openais_code(serving: Serving) -> None:
    refused = serving.chat("x" * (CONTEXT + 1), stream=True)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    assert str(CONTEXT) in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}], "temperature": -1}, "temperature"),
        ({}, "messages"),
    ],
)
def test_a_wrong_request_names_the_field(
    serving: Serving, body: dict[str, Any], named: str
) -> None:
    refused = serving.http.post("/v1/chat/completions", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(named)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": ["a"]}}}},
        {"response_format": {"type": "json_object"}},
        {"logprobs": True, "top_logprobs": 5, "max_tokens": 1},
        {"logprobs": True, "top_logprobs": 5, "max_tokens": 2},
    ],
)
def test_what_the_engine_lacks_is_refused_with_openais_code(
    serving: Serving, fields: dict[str, Any], stream: bool
) -> None:
    answer = serving.chat("one two", stream=stream, **fields)
    if stream:
        refused = chunks(answer)[-1]
    else:
        assert answer.status_code == 400
        refused = answer.json()
    assert refused["error"]["code"] == "unsupported_parameter"
    assert refused["error"]["type"] == "invalid_request_error"


def test_a_format_of_text_is_no_constraint(serving: Serving) -> None:
    answer = serving.chat("one two", response_format={"type": "text"}).json()
    assert answer["choices"][0]["message"]["content"] == "one two "


def test_count_tokens_gives_count_and_context(serving: Serving) -> None:
    body = {"messages": [{"role": "user", "content": "四个汉字"}]}
    counted = serving.http.post("/v1/count_tokens", json=body).json()
    assert counted == {"tokens": 4, "context_length": CONTEXT}


def test_tokens_are_counted_while_an_answer_runs(serving: Serving) -> None:
    body = {"messages": [{"role": "user", "content": "wait here"}], "stream": True}
    with serving.http.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200
        counted = serving.http.post("/v1/count_tokens", json={"messages": body["messages"]})
        assert counted.json()["tokens"] == 9


def test_the_stream_breathes_while_the_prompt_is_read(serving: Serving) -> None:
    body = {"messages": [{"role": "user", "content": "wait here"}], "stream": True}
    with serving.http.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = (line for line in response.iter_lines() if line)
        beats = [json.loads(next(lines)[6:]) for _ in range(3)]
        assert said(beats) == ""
        serving.model.go.set()
        assert "".join(lines).endswith("[DONE]")


def test_answers_are_given_in_the_order_of_the_questions(serving: Serving) -> None:
    texts = ["wait a", "b", "c", "d"]
    threads = []
    for number, text in enumerate(texts):
        threads.append(threading.Thread(target=serving.chat, args=(text,)))
        threads[-1].start()
        if number == 0:
            while not serving.model.order:
                time.sleep(0.01)
        time.sleep(0.1)
    serving.model.go.set()
    for thread in threads:
        thread.join()
    assert serving.model.order == texts


def test_a_client_that_leaves_stops_the_answer_and_frees_the_model(serving: Serving) -> None:
    body = {"messages": [{"role": "user", "content": "wait for ever"}], "stream": True}
    with serving.http.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200
        while not serving.model.order:
            time.sleep(0.01)
    assert serving.model.stopped.wait(5)
    assert serving.chat("next").json()["choices"][0]["message"]["content"] == "next "


def test_a_client_that_leaves_the_queue_is_never_answered(serving: Serving) -> None:
    waiting = threading.Thread(target=serving.chat, args=("wait a",))
    waiting.start()
    while not serving.model.order:
        time.sleep(0.01)
    with pytest.raises(httpx.ReadTimeout):
        serving.http.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "gone"}]},
            timeout=0.3,
        )
    for _ in range(3):
        # Each goes through the server's loop after the hang-up, which it has then noticed.
        serving.http.get("/health")
    serving.model.go.set()
    waiting.join()
    assert serving.chat("next").status_code == 200
    assert serving.model.order == ["wait a", "next"]
