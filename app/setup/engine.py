"""The GGUF engine: compiled here where a compiler can be had, else the ready wheel, else none."""

from __future__ import annotations

import os

from app.setup import system
from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.packages import distribution, pip, pip_failure
from app.setup.places import Places, fingerprint, read_stamp, write_stamp

STEP = "engine"
COMPILED = "llama-cpp-python"
READY = "xllamacpp"
NONE = "none"
_MODULES = {COMPILED: "llama_cpp", READY: "xllamacpp"}
_LOCKS = {COMPILED: "gguf", READY: "gguf-wheel"}


def engine_is_settled(places: Places, *, retry: bool = False) -> bool:
    """Tell from the stamp alone whether there is nothing to do.

    A machine without an engine is settled too, so that it starts at once; ``retry`` asks for more
    wherever the best engine is not the one installed.
    """
    stamp = read_stamp(places, STEP)
    if not stamp or stamp.get("locks") != _fingerprints(places):
        return False
    return not retry or stamp.get("engine") == COMPILED


def install_engine(places: Places, runner: Runner) -> str:
    """Install the best engine that this machine can have and return its name."""
    engine = _best(places, runner)
    write_stamp(places, STEP, {"locks": _fingerprints(places), "engine": engine})
    return engine


def _best(places: Places, runner: Runner) -> str:
    if _works(places, runner, COMPILED):
        return COMPILED
    if can_compile(places, runner):
        if _install(places, runner, COMPILED):
            return COMPILED
        runner.console.note(say("compile_failed", log=places.log(_LOCKS[COMPILED])))
    else:
        runner.console.note(say("no_compiler", command=compiler_command()))
    if _works(places, runner, READY) or _install(places, runner, READY):
        return READY
    runner.console.note(say("no_engine", log=places.log(_LOCKS[READY])))
    return NONE


def compiler_command() -> str:
    """Return the command that installs a compiler on this system."""
    return system.install_command([need.package for need in system.COMPILER])


def can_compile(places: Places, runner: Runner) -> bool:
    """Tell whether there is a compiler, after installing one where that is allowed."""
    runner.console.tick(say("finding_compiler"))
    wanted = system.missing(system.COMPILER)
    if wanted and system.can_install():
        try:
            system.install(wanted, runner, places.log("apt"))
        except SetupError as exc:
            runner.console.note(str(exc))
    return system.has_compiler()


def builder(runner: Runner, **environment: str) -> Runner:
    """Return a runner under which CMake compiles with all processors."""
    jobs = {"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2)}
    return Runner(runner.console, runner.inherit, dict(runner.environment) | jobs | environment)


def _install(places: Places, runner: Runner, engine: str) -> bool:
    lock = places.lock(_LOCKS[engine])
    log = places.log(_LOCKS[engine])
    log.unlink(missing_ok=True)
    runner.console.tick(say("building", name=engine) if engine == COMPILED else engine)
    arguments = ["--no-deps", "--require-hashes", "--requirement", str(lock)]
    if engine == READY:
        # Its source would need the very compiler that is missing.
        arguments = ["--only-binary", READY, *arguments]
    outcome = pip(places, builder(runner), arguments, log=log)
    if outcome.code:
        runner.console.note(str(pip_failure(outcome, engine, log)))
        return False
    return _works(places, runner, engine)


def _works(places: Places, runner: Runner, engine: str) -> bool:
    # Imported for certain: a wheel made for another processor is installed well and dies on import.
    if distribution(places, engine) is None:
        return False
    return runner.run([places.python, "-c", f"import {_MODULES[engine]}"]).code == 0


def _fingerprints(places: Places) -> list[str]:
    return [fingerprint(places.lock(name)) for name in _LOCKS.values()]
