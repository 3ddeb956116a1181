"""The start of the server over large knowledge bases, and the first question to each of them.

Made of a data folder that `benchmarks.quality` has filled: real passages, their vectors with a
little noise, kept in ``--home`` for the next run. Beside it what a program needs that opens all of
its indexes before it answers.

    python -m benchmarks.start --data PATH --source FOLDER --home FOLDER [--passages 150000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.quality import questions
from benchmarks.scaled_home import build, sources
from kb.settings import PROJECT, Settings, load_settings
from kb.workspace import Workspace

_MOST_SECONDS = 300.0
_TIMES = 20


@dataclass(frozen=True)
class Started:
    """A server and the seconds from its command to its first answers."""

    client: httpx.Client
    process: psutil.Process
    answers: float
    lists: float


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True, help="data folder to multiply")
    parser.add_argument("--home", type=Path, required=True, help="where the large ones go")
    parser.add_argument("--passages", type=int, default=150_000)
    parser.add_argument("--bases", type=int, default=10)
    parser.add_argument("--noise", type=float, default=0.2)
    parser.add_argument("--settle", type=float, default=30.0, help="seconds before the questions")
    arguments = parser.parse_args()
    home = arguments.home / str(arguments.passages)
    if not (home / "catalog.db").exists():
        found = sources(arguments.source)
        build(home, found, arguments.bases, arguments.passages, arguments.noise)
    names = sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    asked = [each.question.text for each in questions(arguments.data, names)]
    random.Random(1).shuffle(asked)  # noqa: S311 - no secret
    all_at_once(home, asked[0])
    for settle in (0.0, arguments.settle):
        print(f"\nasked {settle:.0f} s after the first list:")
        measure(home, asked, settle)


def all_at_once(home: Path, question: str) -> None:
    """Open every index before the first answer; its time is without that of the interpreter."""
    started = time.monotonic()
    workspace = Workspace.open(Settings(home=home), run_jobs=False)
    try:
        names = [record.name for record in workspace.knowledge_bases()]
        for name in names:
            workspace.search([name], question)
        taken = time.monotonic() - started
    finally:
        workspace.close()
    print(f"{len(names)} knowledge bases opened and asked before anything else: {taken:.1f} s")


def measure(home: Path, asked: Sequence[str], settle: float) -> None:
    """Start a server and print how long it and the first question to each knowledge base take."""
    with started(home) as server:
        print(f"answers after {server.answers:.1f} s, lists after {server.lists:.1f} s")
        names = _names(server.client)
        time.sleep(settle)
        ratios = []
        for name in names:
            times = [_ask(server.client, name, text) for text in asked[: _TIMES + 1]]
            median = statistics.median(times[1:])
            ratios.append(times[0] / median)
            print(f"{name:<12}first {times[0]:7.0f} ms, then {median:5.0f} ms at the median")
        print(f"first to median: {statistics.median(ratios):.1f}, at most {max(ratios):.1f}")
        memory = server.process.memory_full_info()
        print(f"front process: {memory.uss >> 20} MB of its own, {memory.rss >> 20} with its files")
        ended = time.monotonic()
    print(f"ended in {time.monotonic() - ended:.1f} s")


@contextmanager
def started(home: Path) -> Iterator[Started]:
    """Run the server as its own process; it ends in order."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "KB_HOME": str(home),
        "KB_MODELS": str(load_settings().models),
        "KB_LOG_LEVEL": "WARNING",
    }
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "app.server", "--port", str(port)], cwd=PROJECT, env=environment
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"X-Zhiku": "1"},
            timeout=_MOST_SECONDS,
            # On a busy machine the server may close an idle connection just as it is used again.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        ) as client:
            while not _is_up(client):
                if process.poll() is not None or time.monotonic() - began > _MOST_SECONDS:
                    raise SystemExit("the server did not start")
                time.sleep(0.05)
            answers = time.monotonic() - began
            _names(client)
            yield Started(client, psutil.Process(process.pid), answers, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/api/health").is_success
    except httpx.TransportError:
        return False


def _names(client: httpx.Client) -> list[str]:
    listed = client.get("/api/knowledge-bases")
    listed.raise_for_status()
    return [each["name"] for each in json.loads(listed.content)["knowledge_bases"]]


def _ask(client: httpx.Client, name: str, question: str) -> float:
    began = time.perf_counter()
    found = client.post("/api/search", json={"knowledge_bases": [name], "question": question})
    found.raise_for_status()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
