from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.setup.child import Runner
from app.setup.console import Console
from app.setup.places import ROOT
from app.setup.turn import turn

HOLDER = (
    "import io, sys, time\n"
    "from pathlib import Path\n"
    "from app.setup.console import Console\n"
    "from app.setup.turn import turn\n"
    "with turn(Path(sys.argv[1]), Console(io.StringIO())):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\n", "utf-8")
    return path


def test_a_second_set_up_waits_for_the_first_and_says_so(file: Path) -> None:
    stream = io.StringIO()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, file],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline().strip() == b"held"
        threading.Timer(0.3, first.stdin.close).start()
        with turn(file, Console(stream)):
            assert first.wait(timeout=10) == 0
    assert stream.getvalue().startswith("另一个安装正在进行")
    assert file.read_text("utf-8") == "[project]\n"


def test_nobody_waits_when_it_is_free(file: Path) -> None:
    stream = io.StringIO()
    for _ in range(2):
        with turn(file, Console(stream)):
            pass
    assert stream.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not inherited there")
def test_the_turn_lasts_while_an_orphaned_installer_lives(file: Path, runner: Runner) -> None:
    stream = io.StringIO()
    with turn(file, Console(stream)) as inherit:
        orphan = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=inherit
        )
    with turn(file, Console(stream)):
        assert orphan.wait(timeout=0.5) == 0
    assert stream.getvalue().startswith("另一个安装正在进行")
