from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.setup.places import ROOT
from app.setup.serve import has_display

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and links")

SERVER = """
import argparse, http.server, json, os, signal, sys
parser = argparse.ArgumentParser()
parser.add_argument("--host")
parser.add_argument("--port", type=int)
options = parser.parse_args()
if os.environ.get("FAIL"):
    print("the reason", file=sys.stderr)
    sys.exit(3)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200 if self.path == "/api/health" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if os.environ.get("LEAVE"):
            os._exit(5)

    def log_message(self, *arguments):
        pass

def leave(*_):
    print("clean", flush=True)
    sys.exit(0)

signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGINT, lambda *_: os._exit(9))
http.server.HTTPServer((options.host, options.port), Handler).serve_forever()
"""
PROGRAM = """
import sys
from pathlib import Path
from app.setup.places import Places
from app.setup.serve import serve
from app.setup.start import guarded

root = Path(sys.argv[1])
def run(console):
    console.begin(1, 1, "start")
    return serve(Places(root, root), console, host="127.0.0.1", port=int(sys.argv[2]), browser=True)
sys.exit(guarded(run))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project whose server is a small one of its own."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "server.py").write_text(SERVER, "utf-8")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


@contextmanager
def started(root: Path, port: int = 0, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, root, str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        yield process
        # In order, so that the server goes too; SIGKILL would leave it behind.
        process.terminate()


def lines_until(process: subprocess.Popen[str], word: str) -> list[str]:
    assert process.stdout is not None
    found = []
    for line in process.stdout:
        found.append(line.rstrip("\n"))
        if word in line:
            return found
    raise AssertionError(found)


def rest(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_address_is_printed_and_a_signal_stops_the_server_in_order(
    root: Path, number: signal.Signals
) -> None:
    with started(root) as process:
        said = lines_until(process, "http://")[-1]
        assert said.startswith("知库已就绪：http://127.0.0.1:")
        process.send_signal(number)
        assert rest(process).split() == ["正在停止", "…", "clean", "已停止。"]
        assert process.wait(timeout=10) == 0


def test_the_exit_code_of_the_server_is_passed_on(root: Path) -> None:
    with started(root, LEAVE="1") as process:
        rest(process)
        assert process.wait(timeout=10) == 5


def test_a_server_that_does_not_start_is_told_with_its_own_words(root: Path) -> None:
    with started(root, FAIL="1") as process:
        said = rest(process)
        assert process.wait(timeout=10) == 1
    assert "the reason\n" in said
    assert "服务没有启动（退出码 3）" in said
    assert "Traceback" not in said


def test_started_twice_it_names_the_running_one(root: Path) -> None:
    with started(root) as first:
        port = int(lines_until(first, "http://")[-1].split("127.0.0.1:")[1].split()[0])
        with started(root, port) as second:
            assert f"知库已经在运行：http://127.0.0.1:{port}" in rest(second)
            assert second.wait(timeout=10) == 0
        assert first.poll() is None


def test_a_port_taken_by_another_program_is_told_with_a_free_one(root: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with started(root, port) as process:
            said = rest(process)
            assert process.wait(timeout=10) == 1
    assert f"端口 {port} 已被别的程序占用" in said
    assert "Traceback" not in said


def test_no_browser_without_a_display_or_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_display() is True
    monkeypatch.setenv("CI", "true")
    assert has_display() is False
    monkeypatch.delenv("CI")
    monkeypatch.delenv("DISPLAY")
    assert has_display() is False
