"""Make the locks again from ``pyproject.toml``: ``python -m app.setup.lock``, for developers.

Each lock holds what its own part adds: the others take the versions of ``base.txt`` and leave out
what stands there. They are resolved for Linux, Windows and macOS and every Python from 3.11 on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.setup.packages import blocks, requirement_name
from app.setup.places import LOCKS, ROOT

# torch is installed by name and version only. Its build depends on the machine (CPU, CUDA, ROCm),
# and organisations keep the build that fits theirs in a folder or index of their own, whose files
# differ from the public ones: no hash made here could hold. What some builds need goes with it.
_MACHINE_DEPENDENT = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
_HEADER = "# Made by `python -m app.setup.lock` from pyproject.toml; not edited by hand.\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A lock, the extra of ``pyproject.toml`` it comes from, and the locks it builds on."""

    name: str
    extra: str | None
    upon: tuple[str, ...] = ()


PARTS = (
    Part("base", None),
    Part("gguf", "gguf", ("base",)),
    Part("gguf-wheel", "gguf-wheel", ("base",)),
    Part("chatglm", "chatglm", ("base",)),
    Part("dev", "dev", ("base",)),
    Part("transformers", "transformers", ("base",)),
)


def direct_dependencies(pyproject: Mapping[str, object], part: Part) -> list[str]:
    """Return what ``pyproject.toml`` asks for in a part, torch left out."""
    project = pyproject["project"]
    assert isinstance(project, dict)  # noqa: S101 -- the file's own form
    wanted = project["optional-dependencies"][part.extra] if part.extra else project["dependencies"]
    return [item for item in wanted if not _MACHINE_DEPENDENT.fullmatch(requirement_name(item))]


def without(found: Iterable[str], names: set[str]) -> list[str]:
    """Drop the blocks of packages that stand elsewhere or depend on the machine."""
    kept = []
    for block in found:
        name = requirement_name(block)
        if name not in names and not _MACHINE_DEPENDENT.fullmatch(name):
            kept.append(block)
    return kept


def main() -> int:
    """Write every lock and return the exit code."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        uv = _install_uv(Path(folder))
        for part in PARTS:
            lines = direct_dependencies(pyproject, part)
            lock = without(
                blocks(_compile(uv, lines, part, Path(folder))),
                {
                    requirement_name(block)
                    for name in part.upon
                    for block in blocks((LOCKS / f"{name}.txt").read_text("utf-8"))
                },
            )
            (LOCKS / f"{part.name}.txt").write_text(_HEADER + "\n".join(lock) + "\n", "utf-8")
            sys.stdout.write(f"{part.name}: {len(lock)}\n")
    return 0


def _install_uv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder / "uv"], check=True)
    scripts = folder / "uv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", "uv"], check=True)
    return scripts / "uv"


def _compile(uv: Path, requirements: list[str], part: Part, folder: Path) -> str:
    wanted = folder / f"{part.name}.in"
    wanted.write_text("\n".join(requirements) + "\n", "utf-8")
    command: list[str | Path] = [uv, "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    for name in part.upon:
        command += ["--constraint", LOCKS / f"{name}.txt"]
    environment = dict(os.environ)
    index = environment.get("PIP_INDEX_URL")
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    made = subprocess.run(
        [*command, wanted], stdout=subprocess.PIPE, encoding="utf-8", env=environment, check=True
    )
    return made.stdout


if __name__ == "__main__":
    sys.exit(main())
