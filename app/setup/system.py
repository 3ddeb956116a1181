"""What comes from the operating system: free space, writable folders, system packages."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.messages import say

READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
_NOTO_CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@dataclass(frozen=True, slots=True)
class Need:
    """A system package and the programs any of which shows that it is there."""

    package: str
    programs: tuple[str, ...]

    def is_met(self) -> bool:
        return any(shutil.which(program) for program in self.programs)


@dataclass(frozen=True, slots=True)
class FontNeed(Need):
    """A font package: there is a font that can show Chinese."""

    def is_met(self) -> bool:
        if _NOTO_CJK.exists():
            return True
        if not shutil.which("fc-list"):
            return False
        found = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False)
        return bool(found.stdout.strip())


@dataclass(frozen=True, slots=True)
class OfficeNeed(Need):
    """A package of LibreOffice: the library of that part lies beside the program."""

    library: str

    def is_met(self) -> bool:
        for program in self.programs:
            found = shutil.which(program)
            if found is not None:
                # On a Mac there is one package, which has every part.
                beside = Path(found).resolve().parent / self.library
                return sys.platform == "darwin" or beside.exists()
        return False


COMPILER = (Need("g++", ("c++", "g++", "clang++")), Need("cmake", ("cmake",)))
_LIBREOFFICE = ("soffice", "libreoffice")
OFFICE = (
    OfficeNeed("libreoffice-writer-nogui", _LIBREOFFICE, "libswlo.so"),
    OfficeNeed("libreoffice-impress-nogui", _LIBREOFFICE, "libsdlo.so"),
)
BROWSER = (
    Need("chromium", ("chromium", "chromium-browser", "google-chrome")),
    Need("chromium-driver", ("chromedriver",)),
    FontNeed("fonts-noto-cjk", ()),
)


def missing(needs: Sequence[Need]) -> list[str]:
    """Return the packages that are not there."""
    return [need.package for need in needs if not need.is_met()]


def can_install() -> bool:
    """Tell whether system packages can be installed without asking: root on Debian or Ubuntu."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_command(packages: Sequence[str]) -> str:
    """Return the one command that a person with the rights has to run."""
    if sys.platform == "darwin" and "g++" in packages:
        return "xcode-select --install"
    return "sudo apt-get install -y " + " ".join(packages)


def install(packages: Sequence[str], runner: Runner, log: Path) -> None:
    """Install system packages with apt.

    Raises:
        SetupError: apt failed.
    """
    runner.console.tick(say("apt", packages=" ".join(packages)))
    quiet = Runner(
        runner.console,
        runner.inherit,
        dict(runner.environment) | {"DEBIAN_FRONTEND": "noninteractive"},
    )
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q"]
    install_now = [*command, "install", "-y", "--no-install-recommends", *packages]
    outcome = quiet.run(install_now, log=log)
    if outcome.code:
        # The package lists are missing or old on a fresh machine.
        quiet.run([*command, "update"], log=log)
        outcome = quiet.run(install_now, log=log)
    if outcome.code:
        raise SetupError(
            "apt_failed", packages=" ".join(packages), command=install_command(packages)
        )


def has_compiler() -> bool:
    """Tell whether C++ can be compiled; cmake is not needed for it, the package index has one."""
    if os.name == "nt":
        return shutil.which("cl") is not None
    if sys.platform == "darwin":
        # The compiler's name always exists there; without the tools behind it a dialog opens.
        found = subprocess.run(["xcode-select", "-p"], capture_output=True, check=False)
        return found.returncode == 0
    return COMPILER[0].is_met()


def check_space(needed: Mapping[Path, int]) -> None:
    """Check that every folder's disk has the megabytes needed there; needs on one disk add up.

    Raises:
        SetupError: a disk has too little room.
    """
    by_disk: dict[int, list[tuple[Path, int]]] = {}
    for folder, megabytes in needed.items():
        existing = nearest(folder)
        by_disk.setdefault(existing.stat().st_dev, []).append((existing, megabytes))
    for wants in by_disk.values():
        path = wants[0][0]
        total = sum(megabytes for _, megabytes in wants)
        free = shutil.disk_usage(path).free / 1e6
        if free < total:
            raise SetupError(
                "no_space", path=path, needed=f"{total / 1000:.1f}", free=f"{free / 1000:.1f}"
            )


def check_writable(folders: Sequence[Path]) -> None:
    """Check by writing that files can be made in each folder, or where it will be.

    Raises:
        SetupError: a folder is read-only.
    """
    import tempfile  # here, because a start with nothing to do need not load it

    for folder in folders:
        existing = nearest(folder)
        try:
            with tempfile.TemporaryFile(dir=existing):
                pass
        except OSError as exc:
            if exc.errno not in READ_ONLY:
                raise
            raise SetupError("not_writable", path=existing) from exc


def nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder
