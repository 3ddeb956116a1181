"""Files per second, passages per second and bytes written, beside the pipeline of a first attempt.

    python -m benchmarks.ingest --data FOLDER [--files 60] [--long]

The first attempt is what one writes with the same libraries in an afternoon: the same loaders,
one file after the other, pieces of 250 characters with an overlap of 50, the same embedder, a flat
FAISS index and its texts saved whole after each file. Both take in the same files (.txt, .md,
.html, .docx), one run after the other. With ``--long`` only text files of
12 kB and more are taken: there embedding is the bottleneck, with short ones what each file costs
counts too.

Then the embedder alone gets all the texts that the product gave it, in one call: how much of its
own rate the product reaches, by the clock and by the processor (parsing processes included), and
what share of the cores the product kept busy. Where other programs take cores that share cannot
reach 1, so how busy they were is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.embedders.base import Embedder, Vectors
from kb.embedders.registry import open_embedder
from kb.models.machine import physical_cores
from kb.models.table import find_embedder
from kb.settings import Settings, load_settings
from kb.workspace import Workspace
from loaders.load import load

_SIZE, _OVERLAP = 250, 50
_TEXT = {".txt", ".md", ".html"}
_SUFFIXES = {*_TEXT, ".docx"}
_LONG_BYTES = 12_000


@dataclass(frozen=True, slots=True)
class Run:
    """What a pipeline did with the files; ``written`` is in bytes."""

    name: str
    files: int
    pieces: int
    seconds: float
    written: int
    cpu: float = 0.0
    texts: tuple[str, ...] = ()

    def row(self) -> str:
        """A line of the table."""
        return (
            f"{self.name:<16}{self.files:>6}{self.pieces:>9}{self.seconds:>9.1f}"
            f"{self.files / self.seconds:>10.2f}{self.pieces / self.seconds:>12.1f}"
            f"{self.written / 1e6:>10.1f}"
        )


def zhiku(paths: Sequence[Path], home: Path, settings: Settings) -> Run:
    """Take the files in as a job."""
    before = _written()
    workspace = Workspace.open(settings.model_copy(update={"home": home}))
    try:
        workspace.create("benchmark")
        # Models and parsing processes are warm in both runs.
        embedder = workspace.engines.embedder(settings.embedder)
        embedder.embed_passages(["warm"])
        texts = _noted(embedder)
        used = _cpu()
        started = time.monotonic()
        job = workspace.knowledge_base("benchmark").add(paths)
        done = workspace.queue.wait(job.job_id)
        seconds = time.monotonic() - started
        pieces = workspace.knowledge_base("benchmark").record.passage_count
    finally:
        workspace.close()
    files = sum(count for state, count in done.counts.items() if state in ("ready", "duplicate"))
    # The parsing processes are counted when they have ended.
    return Run("zhiku", files, pieces, seconds, _written() - before, _cpu() - used, tuple(texts))


def alone(texts: Sequence[str], settings: Settings) -> Run:
    """Embed texts and do nothing else."""
    embedder = open_embedder(
        find_embedder(settings.embedder, settings.models),
        folder=settings.models,
        threads=settings.threads,
    )
    embedder.embed_passages(["warm"])
    used, started = _cpu(), time.monotonic()
    embedder.embed_passages(texts)
    seconds = time.monotonic() - started
    run = Run("embedder alone", 0, len(texts), seconds, 0, _cpu() - used)
    embedder.close()
    return run


def _noted(embedder: Embedder) -> list[str]:
    """The texts that the embedder gets from now on; those of a call that failed too."""
    texts: list[str] = []
    embed = embedder.embed_passages

    def noting(given: Sequence[str]) -> Vectors:
        texts.extend(given)
        return embed(given)

    vars(embedder)["embed_passages"] = noting
    return texts


def _cpu() -> float:
    """Seconds of the processor that this process and its ended children have used."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def first_attempt(paths: Sequence[Path], folder: Path, settings: Settings) -> Run:
    """Take the files in one by one, saving everything after each."""
    import faiss

    embedder = open_embedder(
        find_embedder(settings.embedder, settings.models),
        folder=settings.models,
        threads=settings.threads,
    )
    embedder.embed_passages(["warm"])
    index = faiss.IndexFlatIP(embedder.dim)
    store: list[dict[str, str]] = []
    before = _written()
    started = time.monotonic()
    for path in paths:
        text = "\n\n".join(str(element) for element in load(path))
        chunks = [text[at : at + _SIZE] for at in range(0, len(text), _SIZE - _OVERLAP)]
        index.add(embedder.embed_passages(chunks))
        store.extend({"source": path.name, "text": chunk} for chunk in chunks)
        faiss.write_index(index, str(folder / "index.faiss"))
        (folder / "store.json").write_text(json.dumps(store, ensure_ascii=False), encoding="utf-8")
    seconds = time.monotonic() - started
    embedder.close()
    return Run("first attempt", len(paths), len(store), seconds, _written() - before)


def _written() -> int:
    """Bytes that this process and its threads have written so far; 0 where Linux does not tell."""
    try:
        lines = Path(f"/proc/{os.getpid()}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def _fits(path: Path, long: bool) -> bool:
    if not path.is_file():
        return False
    if long:
        return path.suffix in _TEXT and path.stat().st_size >= _LONG_BYTES
    return path.suffix in _SUFFIXES


def main() -> None:
    """Run both and print them with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--long", action="store_true", help="only text files of 12 kB and more")
    arguments = parser.parse_args()
    found = sorted(path for path in arguments.data.rglob("*") if _fits(path, arguments.long))
    paths = sorted(random.Random(0).sample(found, min(arguments.files, len(found))))  # noqa: S311
    settings = load_settings()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "first").mkdir()
        runs = [
            first_attempt(paths, Path(folder) / "first", settings),
            zhiku(paths, Path(folder) / "zhiku", settings),
        ]
    runs.append(alone(runs[1].texts, settings))
    print(
        f"{'':<16}{'files':>6}{'pieces':>9}{'seconds':>9}{'files/s':>10}{'pieces/s':>12}{'MB':>10}"
    )
    for run in runs:
        print(run.row())
    first, own, embedding = runs
    print(
        f"zhiku takes {own.seconds / first.seconds:.2f} of the time "
        f"and writes {own.written / max(1, first.written):.2f} of the bytes"
    )
    figures = {
        "files": own.files,
        "passages": own.pieces,
        "seconds": own.seconds,
        "CPU seconds": own.cpu,
        "time of a first attempt": own.seconds / first.seconds,
        "bytes of a first attempt": own.written / max(1, first.written),
        "share of the embedder's rate": embedding.seconds / own.seconds,
        "share of the embedder's CPU time": embedding.cpu / own.cpu,
        "cores busy": own.cpu / own.seconds / physical_cores(),
        "load of the machine": os.getloadavg()[0],
    }
    for name, value in figures.items():
        print(f"{name:<36}{value:>10.3f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
