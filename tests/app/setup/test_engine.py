from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.setup.child import Runner
from app.setup.engine import COMPILED, NONE, READY, engine_is_settled, install_engine
from app.setup.packages import distribution
from app.setup.places import Places

Wheel = Callable[..., str]
WriteLock = Callable[[str, str], Path]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script stands in for the compiler")


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a compiler on the search path; without this fixture there is none, and no apt."""
    for name in ("g++", "cmake"):
        program = tmp_path / "programs" / name
        program.write_text("", "utf-8")
        program.chmod(0o755)


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))


@pytest.mark.usefixtures("compiler")
def test_with_a_compiler_the_compiled_engine_is_installed(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    write_lock("gguf", wheel(COMPILED))
    write_lock("gguf-wheel", wheel(READY))
    assert install_engine(environment, runner) == COMPILED
    assert distribution(environment, READY) is None
    assert engine_is_settled(environment)
    assert engine_is_settled(environment, retry=True)


def test_without_a_compiler_the_ready_wheel_and_the_one_command(
    environment: Places,
    runner: Runner,
    wheel: Wheel,
    write_lock: WriteLock,
    output: io.StringIO,
) -> None:
    write_lock("gguf", wheel(COMPILED))
    write_lock("gguf-wheel", wheel(READY))
    assert install_engine(environment, runner) == READY
    assert distribution(environment, COMPILED) is None
    assert output.getvalue().count("sudo apt-get install -y g++ cmake") == 1
    assert engine_is_settled(environment)
    assert not engine_is_settled(environment, retry=True)


@pytest.mark.usefixtures("compiler")
def test_an_engine_that_dies_on_import_gives_way_to_the_ready_wheel(
    environment: Places,
    runner: Runner,
    wheel: Wheel,
    write_lock: WriteLock,
    output: io.StringIO,
) -> None:
    write_lock("gguf", wheel(COMPILED, "import os\nos.abort()\n"))
    write_lock("gguf-wheel", wheel(READY))
    assert install_engine(environment, runner) == READY
    assert "llama-cpp-python 没有编译成功" in output.getvalue()


@pytest.mark.usefixtures("compiler")
def test_with_neither_the_set_up_goes_on_and_says_what_follows(
    environment: Places,
    runner: Runner,
    wheel: Wheel,
    write_lock: WriteLock,
    output: io.StringIO,
) -> None:
    write_lock("gguf", wheel("zhiku-x").replace("zhiku-x", COMPILED))
    write_lock("gguf-wheel", wheel("zhiku-x").replace("zhiku-x", READY))
    assert install_engine(environment, runner) == NONE
    assert "回答将直接摘录原文" in output.getvalue()
    assert engine_is_settled(environment)


def test_a_new_lock_unsettles_the_engine(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    write_lock("gguf", wheel(COMPILED))
    write_lock("gguf-wheel", wheel(READY))
    install_engine(environment, runner)
    write_lock("gguf", "")
    assert not engine_is_settled(environment)
