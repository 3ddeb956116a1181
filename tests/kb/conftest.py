from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb.settings import Settings
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import open_hashing

Opener = Callable[[], Workspace]


@pytest.fixture(scope="session")
def parsers() -> Iterator[ParserPool]:
    """Parsing processes shared by all tests: starting one takes seconds."""
    with ParserPool(2) as pool:
        yield pool


@pytest.fixture
def reopen(tmp_path: Path, parsers: ParserPool) -> Iterator[Opener]:
    """Open a workspace over one data folder, again and again; the former one is closed first."""
    opened: list[Workspace] = []
    settings = Settings(home=tmp_path / "data", models=tmp_path / "models", parse_workers=2)

    def open_it() -> Workspace:
        while opened:
            opened.pop().close()
        opened.append(Workspace.open(settings, opener=open_hashing, parsers=parsers))
        return opened[-1]

    yield open_it
    while opened:
        opened.pop().close()


@pytest.fixture
def workspace(reopen: Opener) -> Workspace:
    """A workspace whose embedder needs no model and that has no chat model."""
    return reopen()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a text file outside the data folder and return its path."""

    def write_it(name: str, text: str) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_it
