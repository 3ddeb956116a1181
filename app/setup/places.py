"""Where the set-up keeps things, and the stamps that say which step is complete."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = Path(__file__).resolve().parent / "locks"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation; tests make their own."""

    root: Path
    models: Path
    locks: Path = LOCKS

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        if os.name == "nt":
            return self.venv / "Scripts" / "python.exe"
        return self.venv / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        if os.name == "nt":
            return self.venv / "Lib" / "site-packages"
        found = sorted((self.venv / "lib").glob("python3*/site-packages"))
        return found[-1] if found else self.venv / "lib" / "site-packages"

    @property
    def state(self) -> Path:
        """Stamps and logs: inside the environment, so that deleting it forgets them too."""
        return self.venv / ".zhiku"

    def lock(self, name: str) -> Path:
        return self.locks / f"{name}.txt"

    def log(self, name: str) -> Path:
        return self.state / f"{name}.log"


def default_places() -> Places:
    """Return the places of this checkout; ``KB_MODELS`` moves the models."""
    models = os.environ.get("KB_MODELS") or str(ROOT / "knowledge_bases" / "models")
    return Places(root=ROOT, models=Path(models).absolute())


def fingerprint(path: Path) -> str:
    """Return the sha256 of a small file (a lock, a table)."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp(places: Places, step: str) -> dict[str, object]:
    """Return what was stamped when ``step`` was completed, or nothing if it was not."""
    try:
        stamp = json.loads((places.state / f"{step}.json").read_text("utf-8"))
    except (OSError, ValueError):
        # Absent, or torn by a power cut: the step is done again, which is quick where it was whole.
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(places: Places, step: str, stamp: Mapping[str, object]) -> None:
    """Say durably that ``step`` is complete: called last, after its files are on the disk."""
    if hasattr(os, "sync"):
        os.sync()
    target = places.state / f"{step}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(stamp, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def remove_stamp(places: Places, step: str) -> None:
    """Forget that ``step`` was complete."""
    (places.state / f"{step}.json").unlink(missing_ok=True)
