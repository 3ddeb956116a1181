"""The virtual environment: made, found whole, or made again when it was left half-made."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.places import Places, read_stamp, write_stamp

STEP = "environment"
_PROBE = "import sys, pip; print('.'.join(map(str, sys.version_info[:3])))"
_OLDEST = (3, 11)


def environment_is_whole(places: Places) -> bool:
    """Tell from the stamp alone, running nothing, whether the environment can be used."""
    stamp = read_stamp(places, STEP)
    return (
        bool(stamp)
        and stamp.get("interpreter") == _interpreter(places)
        # A moved checkout needs its command written again.
        and stamp.get("root") == str(places.root)
    )


def make_environment(places: Places, runner: Runner) -> None:
    """Make ``.venv``, or take the one that is there if its Python and pip work.

    Raises:
        SetupError: no venv module, no pip, or an environment of an old Python is in the way.
    """
    making = places.state / "making"
    if making.exists() or (places.venv.exists() and not places.python.exists()):
        # Killed while it was being made, or its Python is gone from the machine.
        shutil.rmtree(places.venv)
    if not places.venv.exists():
        _make(places, runner, making)
    version = _version(places)
    if version is None:
        raise SetupError("no_pip", path=places.venv)
    if version < _OLDEST:
        raise SetupError("old_environment", path=places.venv, version=".".join(map(str, version)))
    _write_command(places)
    write_stamp(places, STEP, {"interpreter": _interpreter(places), "root": str(places.root)})


def _write_command(places: Places) -> None:
    """Put the command ``kb`` beside the environment's Python, and the checkout on its path."""
    (places.site_packages / "zhiku.pth").write_text(f"{places.root}\n", "utf-8")
    program = "import sys; from app.cli import main; sys.exit(main())"
    if os.name == "nt":
        command = places.python.with_name("kb.cmd")
        command.write_text(f'@"%~dp0python.exe" -c "{program}" %*\n', "utf-8")
        return
    command = places.python.with_name("kb")
    # Through sh, because the path after #! may be too long for the system.
    python = shlex.quote(str(places.python))
    command.write_text(f'#!/bin/sh\nexec {python} -c "{program}" "$@"\n', "utf-8")
    command.chmod(0o755)


def _make(places: Places, runner: Runner, making: Path) -> None:
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise SetupError("no_venv")
    making.parent.mkdir(parents=True)
    making.touch()
    # The base interpreter: an environment made from inside another one would hang on that one.
    base = getattr(sys, "_base_executable", None) or sys.executable
    outcome = runner.run([base, "-m", "venv", places.venv])
    if outcome.code:
        shutil.rmtree(places.venv)
        if "ensurepip" in outcome.text or "python3-venv" in outcome.text:
            raise SetupError("no_venv")
        raise SetupError("venv_failed", problem=_last(outcome.lines))
    making.unlink()


def _version(places: Places) -> tuple[int, ...] | None:
    found = subprocess.run(
        [places.python, "-c", _PROBE], capture_output=True, text=True, check=False
    )
    if found.returncode:
        return None
    return tuple(int(part) for part in found.stdout.split("."))


def _interpreter(places: Places) -> list[object]:
    """Identify the Python behind the environment, so that its replacement is noticed."""
    try:
        real = places.python.resolve(strict=True)
        facts = real.stat()
    except OSError:
        return []
    return [str(real), facts.st_size, int(facts.st_mtime)]


def _last(lines: tuple[str, ...]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "")
