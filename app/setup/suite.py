"""Run every check in turn after setting up what they need: ``python3 -m tests``."""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from app.setup.child import child_environment
from app.setup.console import Console
from app.setup.extras import suite_steps, transformers_steps
from app.setup.fetch import BUNDLED
from app.setup.messages import duration, say
from app.setup.places import Places, default_places
from app.setup.plan import main_steps, set_up
from app.setup.start import guarded

MODELS = (*BUNDLED, "qwen2.5-coder-0.5b")
_CHECKS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up, check, test; return non-zero if anything failed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests", description=say("suite_usage"))
    parser.add_argument("--full", action="store_true", help=say("suite_full"))
    options, for_pytest = parser.parse_known_args(arguments)
    if options.full:
        for_pytest.append("--full")
    return guarded(lambda console: _run(console, for_pytest))


def _run(console: Console, for_pytest: list[str]) -> int:
    places = default_places()
    steps = [
        *main_steps(places, models=MODELS),
        *transformers_steps(places),
        *suite_steps(places),
    ]
    set_up(places, console, steps)
    environment = child_environment() | {"ZHIKU_TESTS": "all"}
    if os.environ.get("CI") == "true":
        environment["ZHIKU_REQUIRE_ALL"] = "1"
    failed = False
    for name, command in _CHECKS:
        failed |= bool(_check(places, console, name, command, environment))
    # Last, and with nothing printed after it: its summary is the line that people look for.
    code = _module(places, ("pytest", *for_pytest), environment)
    return code or int(failed)


def _check(
    places: Places,
    console: Console,
    name: str,
    command: Sequence[str],
    environment: dict[str, str],
) -> int:
    console.note(say("suite_step", name=name))
    began = time.monotonic()
    code = _module(places, command, environment)
    elapsed = duration(time.monotonic() - began)
    if code:
        console.note(say("suite_failed", name=name, code=code, seconds=elapsed))
    else:
        console.note(say("suite_ok", name=name, seconds=elapsed))
    return code


def _module(places: Places, command: Sequence[str], environment: dict[str, str]) -> int:
    full: list[str | Path] = [places.python, "-m", *command]
    return subprocess.run(
        full, cwd=places.root, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode
