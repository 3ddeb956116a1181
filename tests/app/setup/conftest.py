"""A real environment and a folder of tiny wheels in place of the package index."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.setup.child import Runner
from app.setup.console import Console
from app.setup.environment import make_environment
from app.setup.places import Places

Wheel = Callable[..., str]


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def runner(output: io.StringIO) -> Runner:
    console = Console(output)
    console.begin(1, 1, "test")
    return Runner(console)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Places:
    root = tmp_path_factory.mktemp("made")
    places = Places(root=root, models=root / "models")
    console = Console(io.StringIO())
    console.begin(1, 1, "test")
    make_environment(places, Runner(console))
    return places


@pytest.fixture
def environment(places: Places, made_once: Places) -> Places:
    """Give an installation with a whole environment of its own."""
    shutil.copytree(made_once.venv, places.venv, symlinks=True)
    return places


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """Give a maker of wheels that pip can find, and nothing else; it returns the lock's lines."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)

    def make(name: str, module: str = "value = 1\n", *, version: str = "1.0") -> str:
        written = name.replace("-", "_")
        stem = f"{written}-{version}"
        package = {"llama_cpp_python": "llama_cpp"}.get(written, written)
        files = {
            f"{package}.py": module,
            f"{stem}.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            ),
            f"{stem}.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
        }
        record = "".join(
            f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items()
        )
        files[f"{stem}.dist-info/RECORD"] = record + f"{stem}.dist-info/RECORD,,\n"
        path = folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in files.items():
                archive.writestr(member, text)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{sha256}\n"

    return make


@pytest.fixture
def write_lock(places: Places) -> Callable[[str, str], Path]:
    """Give a writer of locks."""

    def write(name: str, text: str) -> Path:
        places.locks.mkdir(exist_ok=True)
        path = places.lock(name)
        path.write_text(text, "utf-8")
        return path

    return write


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
