"""Install what a lock names, every file checked against its hash, and tell pip's failures apart."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.setup.child import Outcome, Runner
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.places import Places, fingerprint, read_stamp, write_stamp

# One package a line in a lock; its hashes stand on the lines that follow.
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)", re.MULTILINE)
# pip installs nothing before it has fetched everything it was given, and not every index lets it
# keep what it fetched; in groups, an interrupted installation loses one group at most.
_AT_ONCE = 20
_SIZE = re.compile(r"\((?P<number>[\d.]+) (?P<unit>kB|MB|GB|bytes)\)")
_MEGABYTES = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}

# In the order in which they decide: a broken network also says "no matching distribution".
_WRONG_HASH = ("DO NOT MATCH THE HASHES",)
_NO_SPACE = ("No space left on device", "[Errno 28]", "not enough space on the disk")
_NOT_WRITABLE = ("Permission denied", "[Errno 13]", "Read-only file system", "Access is denied")
_NO_NETWORK = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "SSLCertVerificationError",
    "Could not fetch URL",
    "Connection refused",
    "Network is unreachable",
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo failed",
    "Connection aborted",
    "IncompleteRead",
    "Connection broken",
    "HTTP error 5",
)
_NOT_IN_INDEX = re.compile(r"No matching distribution found for (?P<name>[^\s;]+)")
_WHICH_HASH = re.compile(r"^\s{4}(?P<name>\S+==[^\s;]+)", re.MULTILINE)


def normalise(name: str) -> str:
    """Write a package's name the one way that the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_installed(places: Places, lock_name: str) -> bool:
    """Tell from the stamp alone whether this very lock was installed."""
    stamp = read_stamp(places, lock_name)
    return bool(stamp) and stamp.get("lock") == fingerprint(places.lock(lock_name))


def install_lock(places: Places, runner: Runner, lock_name: str) -> None:
    """Install a lock with its hashes and stamp it.

    Raises:
        SetupError: pip failed; the sentence says why.
    """
    lock = places.lock(lock_name)
    log = places.log(lock_name)
    log.unlink(missing_ok=True)
    wanted = blocks(lock.read_text("utf-8"))
    pending = [block for block in wanted if not _is_there(places, block)]
    progress = _Progress(runner, places, done=len(wanted) - len(pending), total=len(wanted))
    for group in batched(pending, _AT_ONCE):
        part = places.state / f"{lock_name}.part.txt"
        part.write_text("\n".join(group) + "\n", "utf-8")
        # The lock is complete, so pip need not resolve again what was resolved when it was made.
        outcome = pip(
            places,
            runner,
            ["--no-deps", "--require-hashes", "--requirement", str(part)],
            log=log,
            progress=progress,
        )
        if outcome.code:
            raise pip_failure(outcome, f"{lock_name}.txt", log)
        part.unlink()
    write_stamp(places, lock_name, {"lock": fingerprint(lock)})


def requirement_name(requirement: str) -> str:
    """Return the normalised name in a requirement."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    if found is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return normalise(found[0])


def blocks(lock: str) -> list[str]:
    """Split a lock into one block a package: its line and the hashes below it."""
    return re.findall(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", lock, re.MULTILINE)


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Cut a sequence into runs of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def pip(
    places: Places,
    runner: Runner,
    arguments: list[str],
    *,
    log: Path,
    progress: _Progress | None = None,
) -> Outcome:
    """Run ``pip install`` in the environment, with the person's own pip settings."""
    settings = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        # A "user" install in the person's settings cannot work inside an environment.
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
    }
    return Runner(runner.console, runner.inherit, dict(runner.environment) | settings).run(
        [places.python, "-m", "pip", "install", "--progress-bar", "off", *arguments],
        cwd=places.root,
        log=log,
        on_line=progress.line if progress else None,
        on_tick=progress.tick if progress else None,
    )


