from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from app.setup import system
from app.setup.child import Runner
from app.setup.office import install_office, office_is_settled
from app.setup.places import Places

pytestmark = pytest.mark.skipif(os.name == "nt", reason="scripts stand in for programs")

APT = """#!/bin/sh
echo "$@" >> {log}
case "$*" in *install*) {then} ;; esac
"""


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that is the whole search path: no LibreOffice and no apt in it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put_apt(programs: Path, then: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an apt-get there that notes what it was asked for; its installing does ``then``."""
    log = programs / "asked"
    program = programs / "apt-get"
    program.write_text(APT.format(log=log, then=then), "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return log


def put_office(folder: Path, *libraries: str) -> None:
    program = folder / "soffice"
    program.write_text("", "utf-8")
    program.chmod(0o755)
    for library in libraries:
        (folder / library).touch()


def test_the_packages_are_told_by_their_libraries(programs: Path) -> None:
    assert system.missing(system.OFFICE) == [
        "libreoffice-writer-nogui",
        "libreoffice-impress-nogui",
    ]
    put_office(programs, "libswlo.so")
    assert system.missing(system.OFFICE) == ["libreoffice-impress-nogui"]
    put_office(programs, "libsdlo.so")
    assert system.missing(system.OFFICE) == []


def test_as_root_what_is_missing_is_installed(
    places: Places, runner: Runner, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = " ".join(f": > {programs}/{name};" for name in ("libswlo.so", "libsdlo.so", "soffice"))
    log = put_apt(programs, there, monkeypatch)
    assert install_office(places, runner) is None
    assert "install -y --no-install-recommends libreoffice-writer-nogui" in log.read_text("utf-8")
    (programs / "soffice").chmod(0o755)
    assert office_is_settled(places, retry=True)


def test_without_the_right_to_install_it_says_the_one_command_once(
    places: Places, runner: Runner, output: io.StringIO
) -> None:
    assert not office_is_settled(places)
    assert install_office(places, runner) == "未安装"
    said = output.getvalue()
    command = "sudo apt-get install -y libreoffice-writer-nogui libreoffice-impress-nogui"
    assert said.count(command) == 1
    assert "会标为“不支持”" in said
    assert office_is_settled(places)
    assert not office_is_settled(places, retry=True)


def test_an_apt_that_fails_does_not_stop_the_set_up(
    places: Places,
    runner: Runner,
    output: io.StringIO,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_apt(programs, "exit 100", monkeypatch)
    assert install_office(places, runner) == "未安装"
    assert "apt 没有装成：libreoffice-writer-nogui libreoffice-impress-nogui" in output.getvalue()
    assert office_is_settled(places)
