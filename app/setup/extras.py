"""Steps beyond the default installation: transformers with torch, ChatGLM, what tests need."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence

from app.setup import engine, packages, system
from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.packages import distribution, pip, pip_failure, requirement_name
from app.setup.places import ROOT, Places, read_stamp, write_stamp
from app.setup.plan import Step, lock_step

TORCH = "torch"
CHATGLM = "chatglm"


def transformers_steps(places: Places) -> list[Step]:
    """Return the steps for m3e and BGE with PyTorch."""
    wanted = torch_requirement()
    return [
        lock_step(places, "step_transformers", "transformers", 400),
        Step(
            "step_torch",
            lambda: read_stamp(places, TORCH).get("requirement") == wanted,
            lambda runner: _install_torch(places, runner, wanted),
            places.venv,
            2000,
        ),
    ]


def chatglm_step(places: Places) -> Step:
    """Return the step for ChatGLM models in GGML, compiled here."""
    return Step(
        "step_chatglm",
        lambda: packages.is_installed(places, CHATGLM),
        lambda runner: _install_chatglm(places, runner),
        places.venv,
        400,
    )


def suite_steps(places: Places) -> list[Step]:
    """Return the steps for the test suite: its tools, the second engine and a browser."""
    return [
        lock_step(places, "step_dev", "dev", 150),
        # The ready wheel stands in where nothing compiles; here both are tested side by side.
        lock_step(places, "step_engine", "gguf-wheel", 60),
        chatglm_step(places),
        Step(
            "step_browser",
            lambda: not system.missing(system.BROWSER),
            lambda runner: _install_browser(places, runner),
            places.venv,
            700,
            installs=False,
        ),
    ]


def torch_requirement() -> str:
    """Return the torch that ``pyproject.toml`` asks for."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted: list[str] = pyproject["project"]["optional-dependencies"]["transformers"]
    return next(item for item in wanted if requirement_name(item) == TORCH)


def _install_torch(places: Places, runner: Runner, wanted: str) -> None:
    # By name and version, without a hash: see `app.setup.lock`.
    version = wanted.partition("==")[2]
    installed = distribution(places, TORCH)
    if installed is None or installed.partition("+")[0] != version:
        log = places.log(TORCH)
        log.unlink(missing_ok=True)
        outcome = pip(places, runner, [wanted], log=log)
        if outcome.code:
            raise pip_failure(outcome, wanted, log)
    write_stamp(places, TORCH, {"requirement": wanted})


def _install_chatglm(places: Places, runner: Runner) -> None:
    if not engine.can_compile(places, runner):
        raise SetupError("chatglm_needs_compiler", command=engine.compiler_command())
    runner.console.tick(say("building", name="chatglm-cpp"))
    # Its build files were written for an older CMake.
    builder = engine.builder(runner, CMAKE_POLICY_VERSION_MINIMUM="3.5")
    packages.install_lock(places, builder, CHATGLM)
    outcome = runner.run([places.python, "-c", "import chatglm_cpp"])
    if outcome.code:
        raise SetupError("chatglm_failed", problem=outcome.lines[-1], log=places.log(CHATGLM))


def _install_browser(places: Places, runner: Runner) -> None:
    wanted: Sequence[str] = system.missing(system.BROWSER)
    if system.can_install():
        system.install(wanted, runner, places.log("apt"))
        return
    error = SetupError(
        "system_missing", packages=" ".join(wanted), command=system.install_command(wanted)
    )
    if os.environ.get("CI") == "true":
        raise error
    runner.console.note(f"{error} {say('skipped_tests')}")
