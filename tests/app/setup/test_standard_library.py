from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from app.setup.places import ROOT

MODULES = sorted(
    [
        *(ROOT / "app" / "setup").glob("*.py"),
        ROOT / "app" / "__main__.py",
        ROOT / "tests" / "__main__.py",
    ]
)
FOR_OLD_PYTHONS = [
    ROOT / "app" / "__init__.py",
    ROOT / "app" / "__main__.py",
    ROOT / "app" / "setup" / "__init__.py",
    ROOT / "app" / "setup" / "messages.py",
    ROOT / "tests" / "__init__.py",
    ROOT / "tests" / "__main__.py",
]


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_runs_before_the_environment_needs_only_the_standard_library(path: Path) -> None:
    own = ("app.setup", "app.__main__")
    foreign = {
        name
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith(own)
    }
    # The one module that the environment's own Python runs, after the packages are there.
    if path.name == "models.py":
        foreign = {name for name in foreign if not name.startswith("kb.")}
    assert foreign == set()


@pytest.mark.parametrize(
    "path", FOR_OLD_PYTHONS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_tells_an_old_python_that_it_is_too_old_parses_there(path: Path) -> None:
    source = path.read_text("utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "annotations" not in imports(path)
    assert "from __future__ import annotations" not in source


def test_the_models_module_is_not_imported_by_the_rest_of_the_set_up() -> None:
    assert [path.name for path in MODULES if "app.setup.models" in imports(path)] == []
