from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.setup.child import Runner
from app.setup.environment import environment_is_whole, make_environment
from app.setup.errors import SetupError
from app.setup.places import Places


def test_an_environment_is_made_whose_python_and_pip_run(made_once: Places) -> None:
    found = subprocess.run(
        [made_once.python, "-m", "pip", "--version"], capture_output=True, text=True, check=True
    )
    assert str(made_once.venv) in found.stdout
    assert environment_is_whole(made_once)
    assert not (made_once.state / "making").exists()


@pytest.mark.skipif(os.name == "nt", reason="the command is a batch file there")
def test_the_command_kb_runs_this_checkout_from_anywhere(
    environment: Places, runner: Runner, tmp_path: Path
) -> None:
    (environment.root / "app").mkdir()
    (environment.root / "app" / "__init__.py").touch()
    (environment.root / "app" / "cli.py").write_text(
        "import sys\ndef main():\n    print(sys.argv[1:])\n    return 4\n", "utf-8"
    )
    assert not environment_is_whole(environment)
    make_environment(environment, runner)
    command = environment.python.with_name("kb")
    found = subprocess.run(
        [command, "list", "两 个"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert (found.returncode, found.stdout) == (4, "['list', '两 个']\n")


def test_one_killed_while_it_was_made_is_made_again(places: Places, runner: Runner) -> None:
    places.state.mkdir(parents=True)
    (places.state / "making").touch()
    (places.venv / "half").touch()
    assert not environment_is_whole(places)
    make_environment(places, runner)
    assert environment_is_whole(places)
    assert not (places.venv / "half").exists()


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the new Python")
def test_one_whose_python_is_gone_is_thrown_away_and_a_failure_leaves_nothing_half_made(
    environment: Places, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python3")
    assert not environment_is_whole(environment)
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\necho out of order\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(broken))
    with pytest.raises(SetupError, match="out of order") as caught:
        make_environment(environment, runner)
    assert caught.value.key == "venv_failed"
    assert not environment.venv.exists()


def test_one_made_by_hand_is_kept_as_it_is(environment: Places, runner: Runner) -> None:
    shutil.rmtree(environment.state)
    (environment.venv / "mine").touch()
    make_environment(environment, runner)
    assert environment_is_whole(environment)
    assert (environment.venv / "mine").exists()


def test_without_a_venv_module_the_package_to_install_is_named(
    places: Places, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "venv" else name)
    with pytest.raises(SetupError, match="apt install python3-venv") as caught:
        make_environment(places, runner)
    assert caught.value.key == "no_venv"
    assert not places.venv.exists()


def test_without_pip_in_the_environment_the_sentence_says_what_to_do(
    environment: Places, runner: Runner
) -> None:
    shutil.rmtree(environment.site_packages / "pip")
    shutil.rmtree(environment.state)
    with pytest.raises(SetupError) as caught:
        make_environment(environment, runner)
    assert caught.value.key == "no_pip"


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the old Python")
def test_an_environment_of_an_old_python_is_not_touched(
    environment: Places, runner: Runner
) -> None:
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\necho 3.9.2\n", "utf-8")
    environment.python.chmod(0o755)
    shutil.rmtree(environment.state)
    with pytest.raises(SetupError, match=r"3\.9\.2") as caught:
        make_environment(environment, runner)
    assert caught.value.key == "old_environment"
    assert environment.python.exists()