def pip_failure(outcome: Outcome, name: str, log: Path) -> SetupError:
    """Turn what pip wrote into the sentence that says what to do."""
    text = outcome.text
    if any(sign in text for sign in _WRONG_HASH):
        which = _WHICH_HASH.search(text[text.index(_WRONG_HASH[0]) :])
        return SetupError("wrong_hash", name=which["name"] if which else name, log=log)
    if any(sign in text for sign in _NO_SPACE):
        return SetupError("disk_full")
    if any(sign in text for sign in _NOT_WRITABLE):
        return SetupError("not_writable", path=log.parent.parent)
    if any(sign in text for sign in _NO_NETWORK):
        return SetupError("no_network", log=log)
    missing = _NOT_IN_INDEX.search(text)
    if missing:
        return SetupError("not_in_index", name=missing["name"], log=log)
    errors = [line for line in outcome.lines if line.startswith("ERROR")] or [
        line for line in outcome.lines if line.strip()
    ]
    problem = errors[-1].removeprefix("ERROR: ") if errors else str(outcome.code)
    return SetupError("pip_failed", name=name, problem=problem.rstrip("."), log=log)


def repair(places: Places, runner: Runner) -> None:
    """Make pip forget the packages that a killed run left half-installed.

    pip takes a package for installed when its metadata folder is there, even if its files are
    not; so the metadata of every package with a missing or altered file is removed.
    """
    site = places.site_packages
    for leftover in site.glob("~*"):
        # pip's name for what it was removing when it was killed.
        shutil.rmtree(leftover)
    # pip itself stays: the environment's own check has just run it.
    folders = sorted(path for path in site.glob("*.dist-info") if not path.match("pip-*"))
    count = 0
    for number, folder in enumerate(folders, start=1):
        runner.console.tick(say("checking_installed", done=number, total=len(folders)))
        if not _is_whole(folder, site):
            shutil.rmtree(folder)
            count += 1
    if count:
        runner.console.note(say("reinstalling", count=count))


def distribution(places: Places, name: str) -> str | None:
    """Return the installed version of a package, read from its metadata folder's name."""
    for folder in places.site_packages.glob("*.dist-info"):
        found, _, version = folder.name.removesuffix(".dist-info").partition("-")
        if normalise(found) == normalise(name):
            return version
    return None


def _is_whole(folder: Path, site: Path) -> bool:
    record = folder / "RECORD"
    if not (folder / "INSTALLER").is_file() or not record.is_file():
        return False
    rows = list(_rows(record))
    return bool(rows) and all(
        not digest or _digest(site / path, digest) == digest for path, digest in rows
    )


def _rows(record: Path) -> Iterator[tuple[str, str]]:
    with record.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if len(row) >= 2:
                yield row[0], row[1]


def _digest(path: Path, like: str) -> str:
    algorithm = like.partition("=")[0]
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).digest()
    except FileNotFoundError:
        return ""
    return f"{algorithm}=" + base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _is_there(places: Places, block: str) -> bool:
    found = _PINNED.match(block)
    return found is not None and distribution(places, found["name"]) == found["version"]


class _Progress:
    """pip's lines and the folder it fills, read as "so many of so many"."""

    def __init__(self, runner: Runner, places: Places, *, done: int, total: int) -> None:
        self._console = runner.console
        self._site = places.site_packages
        self._total = total
        self._before = self._count() - done
        self._megabytes = 0.0
        self._name = "…"

    def line(self, line: str) -> None:
        words = line.split()
        match words[:1]:
            case ["Ignoring"]:
                self._total -= 1
            case ["Collecting"]:
                self._name = words[1]
            case ["Downloading"] | ["Using"]:
                size = _SIZE.search(line)
                if size:
                    self._megabytes += float(size["number"]) * _MEGABYTES[size["unit"]]

    def tick(self) -> None:
        self._console.tick(
            say(
                "installing",
                done=min(self._total, self._count() - self._before),
                total=self._total,
                megabytes=round(self._megabytes),
                name=self._name,
            )
        )

    def _count(self) -> int:
        return sum(1 for _ in self._site.glob("*.dist-info"))
