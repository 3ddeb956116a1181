from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from app.setup import start
from app.setup.console import Console
from app.setup.errors import SetupError
from app.setup.places import ROOT


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (SetupError("no_venv"), 1, "apt install python3-venv"),
        (KeyboardInterrupt(), 130, "再次运行会从这里接着做"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "磁盘满了"),
        (PermissionError(errno.EACCES, "denied", "/folder"), 1, "不能写入 /folder"),
        (OSError(errno.EROFS, "read-only", "/folder"), 1, "不能写入 /folder"),
        (OSError(errno.EIO, "Input/output error"), 1, "Input/output error"),
        (ZeroDivisionError("odd"), 1, "ZeroDivisionError: odd"),
    ],
)
def test_every_failure_becomes_a_sentence(
    error: BaseException,
    code: int,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start.signal, "signal", lambda *_: None)

    def fail(_: Console) -> int:
        raise error

    assert start.guarded(fail) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("value", ["abc", "-1", "65536"])
def test_an_impossible_port_is_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_PORT", value)
    with pytest.raises(SetupError, match=value):
        start._port()
    with pytest.raises(SystemExit) as caught:
        start._parser().parse_args(["--port", value])
    assert caught.value.code == 2


def test_the_port_comes_from_the_setting_or_is_8501(monkeypatch: pytest.MonkeyPatch) -> None:
    assert start._port() == 8501
    monkeypatch.setenv("KB_PORT", "9000")
    assert start._port() == 9000


def test_the_commands_of_the_readme_are_understood() -> None:
    options = start._parser().parse_args(["--port", "0", "--host", "127.0.0.1", "--no-browser"])
    assert (options.command, options.port, options.host, options.no_browser) == (
        None,
        0,
        "127.0.0.1",
        True,
    )
    assert start._parser().parse_args(["setup"]).command == "setup"


def test_an_old_python_gets_a_sentence() -> None:
    program = (
        "import sys; sys.version_info = (3, 9, 2); import app.__main__ as m; sys.exit(m.main())"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 1
    assert found.stderr.startswith("知库需要 Python 3.11 或更新的版本，现在运行的是 3.9.2")
    assert found.stderr.count("\n") == 1


def test_deciding_that_nothing_is_to_be_done_loads_little() -> None:
    program = "import sys, app.setup.start; print(*sorted(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"http.client", "urllib.request", "email", "asyncio", "ssl"}
    assert heavy & set(found.stdout.split()) == set()
