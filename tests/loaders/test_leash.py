"""A program on a leash ends with its owner, and what it left goes with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loaders import leash

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "office"
    (path / "profile").mkdir(parents=True)
    (tmp_path / "socket").touch()
    return path


@pytest.fixture
def start(tmp_path: Path, folder: Path) -> Iterator[Start]:
    """Give a starter of a shell line on a leash."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(line: str, *, idle_seconds: float = 60.0) -> subprocess.Popen[bytes]:
        code = (
            "import runpy, sys; m = runpy.run_path(sys.argv[1]); "
            f"m['main'].__globals__['IDLE_SECONDS'] = {idle_seconds}; "
            "sys.argv[:2] = []; sys.argv.insert(0, 'leash'); sys.exit(m['main']())"
        )
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", code, leash.__file__),
                *(folder, tmp_path / "socket", "/bin/sh", "-c", line),
            ],
            stdin=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def _pid(path: Path) -> int:
    deadline = time.monotonic() + 20
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_program_ends_when_its_owner_lets_go(
    start: Start, folder: Path, tmp_path: Path
) -> None:
    process = start(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    pid = _pid(tmp_path / "pid")
    assert process.stdin is not None
    process.stdin.write(leash.WORKING)
    assert _is_alive(pid)
    process.stdin.close()
    process.wait(timeout=20)
    assert not _is_alive(pid)
    assert not folder.exists()
    assert not (tmp_path / "socket").exists()


def test_the_program_is_in_the_group_of_its_owner(start: Start, tmp_path: Path) -> None:
    process = start(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    assert os.getpgid(_pid(tmp_path / "pid")) == os.getpgid(0)
    assert os.getpgid(process.pid) == process.pid


def test_a_program_that_nobody_wants_for_a_while_is_ended(
    start: Start, folder: Path, tmp_path: Path
) -> None:
    process = start(f"echo $$ > {tmp_path}/pid; exec sleep 60", idle_seconds=0.2)
    pid = _pid(tmp_path / "pid")
    assert process.stdin is not None
    process.stdin.write(leash.WORKING)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    process.stdin.write(leash.IDLE)
    process.wait(timeout=20)
    assert not _is_alive(pid)
    assert not folder.exists()


def test_a_program_that_asks_for_it_is_started_again(
    start: Start, folder: Path, tmp_path: Path
) -> None:
    process = start(
        f"echo x >> {tmp_path}/starts; test $(wc -l < {tmp_path}/starts) -ge 2 || exit 81; exit 7"
    )
    assert process.wait(timeout=20) == 7
    assert (tmp_path / "starts").read_text() == "x\nx\n"
    assert not folder.exists()


def test_a_program_that_always_asks_for_it_is_given_up(start: Start, tmp_path: Path) -> None:
    process = start(f"echo x >> {tmp_path}/starts; exit 81")
    assert process.wait(timeout=20) == 81
    assert (tmp_path / "starts").read_text() == "x\nx\nx\n"
