"""Where originals go when something else stands in their place, or they are removed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path


def free_path(folder: Path, name: str) -> Path:
    """A path in ``folder`` for ``name`` that nothing stands on yet."""
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return path


def move_to_bin(original: Path, folder: Path, document: str) -> Path | None:
    """Move an original to the bin; None where there is none to move."""
    if not original.is_file():
        return None
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = free_path(folder / stamp, document)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(original, target)
    return target
