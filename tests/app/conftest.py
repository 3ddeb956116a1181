import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from app.api.application import create_api, create_openai_api
from app.client import ServerAddress, write_server_file
from app.guard import Guard
from app.state import set_workspace
from kb.workspace import Workspace
from tests.kb.conftest import parsers, reopen, workspace, write

__all__ = ["parsers", "reopen", "workspace", "write"]

TOKEN = "a-token-of-the-tests"  # noqa: S105 - no secret
INSTANCE = "this-instance"
Fill = Callable[..., str]


@pytest.fixture
def shared(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace as the routes and pages of this process see it."""
    set_workspace(workspace)
    yield workspace
    set_workspace(None)


@pytest.fixture
def filled(shared: Workspace, write: Callable[[str, str], Path]) -> Workspace:
    """A workspace with one knowledge base and three documents."""
    shared.create("规章制度", description="考勤与差旅")
    folder = write("年假.md", "# 年假管理办法\n\n员工满一年后，每年享有五天带薪年假。\n").parent
    write("差旅/报销.txt", "差旅报销须在出差结束后十五日内提交。住宿费上限为每晚四百元。")
    write("坏.pdf", "%PDF-1.7 this is no pdf")
    job = shared.knowledge_base("规章制度").add([folder])
    assert shared.queue.wait(job.job_id, timeout=120).state == "done"
    return shared


@pytest.fixture
def asgi() -> Starlette:
    """Both applications behind the guard, as the server mounts them."""
    return Starlette(
        routes=[
            Mount("/api", app=create_api(language="zh", token=TOKEN, instance=INSTANCE)),
            Mount("/v1", app=create_openai_api(language="zh", token=TOKEN)),
        ],
        middleware=[Middleware(Guard, token=TOKEN, loopback_only=True, language="zh")],
    )


@pytest.fixture
def http(asgi: Starlette) -> Iterator[TestClient]:
    """A client that asks as the product's own pages do."""
    with TestClient(
        asgi,
        base_url="http://127.0.0.1:8501",
        headers={"X-Zhiku": "1"},
        raise_server_exceptions=False,
    ) as client:
        yield client


@dataclass(frozen=True)
class RunningServer:
    """A server on a real port, announced in its data folder."""

    url: str
    home: Path


@pytest.fixture
def running(asgi: Starlette, filled: Workspace) -> Iterator[RunningServer]:
    """The applications on a real port, over the filled workspace."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(asgi, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    home = filled.settings.home
    write_server_file(home, ServerAddress(url=url, token=TOKEN, instance=INSTANCE, pid=1))
    yield RunningServer(url, home)
    server.should_exit = True
    thread.join(10)
    listener.close()
