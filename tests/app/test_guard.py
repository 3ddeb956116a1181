import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.guard import Guard, is_loopback

TOKEN = "secret"  # noqa: S105 - no secret


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.method)


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def client(*, loopback_only: bool = True, base_url: str = "http://127.0.0.1:8501") -> TestClient:
    paths = ("/api/things", "/v1/things", "/other")
    app = Starlette(
        routes=[
            *(Route(path, answer, methods=["GET", "POST", "PUT", "DELETE"]) for path in paths),
            WebSocketRoute("/stream", talk),
        ],
        middleware=[Middleware(Guard, token=TOKEN, loopback_only=loopback_only, language="zh")],
    )
    return TestClient(app, base_url=base_url)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - compared with, not bound
        ("192.168.1.4", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(name: str, expected: bool) -> None:
    assert is_loopback(name) is expected


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8501", "localhost", "[::1]:8501", "LOCALHOST:1", "[::1]"]
)
def test_the_servers_own_names_are_served(host: str) -> None:
    assert client().get("/api/things", headers={"Host": host}).text == "GET"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused_as_a_problem(host: str) -> None:
    response = client().get("/api/things", headers={"Host": host})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "wrong_host"


def test_host_names_are_free_when_others_may_come() -> None:
    assert client(loopback_only=False).get("/other", headers={"Host": "kb.example"}).text == "GET"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_change_without_our_header_is_refused(method: str) -> None:
    response = client().request(method, "/api/things")
    assert (response.status_code, response.json()["code"]) == (403, "cross_site")


def test_a_change_with_our_header_or_the_token_passes() -> None:
    assert client().post("/api/things", headers={"X-Zhiku": "1"}).text == "POST"
    assert client().post("/api/things", headers={"Authorization": f"Bearer {TOKEN}"}).text == "POST"
    wrong = client().post("/api/things", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 403


def test_a_page_of_another_site_is_refused_even_with_our_header() -> None:
    headers = {"X-Zhiku": "1", "Origin": "http://evil.example"}
    assert client().post("/api/things", headers=headers).status_code == 403
    own = {"X-Zhiku": "1", "Origin": "http://127.0.0.1:8501"}
    assert client().post("/api/things", headers=own).text == "POST"


def test_openai_clients_pass_with_json_and_no_page_of_a_browser() -> None:
    assert client().post("/v1/things", json={}).text == "POST"
    form = client().post("/v1/things", data={"a": "b"})
    assert form.status_code == 403
    browser = client().post("/v1/things", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert browser.status_code == 403


def test_a_socket_of_another_site_is_closed_and_our_own_is_not() -> None:
    with client().websocket_connect(
        "/stream", headers={"Origin": "http://127.0.0.1:8501", "Host": "127.0.0.1:8501"}
    ) as socket:
        assert socket.receive_text() == "hello"
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        client().websocket_connect(
            "/stream", headers={"Origin": "http://evil.example", "Host": "127.0.0.1:8501"}
        ) as socket,
    ):
        socket.receive_text()


def test_every_answer_forbids_other_addresses_and_framing() -> None:
    headers = client().get("/other").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
