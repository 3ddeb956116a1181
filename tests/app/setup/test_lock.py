from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.setup.lock import PARTS, Part, direct_dependencies, without
from app.setup.packages import blocks, normalise, requirement_name
from app.setup.places import LOCKS, ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OWN = {"app", "benchmarks", "kb", "loaders", "tests"}
SPECIFIER = re.compile(r"(>=|<=|==|<|>)\s*([\d.]+)")


# What the product is compared with has an environment of its own.
COMPARED_WITH = {
    ("langchain_pipeline.py", "langchain_community"),
    ("langchain_pipeline.py", "langchain_huggingface"),
    ("langchain_pipeline.py", "langchain_text_splitters"),
    ("langchain_pipeline.py", "langchain_unstructured"),
    ("langchain_pipeline.py", "safetensors"),
    ("one_file.py", "langchain_community"),
}


def lock(part: Part) -> str:
    return (LOCKS / f"{part.name}.txt").read_text("utf-8")


def versions(part: Part) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for block in blocks(lock(part)):
        version = block.partition("==")[2].split()[0]
        found.setdefault(requirement_name(block), []).append(version)
    return found


def number(version: str, like: str) -> tuple[int, ...]:
    parts = [int(piece) for piece in re.findall(r"\d+", version)]
    return tuple(parts[: like.count(".") + 1])


def allows(sign: str, version: str, bound: str) -> bool:
    mine, theirs = number(version, bound), number(bound, bound)
    return {
        ">=": mine >= theirs,
        "<=": mine <= theirs,
        "==": mine == theirs,
        "<": mine < theirs,
        ">": mine > theirs,
    }[sign]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_direct_dependency_is_pinned_within_its_bounds(part: Part) -> None:
    pinned = versions(part)
    for name in part.upon:
        pinned |= versions(next(other for other in PARTS if other.name == name))
    for requirement in direct_dependencies(PYPROJECT, part):
        found = pinned[requirement_name(requirement)]
        for sign, bound in SPECIFIER.findall(requirement):
            assert all(allows(sign, version, bound) for version in found), requirement


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_package_has_a_hash_and_no_address(part: Part) -> None:
    found = blocks(lock(part))
    assert found
    assert [block for block in found if "--hash=sha256:" not in block] == []
    assert [block for block in found if "==" not in block.splitlines()[0]] == []
    assert (
        re.findall(r"https?:|://|@ |--(?:extra-)?index|--find-links|\.org|\.com", lock(part)) == []
    )
    written = sum(1 for line in lock(part).splitlines() if line[:1].isalnum())
    assert written == len(found)


def test_no_part_repeats_what_the_base_has() -> None:
    base, *others = PARTS
    assert [part.name for part in others if versions(part).keys() & versions(base).keys()] == []


def test_packages_in_two_locks_have_one_version() -> None:
    seen: dict[str, list[str]] = {}
    for part in PARTS:
        for name, found in versions(part).items():
            assert seen.setdefault(name, found) == found


def test_the_default_installation_has_no_torch() -> None:
    for part in PARTS:
        names = versions(part)
        assert not [
            name for name in names if name.startswith(("torch", "nvidia", "triton", "cuda"))
        ]


def test_what_stands_elsewhere_or_depends_on_the_machine_is_left_out() -> None:
    found = ["a==1 \\\n    --hash=sha256:0", "Nvidia_Cublas==1", "torch==2", "b==1"]
    assert without(found, {"b"}) == ["a==1 \\\n    --hash=sha256:0"]


def test_every_package_that_the_code_imports_is_a_direct_dependency() -> None:
    project = PYPROJECT["project"]
    declared = {
        requirement_name(item)
        for wanted in (project["dependencies"], *project["optional-dependencies"].values())
        for item in wanted
    }
    provided = packages_distributions()
    undeclared = {
        (path.relative_to(ROOT).as_posix(), module)
        for room in ("app", "kb", "loaders", "tests", "benchmarks")
        for path in (ROOT / room).rglob("*.py")
        for module in imported(path)
        if module not in OWN
        and (path.name, module) not in COMPARED_WITH
        and not {normalise(name) for name in provided.get(module, [])} & declared
    }
    assert undeclared == set()


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names
