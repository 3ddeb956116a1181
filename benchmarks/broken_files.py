"""What becomes of broken, hostile and encrypted files: state, seconds, memory, sentence of each.

Run it beside a folder with a ``broken/MANIFEST.tsv`` (columns path, what_is_wrong,
expected_behaviour and, where known, password):

    python -m benchmarks.broken_files --data PATH [--language en]
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

from app.messages import of_error, of_reason
from app.strings import Language
from kb.types import Reason
from loaders.errors import LoadError, UnsupportedFormatError
from loaders.records import ElementRecord, LoadSummary
from loaders.sandbox import ParserPool

_EVERY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """How reading a file ended; ``peak_mb`` is the most that the parser and its programs held."""

    name: str
    state: str
    characters: int
    seconds: float
    peak_mb: float
    sentence: str


class _Peak:
    """Watches the resident size of the processes that this one has started."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(_EVERY_SECONDS):
            sizes = []
            for child in me.children(recursive=True):
                try:
                    sizes.append(child.memory_info().rss)
                except psutil.Error:
                    # It ended between the two calls.
                    continue
            self.megabytes = max(self.megabytes, sum(sizes) / 2**20)


def read(
    pool: ParserPool, path: Path, password: str | None, language: Language
) -> tuple[str, int, str]:
    """Return the state that a document of this file gets, its characters, and the sentence."""
    characters = 0
    try:
        for record in pool.load(path, password=password):
            if isinstance(record, ElementRecord):
                characters += len(record.text)
            elif isinstance(record, LoadSummary):
                if record.missing is None:
                    return "ready", characters, " ".join(record.warnings)
                reason = Reason(record.missing, dict(record.missing_params))
                return "partial", characters, of_reason(reason, language) or ""
    except LoadError as exc:
        state = "unsupported" if isinstance(exc, UnsupportedFormatError) else "failed"
        return state, characters, of_error(exc, language).text
    return "failed", characters, ""


def outcomes(data: Path, language: Language) -> Iterator[Outcome]:
    """Read every file of the manifest, those with a known password once more with it."""
    folder = data / "broken"
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    with ParserPool(1, seconds=300) as pool:
        for row in rows:
            for password in filter(_is_asked, (None, row.get("password") or "")):
                started = time.monotonic()
                with _Peak() as peak:
                    state, characters, sentence = read(
                        pool, folder / row["path"], password, language
                    )
                seconds = time.monotonic() - started
                name = row["path"] + (" +" if password else "")
                yield Outcome(name, state, characters, seconds, peak.megabytes, sentence)


def _is_asked(password: str | None) -> bool:
    """An empty cell of the manifest says that the password is not known."""
    return password != ""


def main() -> int:
    """Print one line a file, then what this process itself holds before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    options = parser.parse_args()
    before = psutil.Process().memory_info().rss
    states: dict[str, int] = {}
    for found in outcomes(options.data, cast(Language, options.language)):
        states[found.state] = states.get(found.state, 0) + 1
        sys.stdout.write(
            f"{found.name}\t{found.state}\t{found.characters}\t{found.seconds:.2f} s\t"
            f"{found.peak_mb:.0f} MB\t{found.sentence}\n"
        )
        sys.stdout.flush()
    after = psutil.Process().memory_info().rss
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{states}; this process: {before / 2**20:.0f} MB before, {after / 2**20:.0f} MB after, "
        f"{most:.0f} MB at most\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
