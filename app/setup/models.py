"""Pull models with the environment's own Python and report to the set-up in JSON lines.

This is the one module of the set-up that runs after the packages are there. A line is
``{"model", "stage", "done", "total"}`` while it works, ``{"model", "files": [[path, size], …]}``
for a model that is whole, and ``{"error"}`` for what failed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.setup.messages import say
from kb.errors import KBError
from kb.models.progress import Progress
from kb.models.pull import pull

_REPORT_SECONDS = 0.2


class _Reporter:
    """Writes progress, a few lines a second at most."""

    def __init__(self) -> None:
        self._stage = ""
        self._reported = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._reported < _REPORT_SECONDS:
            return
        self._stage, self._reported = progress.stage, now
        _write(
            {
                "model": progress.model,
                "stage": progress.stage,
                "done": progress.done,
                "total": progress.total,
            }
        )


def main(arguments: Sequence[str]) -> int:
    """Pull the models named after the folder and return the exit code."""
    folder = Path(arguments[0])
    for name in arguments[1:]:
        try:
            found = pull(name, folder=folder, progress=_Reporter())
        except KBError as exc:
            _write({"error": f"{exc} {exc.hint}".strip()})
            return 1
        except BrokenPipeError:
            # The set-up was killed: leave without a word, so that the next one need not wait.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except OSError as exc:
            _write({"error": say("os_error", problem=exc)})
            return 1
        _write({"model": name, "files": _files(found, folder)})
    return 0


def _files(found: Path, folder: Path) -> list[list[object]]:
    paths = (
        sorted(path for path in found.rglob("*") if path.is_file()) if found.is_dir() else [found]
    )
    return [[path.relative_to(folder).as_posix(), path.stat().st_size] for path in paths]


def _write(report: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
