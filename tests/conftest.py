"""Every test has a data folder of its own; those that need a model or a browser may wait for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.setup import suite, system
from app.setup.places import Places, default_places

_MODELS = default_places().models
_EVERYTHING = os.environ.get("ZHIKU_TESTS") == "all"
"""Set by ``python3 -m tests``; without it plain ``pytest`` keeps to what is quick."""
_REQUIRED = os.environ.get("ZHIKU_REQUIRE_ALL") == "1"
"""Set by ``python3 -m tests`` under CI: what is missing is a failure there."""


def _missing_models() -> str:
    absent = [name for name in suite.MODELS if not (_MODELS / f"{name}.ready.json").is_file()]
    return f"models not in {_MODELS}: {', '.join(absent)}" if absent else ""


def _missing_browser() -> str:
    absent = system.missing(system.BROWSER)
    return f"system packages missing: {' '.join(absent)}" if absent else ""


def _missing_gpu() -> str:
    return "" if shutil.which("nvidia-smi") else "no GPU"


_NEEDS: dict[str, Callable[[], str]] = {
    "models": _missing_models,
    "browser": _missing_browser,
    "gpu": _missing_gpu,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for: long tests, and in a plain run models and browser."""
    if config.option.markexpr:
        return
    unwanted = set() if config.getoption("--full") else {"long"}
    if not _EVERYTHING:
        unwanted |= {"models", "browser", "gpu"}
    left_out = [
        item for item in items if any(mark.name in unwanted for mark in item.iter_markers())
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, a test whose model or browser is not there."""
    for mark in item.iter_markers():
        missing = _NEEDS[mark.name]() if mark.name in _NEEDS else ""
        if not missing:
            continue
        if _REQUIRED and mark.name != "gpu":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move the data folder to a temporary one; the installed models stay in reach."""
    for name in [name for name in os.environ if name.startswith("KB_")]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KB_HOME", str(home))
    monkeypatch.setenv("KB_MODELS", str(_MODELS))
    return home


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Give an installation in a temporary folder."""
    root = tmp_path / "zhiku"
    root.mkdir()
    (root / "pyproject.toml").write_text("", "utf-8")
    return Places(root=root, models=root / "models", locks=root / "locks")
