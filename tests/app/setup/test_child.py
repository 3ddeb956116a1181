from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from app.setup.child import Runner, child_environment


def test_lines_are_watched_logged_and_kept(runner: Runner, tmp_path: Path) -> None:
    seen: list[str] = []
    program = "import sys; print('一'); print('two', file=sys.stderr); sys.exit(3)"
    log = tmp_path / "logs" / "it.log"
    outcome = runner.run([sys.executable, "-c", program], on_line=seen.append, log=log)
    assert outcome.code == 3
    assert seen == ["一", "two"]
    assert outcome.lines == ("一", "two")
    assert log.read_text("utf-8").endswith("\n一\ntwo\n")


def ended(pid: int) -> bool:
    """Tell whether a process is gone, or dead and waiting for whoever inherited it."""
    status = Path(f"/proc/{pid}/stat")
    for _ in range(50):
        if not status.exists() or status.read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_interrupt_ends_the_program_and_its_children(runner: Runner) -> None:
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid)\n"
        "child.wait()\n"
    )
    pids: list[int] = []

    def interrupt() -> None:
        while not pids:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        runner.run([sys.executable, "-c", program], on_line=lambda line: pids.append(int(line)))
    assert ended(pids[0])


def test_a_program_never_waits_for_input(runner: Runner) -> None:
    outcome = runner.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"])
    assert outcome.lines == ("''",)


def test_children_do_not_inherit_another_pythons_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    environment = child_environment()
    assert "PYTHONPATH" not in environment
    assert environment["PIP_INDEX_URL"] == "kept"
