from __future__ import annotations

import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.setup.child import Runner
from app.setup.console import Console
from app.setup.errors import SetupError
from app.setup.places import Places
from app.setup.plan import Step, main_steps, set_up


def step(places: Places, name: str, ran: list[str], *, outcome: str = "") -> Step:
    marker = places.root / name

    def do(_: Runner) -> str:
        ran.append(name)
        marker.touch()
        return outcome

    return Step("step_" + name, marker.exists, do, places.root, 1)


def test_steps_run_in_order_and_only_once(places: Places) -> None:
    ran: list[str] = []
    stream = io.StringIO()
    steps = [step(places, "packages", ran), step(places, "models", ran, outcome="两个")]
    assert set_up(places, Console(stream), steps, total=3) is True
    assert ran == ["packages", "models"]
    assert stream.getvalue().splitlines() == [
        "[1/3] 安装依赖 …",
        "[1/3] 安装依赖 · 完成 · 0 秒",
        "[2/3] 取得并校验模型 …",
        "[2/3] 取得并校验模型 · 两个 · 0 秒",
    ]


def test_when_all_is_there_nothing_is_said_written_or_run(places: Places) -> None:
    ran: list[str] = []
    (places.root / "packages").touch()
    before = sorted(places.root.iterdir())
    (places.root / "pyproject.toml").chmod(0o444)
    stream = io.StringIO()
    assert set_up(places, Console(stream), [step(places, "packages", ran)]) is False
    assert (ran, stream.getvalue()) == ([], "")
    assert sorted(places.root.iterdir()) == before


def test_after_a_failure_it_goes_on_with_the_step_that_failed(places: Places) -> None:
    ran: list[str] = []

    def fail(_: Runner) -> str:
        raise SetupError("disk_full")

    good = step(places, "packages", ran)
    bad = Step("step_models", lambda: False, fail, places.root, 1)
    with pytest.raises(SetupError):
        set_up(places, Console(io.StringIO()), [good, bad])
    stream = io.StringIO()
    set_up(places, Console(stream), [good, step(places, "models", ran)])
    assert ran == ["packages", "models"]
    assert "[1/2] 安装依赖 · 已就绪 · 0 秒" in stream.getvalue()


def test_room_is_checked_before_anything_is_begun(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000_000))
    stream = io.StringIO()
    with pytest.raises(SetupError) as caught:
        set_up(places, Console(stream), main_steps(places))
    assert caught.value.key == "no_space"
    assert stream.getvalue() == ""
    assert not places.venv.exists()


def test_a_default_installation_has_five_steps(places: Places, tmp_path: Path) -> None:
    titles = [item.title for item in main_steps(places)]
    assert titles == [
        "step_environment",
        "step_packages",
        "step_engine",
        "step_office",
        "step_models",
    ]
