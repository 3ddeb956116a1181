from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kb.settings import PROJECT

SETTINGS = {
    "key": "secret-of-the-test",
    "name": "m",
    "backend": "abacus",
    "path": "m.gguf",
    "context_length": 512,
    "threads": 1,
    "options": {},
}


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "kb.llms.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(SETTINGS | {"parent": os.getpid()}) + "\n")
        process.stdin.flush()
        yield process
        process.kill()


def port_of(child: subprocess.Popen[str]) -> int:
    assert child.stdout is not None
    return int(json.loads(child.stdout.readline())["port"])


def test_it_announces_its_port_and_answers_only_with_the_key(child: subprocess.Popen[str]) -> None:
    url = f"http://127.0.0.1:{port_of(child)}/health"
    with httpx.Client(trust_env=False) as http:
        assert http.get(url).status_code == 401
        headers = {"Authorization": f"Bearer {SETTINGS['key']}"}
        health = http.get(url, headers=headers).json()
    assert health["status"] == "failed"
    assert "unknown chat backend abacus" in health["reason"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_neither_arguments_nor_environment_show_the_key(child: subprocess.Popen[str]) -> None:
    port_of(child)
    for name in ("cmdline", "environ"):
        shown = Path(f"/proc/{child.pid}/{name}").read_bytes()
        assert str(SETTINGS["key"]).encode() not in shown


def test_it_ends_with_its_input(child: subprocess.Popen[str]) -> None:
    port_of(child)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(5) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = """
import time, threading
from pathlib import Path
from kb.llms.process import ChatChild, ChildTask
task = ChildTask("m", "abacus", Path("m.gguf"), 512, 1)
child = ChatChild(task, start_seconds=30)
while child.port == 0:
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(60)
"""
    code = code.replace('"abacus"', '"llama_cpp"').replace("m.gguf", "/dev/stdin")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    assert wait_until_gone(pid)
