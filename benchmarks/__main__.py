"""All measurements of speed, one after the other, as a table with plots.

    python -m benchmarks --data PATH [--out FOLDER] [--quick] [--only NAME…] [--peer-python PYTHON]

Each runs in a process of its own beside its comparison; what it prints is kept in the folder as
NAME.log, the figures and the machine in results.json, the table in table.md, and how cost grows
with size in NAME.svg. --quick takes small sizes: to see that all runs, not to quote. One that fails
is told with its last words, and the command then ends with 1. PATH holds `corpus/` and `qa/`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from benchmarks.plots import Curve, plot
from kb.models.machine import look

Figures = dict[str, Any]

_PACKAGES = ("faiss-cpu", "onnxruntime", "tantivy", "tokenizers", "unstructured")
_LONGEST_SECONDS = 6 * 3600.0
_LAST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Task:
    """What a run may need: the data, a folder of its own to work in, the comparison's Python."""

    data: Path
    work: Path
    peer: Path
    quick: bool


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package: what it measures, how it is called, what of it is plotted."""

    name: str
    measures: str
    arguments: Callable[[Task], Sequence[object]]
    curves: Callable[[Figures], Sequence[Curve]] = lambda _figures: ()
    axes: tuple[str, str] = ("", "")
    before: Callable[[Task], Sequence[object]] | None = None
    """Another module and its arguments, to be run first."""
    module: str = ""
    """The module's name where it is not that of the measurement."""

    @property
    def program(self) -> str:
        """The module that measures."""
        return self.module or self.name


def _one_file_curves(figures: Figures) -> Sequence[Curve]:
    sizes = [row["files"] for row in figures["own"]]
    return (
        Curve("zhiku", sizes, [row["written"] / 1e3 for row in figures["own"]]),
        Curve(
            "LangChain, community FAISS", sizes, [row["written"] / 1e3 for row in figures["peer"]]
        ),
    )


def _scale_curves(figures: Figures) -> Sequence[Curve]:
    rows = figures["rows"]
    sizes = [row["passages"] for row in rows]
    return tuple(
        Curve(name, sizes, [row[name] for row in rows])
        for name in ("one p50", "one p95", "all p50", "all p95", "vectors", "vectors exact")
        if all(name in row for row in rows)
    )


def _held_curves(figures: Figures) -> Sequence[Curve]:
    minutes = [row[0] for row in figures["held"]]
    names = ("MB", "open files", "threads")
    return tuple(
        Curve(name, minutes, [row[column] for row in figures["held"]])
        for column, name in enumerate(names, 1)
    )


BENCHMARKS = (
    Benchmark(
        "langchain_pipeline",
        "files taken in, beside the pipeline of a LangChain user",
        lambda task: [
            *("--data", task.data / "corpus", "--peer-python", task.peer),
            *(("--files", 24) if task.quick else ()),
        ],
    ),
    Benchmark(
        "ingest",
        "files taken in, beside a first attempt and the embedder's own rate",
        lambda task: ["--data", task.data / "corpus", "--files", 30 if task.quick else 200],
    ),
    Benchmark(
        "ingest_long",
        "long files taken in, beside a first attempt and the embedder's own rate",
        lambda task: [
            *("--data", task.data / "corpus", "--long"),
            *("--files", 8 if task.quick else 60),
        ],
        module="ingest",
    ),
    Benchmark(
        "one_file",
        "bytes written when one file joins, beside the community FAISS store",
        lambda task: [
            *("--peer-python", task.peer),
            *("--files", *((50, 100, 200) if task.quick else (300, 1000, 3000))),
        ],
        _one_file_curves,
        ("files in the knowledge base", "kB written for one more"),
    ),
    Benchmark(
        "scale",
        "searches, beside comparing all vectors; ms",
        lambda task: [
            *("--data", task.data, "--source", task.work / "source", "--home", task.work / "large"),
            *(("--passages", 1_500, 5_000, "--bases", 2, "--questions", 60) if task.quick else ()),
        ],
        _scale_curves,
        ("passages", "milliseconds"),
        before=lambda task: _source(task),
    ),
    Benchmark(
        "document_list",
        "the document list: pages, sorting, filters",
        lambda task: ["--home", task.work / "list", *(("--count", 2_000) if task.quick else ())],
    ),
    Benchmark(
        "start",
        "start of the server and the first questions",
        lambda task: [
            *("--data", task.data, "--source", task.work / "source", "--home", task.work / "start"),
            *(("--passages", 5_000, "--bases", 2, "--settle", 2) if task.quick else ()),
        ],
        before=lambda task: _source(task),
    ),
    Benchmark(
        "mirror",
        "first listing and re-sync of a folder",
        lambda task: ["--files", 1_000 if task.quick else 30_000],
    ),
    Benchmark(
        "mixed",
        "questions while files come and go",
        lambda task: [
            *("--data", task.data),
            *(("--files", 40, "--gone", 10, "--there", 40, "--alone", 5) if task.quick else ()),
        ],
    ),
    Benchmark(
        "mixed_long",
        "questions for two hours while files come, change and go",
        lambda task: [
            *("--data", task.data, "--minutes", 1 if task.quick else 120),
            *(("--there", 100, "--alone", 5) if task.quick else ()),
        ],
        _held_curves,
        ("minutes", "MB, open files, threads of the server"),
        module="mixed",
    ),
)


