"""Whenever the process is killed, all that was acknowledged is there after the next start."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from kb.settings import PROJECT, Settings
from kb.workspace import Workspace
from loaders.sandbox import ParserPool
from tests.kb.hashing import open_hashing
from tests.kb.killing import KB, STAGES, Order

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

RANDOM_IN_CI, RANDOM_IN_FULL = 8, 168
CALLS = (1, 3)


@dataclass
class Folder:
    """A data folder, what must be in it, and what may be: an operation that was broken off."""

    home: Path
    share: Path
    certain: dict[str, str] = field(default_factory=dict)
    uncertain: dict[str, str | None] = field(default_factory=dict)

    def heard(self, told: dict[str, Any]) -> None:
        """Take in a line that the killed program has written."""
        if "begins" in told:
            self.uncertain = dict(told["documents"])
        elif "done" in told:
            for name, said in told["done"].items():
                if said is None:
                    self.certain.pop(name, None)
                else:
                    self.certain[name] = said
            self.uncertain = {}


@pytest.fixture(scope="module")
def program() -> Iterator[subprocess.Popen[str]]:
    """The program that forks a worker for each order."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.kb.killing"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    yield started
    assert started.stdin is not None
    assert started.stdout is not None
    started.stdin.close()
    started.wait(30)
    started.stdout.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, parsers: ParserPool) -> Folder:
    """A data folder that all the kills happen to, one after the other."""
    base = tmp_path_factory.mktemp("killed")
    made = Folder(base / "data", base)
    (base / "share").mkdir()
    workspace = opened(made, parsers)
    workspace.create(KB)
    workspace.mirror.link(KB, base / "share")
    workspace.close()
    return made


def opened(folder: Folder, parsers: ParserPool) -> Workspace:
    settings = Settings(home=folder.home, models=folder.home / "models")
    return Workspace.open(settings, opener=open_hashing, parsers=parsers)


def run(program: subprocess.Popen[str], folder: Folder, order: Order, seconds: float) -> int:
    """Let a worker work until it dies; after ``seconds`` it is killed. Returns how it ended."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(json.dumps(asdict(order)) + "\n")
    program.stdin.flush()
    killer: threading.Timer | None = None
    pid = 0
    for told in lines(program.stdout):
        folder.heard(told)
        if "pid" in told:
            pid = told["pid"]
        elif "ready" in told or "through" in told:
            if killer is None:
                killer = threading.Timer(seconds, os.killpg, (pid, signal.SIGKILL))
                killer.start()
        elif "ended" in told:
            if killer is not None:
                killer.cancel()
            return int(told["ended"])
    raise AssertionError("the program that forks has died")


def lines(stream: IO[str]) -> Iterator[dict[str, Any]]:
    for line in stream:
        # A line that was not written to its end tells nothing.
        if line.startswith("{") and line.endswith("}\n"):
            yield json.loads(line)


def check(folder: Folder, parsers: ParserPool) -> None:
    """Everything acknowledged is there, nothing twice, and the catalog agrees with all else."""
    workspace = opened(folder, parsers)
    workspace.mirror._rest = 0.0
    try:
        ends = time.monotonic() + 60
        while workspace.queue.page(active_only=True):
            assert time.monotonic() < ends, "a job does not end"
            time.sleep(0.01)
        (linked,) = (each for each in workspace.mirror.folders(KB) if each.path)
        # What a look at the folder had begun is found again by the next one.
        done = workspace.mirror.synchronise(linked, confirm=True)
        if done.job_id is not None:
            workspace.queue.wait(done.job_id, timeout=60)
        found = {each.document: each for each in workspace.knowledge_base(KB).documents(limit=None)}
        for name, said in folder.certain.items():
            may_be = {said, folder.uncertain.get(name, said)}
            if name not in found:
                assert None in may_be, f"{name} is lost"
                continue
            record = found[name]
            assert record.state == "ready", (name, record.state, record.reason)
            text = next(workspace.knowledge_base(KB).pages(record.document_id)).text
            assert text in may_be, f"{name} says {text}"
            # They are much alike, and there are many by now: the first hit may be another one.
            hits = workspace.search([KB], text, top_k=50).hits
            assert (name, text) in [(hit.document, hit.text) for hit in hits]
        extra = set(found) - set(folder.certain)
        assert extra <= set(folder.uncertain), f"nobody asked for {extra}"
        texts = [
            next(workspace.knowledge_base(KB).pages(each.document_id)).text
            for each in found.values()
            if each.state == "ready"
        ]
        assert len(texts) == len(set(texts)), "something is there twice"
        assert workspace.examine(thorough=True) == []
        folder.certain = {
            name: next(workspace.knowledge_base(KB).pages(each.document_id)).text
            for name, each in found.items()
            if each.state == "ready"
        }
        folder.uncertain = {}
    finally:
        workspace.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_a_stage(
    program: subprocess.Popen[str],
    folder: Folder,
    parsers: ParserPool,
    stage: str,
    when: str,
) -> None:
    number = 2 * list(STAGES).index(stage) + (when == "after")
    order = Order(str(folder.home), str(folder.share), 100 + number, stage, when, CALLS[number % 2])
    assert run(program, folder, order, 60) == -signal.SIGKILL
    check(folder, parsers)


def _moments(
    program: subprocess.Popen[str], folder: Folder, parsers: ParserPool, count: int
) -> None:
    seed = int(os.environ.get("ZHIKU_SEED", time.time_ns() % 10**6))
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        seconds = chance.uniform(0.0, 2.0)
        order = Order(str(folder.home), str(folder.share), seed + number)
        print(f"ZHIKU_SEED={seed}, kill {number} after {seconds:.3f} s")  # noqa: T201
        run(program, folder, order, seconds)
        check(folder, parsers)


def test_killed_at_any_moment(
    program: subprocess.Popen[str], folder: Folder, parsers: ParserPool
) -> None:
    _moments(program, folder, parsers, RANDOM_IN_CI)


@pytest.mark.long
def test_killed_at_many_moments(
    program: subprocess.Popen[str], folder: Folder, parsers: ParserPool
) -> None:
    _moments(program, folder, parsers, RANDOM_IN_FULL)
