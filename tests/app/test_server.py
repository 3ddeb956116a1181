import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.server import HostRefusedError, PortTakenError, serve
from kb.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


def start(home: Path, port: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "KB_HOME": str(home), "KB_MODELS": str(home / "models")}
    return subprocess.Popen(
        [sys.executable, "-m", "app.server", "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_open(client: httpx.Client, home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            client.get("/api/health")
        except httpx.ConnectError:
            time.sleep(0.05)
            continue
        if (home / "server.json").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[httpx.Client]:
    port = free_port()
    process = start(home, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        try:
            wait_until_open(client, home)
            yield client
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
            assert process.returncode in (0, -signal.SIGTERM), log
            assert "Traceback" not in log
            assert not (home / "server.json").exists()
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


def test_page_and_both_interfaces_answer_on_one_port(served: httpx.Client) -> None:
    assert served.get("/api/health").json()["status"] == "ok"
    assert served.get("/v1/models").json() == {"object": "list", "data": []}
    page = served.get("/")
    assert "<html" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert served.get("/_stcore/health").text == "ok"


def test_the_page_collects_no_statistics_and_is_watched_by_nobody() -> None:
    code = (
        "from pathlib import Path\n"
        "from app.client import ServerAddress\n"
        "from app.server import create_app\n"
        "from kb.settings import load_settings\n"
        "create_app(load_settings(), ServerAddress('u', 't', 'i', 1), on_failure=print)\n"
        "from streamlit import config\n"
        "for name in ('browser.gatherUsageStats', 'server.fileWatcherType', 'client.toolbarMode',"
        " 'server.enableXsrfProtection', 'theme.primaryColor', 'server.maxUploadSize'):\n"
        "    print(config.get_option(name))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False", "none", "minimal", "True", "#1f6f5c", "8"]


def test_the_address_is_announced_to_the_owner_only(served: httpx.Client, home: Path) -> None:
    path = home / "server.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    announced = json.loads(path.read_text())
    assert announced["url"] == str(served.base_url).rstrip("/")
    allowed = served.post(
        "/api/knowledge-bases",
        json={"name": "由命令行"},
        headers={"Authorization": f"Bearer {announced['token']}"},
    )
    assert allowed.status_code == 201


def test_a_change_from_nowhere_is_refused(served: httpx.Client) -> None:
    assert served.post("/api/knowledge-bases", json={"name": "x"}).status_code == 403


def test_a_second_server_for_the_folder_says_where_the_first_one_is(
    served: httpx.Client, home: Path
) -> None:
    second = start(home, free_port())
    _, log = second.communicate(timeout=60)
    assert second.returncode == 1
    assert str(served.base_url).rstrip("/") in log
    assert "Traceback" not in log


def test_a_taken_port_and_an_open_host_are_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            serve(Settings(home=tmp_path, port=port))
        assert caught.value.params["port"] == port
    with pytest.raises(HostRefusedError):
        serve(Settings(home=tmp_path, host="0.0.0.0"))  # noqa: S104 - refused


def test_a_folder_that_cannot_be_opened_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("this is no database at all, only text")
    process = start(tmp_path, free_port())
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "无法打开目录数据库" in log