def _source(task: Task) -> Sequence[object]:
    """Takes the data in; what is there from an earlier run is left as it is."""
    return ["quality", "--data", task.data, "--home", task.work / "source"]


def figures_of(output: str) -> Figures:
    """The figures that a benchmark printed.

    The last line as JSON; else ``printed``, and as ``rows`` its blocks of ``name  number`` lines.
    """
    lines = output.splitlines()
    for line in reversed(lines):
        if line.strip():
            try:
                found = json.loads(line)
            except ValueError:
                break
            return found if isinstance(found, dict) else {"rows": found}
    rows: list[dict[str, float]] = [{}]
    for line in lines:
        name, _, number = line.strip().rpartition(" ")
        try:
            rows[-1][name.strip()] = float(number.replace(",", ""))
        except ValueError:
            if rows[-1]:
                rows.append({})
    return {"printed": output, "rows": [row for row in rows if "passages" in row]}


def machine() -> dict[str, str]:
    """What it ran on."""
    seen = look()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {
        "processor": str(seen.processor),
        "cores": str(seen.cores),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GB",
        "system": platform.platform(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": commit.stdout.strip() or "unknown",
        "Python": platform.python_version(),
        **versions,
    }


def run(benchmark: Benchmark, task: Task, out: Path) -> Figures:
    """Run one in a process of its own and return its figures; ``failed`` says why none."""
    calls = [[benchmark.program, *benchmark.arguments(task)]]
    if benchmark.before is not None:
        calls.insert(0, list(benchmark.before(task)))
    output = ""
    load, started = os.getloadavg()[0], time.monotonic()
    with (out / f"{benchmark.name}.log").open("w", encoding="utf-8") as log:
        for name, *arguments in calls:
            command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
            try:
                done = subprocess.run(  # noqa: S603 - our own modules
                    command,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                    timeout=_LONGEST_SECONDS,
                )
            except subprocess.TimeoutExpired:
                return {"failed": f"{name} took longer than {_LONGEST_SECONDS / 3600:.0f} hours"}
            output = done.stdout
            log.write(output)
            if done.returncode:
                last = " / ".join(output.splitlines()[-_LAST_WORDS:])
                return {"failed": f"{name} ended with {done.returncode}: {last}"}
    return {
        **figures_of(output),
        "took seconds": round(time.monotonic() - started, 1),
        "load of the machine before": load,
    }


def table(found: Mapping[str, Figures], about: Mapping[str, str]) -> str:
    """The figures in Markdown."""
    lines = ["# Speed", "", *(f"- {name}: {value}" for name, value in about.items())]
    known = {each.name: each for each in BENCHMARKS}
    for name, figures in found.items():
        lines += ["", f"## {name}: {known[name].measures}", ""]
        if "failed" in figures:
            lines.append(f"Failed: {figures['failed']}")
            continue
        if "printed" in figures:
            # Tables of its own: told as they are.
            lines += ["```", figures["printed"].strip(), "```"]
            continue
        lines += ["| figure | value |", "| --- | --- |"]
        lines += [f"| {key} | {value} |" for key, value in _flat(figures)]
    return "\n".join(lines) + "\n"


def _flat(value: object, name: str = "") -> Sequence[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair
            for key, each in value.items()
            for pair in _flat(each, f"{name}: {key}" if name else str(key))
        ]
    if isinstance(value, list):
        return [
            pair
            for number, each in enumerate(value, 1)
            for pair in _flat(each, f"{name} {number}".strip())
        ]
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    return [(name.replace("|", "/"), text.replace("|", "/"))]


def main() -> int:
    """Run what was asked for; returns 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    names = [each.name for each in BENCHMARKS]
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--peer-python", type=Path, default=Path(sys.executable))
    options = parser.parse_args()
    out = options.out.absolute()
    about, found = machine(), {}
    for benchmark in BENCHMARKS:
        if benchmark.name not in options.only:
            continue
        if importlib.util.find_spec(f"benchmarks.{benchmark.program}") is None:
            print(f"{benchmark.name}: not there", flush=True)
            continue
        print(f"{benchmark.name}: {benchmark.measures} …", flush=True)
        work = out / "work"
        work.mkdir(parents=True, exist_ok=True)
        task = Task(options.data.absolute(), work, options.peer_python.absolute(), options.quick)
        figures = found[benchmark.name] = run(benchmark, task, out)
        print(figures.get("failed") or f"{figures['took seconds']} s", flush=True)
        curves = () if "failed" in figures else benchmark.curves(figures)
        if curves:
            drawn = plot(benchmark.measures, benchmark.axes, curves)
            (out / f"{benchmark.name}.svg").write_text(drawn, encoding="utf-8")
        # After each: a long run that is broken off leaves what it has found.
        (out / "results.json").write_text(
            json.dumps({"machine": about, "quick": options.quick, "found": found}, indent=1),
            encoding="utf-8",
        )
        (out / "table.md").write_text(table(found, about), encoding="utf-8")
    print(f"written to {out}")
    return int(any("failed" in figures for figures in found.values()))


if __name__ == "__main__":
    sys.exit(main())
