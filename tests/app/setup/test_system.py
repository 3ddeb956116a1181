from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.setup import system
from app.setup.errors import SetupError


def test_too_little_room_is_told_with_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2_500_000_000))
    system.check_space({tmp_path / "not" / "yet": 2400})
    with pytest.raises(SetupError, match=r"4\.1 GB.*2\.5 GB") as caught:
        system.check_space({tmp_path / "not" / "yet": 2200, tmp_path: 1900})
    assert caught.value.key == "no_space"


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """Give a folder that this process may enter but not write to, root included."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755 if hasattr(os, "geteuid") and os.geteuid() == 0 else 0o555)
    if sys.platform != "win32" and os.geteuid() == 0:
        os.seteuid(65534)
        yield folder
        os.seteuid(0)
    else:
        yield folder
    folder.chmod(0o755)
    folder.rmdir()


@pytest.mark.skipif(os.name == "nt", reason="folder permissions")
def test_a_read_only_folder_is_named(foreign_folder: Path) -> None:
    with pytest.raises(SetupError, match=str(foreign_folder)) as caught:
        system.check_writable([foreign_folder / "new" / "models"])
    assert caught.value.key == "not_writable"


def test_a_writable_folder_stays_empty(tmp_path: Path) -> None:
    system.check_writable([tmp_path / "new"])
    assert list(tmp_path.iterdir()) == []


def test_needs_are_met_by_any_of_their_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.missing(system.COMPILER) == ["g++", "cmake"]
    clang = tmp_path / "clang++"
    clang.write_text("", "utf-8")
    clang.chmod(0o755)
    assert system.missing(system.COMPILER) == ["cmake"]


def test_without_apt_nothing_is_installed_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.can_install() is False


def test_the_one_command_names_every_package() -> None:
    assert system.install_command(["chromium", "fonts-noto-cjk"]) == (
        "sudo apt-get install -y chromium fonts-noto-cjk"
    )


def test_the_nearest_existing_folder_is_found(tmp_path: Path) -> None:
    assert system.nearest(tmp_path / "a" / "b") == tmp_path
    assert system.nearest(tmp_path) == tmp_path
