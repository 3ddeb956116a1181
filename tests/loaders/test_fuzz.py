"""Broken documents by the hundred: no crash, no hang, no growth, and a reason for each refusal."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from loaders.errors import LimitExceededError, LoaderCrashedError, LoadError
from loaders.formats import detect
from loaders.records import ElementRecord
from loaders.sandbox import ParserPool
from tests.loaders.fuzzing import SENTENCE, Case, broken, is_slow, samples

logger = logging.getLogger(__name__)

SEED = int(os.environ.get("ZHIKU_FUZZ_SEED", "20240506"))
SECONDS = 60.0
GROWTH = 64 << 20
# One in this many is of a kind that takes seconds.
RARE = 25


@dataclass
class _Findings:
    wrong: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("samples")
    made = samples(folder)
    readable = {}
    for kind, content in made.items():
        path = folder / f"办法.{kind}"
        path.write_bytes(content)
        if detect(path).loader:
            readable[kind] = content
    return readable


def test_every_sample_is_read_whole(documents: dict[str, bytes], tmp_path: Path) -> None:
    with ParserPool(1, seconds=SECONDS) as pool:
        for kind, content in documents.items():
            path = tmp_path / f"办法.{kind}"
            path.write_bytes(content)
            try:
                text = "".join(
                    record.text for record in pool.load(path) if isinstance(record, ElementRecord)
                )
            except LoadError as exc:
                # Without LibreOffice or OCR these cannot be read on this machine.
                assert exc.code in ("libreoffice_missing", "ocr_unavailable"), (kind, exc)
                continue
            expected = "Travel" if kind == "png" else SENTENCE
            assert expected in text, kind


def test_three_hundred_broken_files_cost_nothing_but_themselves(
    documents: dict[str, bytes], tmp_path: Path
) -> None:
    _fuzz(documents, tmp_path, 300)


@pytest.mark.long
def test_two_thousand_broken_files_cost_nothing_but_themselves(
    documents: dict[str, bytes], tmp_path: Path
) -> None:
    _fuzz(documents, tmp_path, 2000)


def _fuzz(documents: dict[str, bytes], folder: Path, count: int) -> None:
    """Read ``count`` broken files by two parsers at once; every one is known by its number."""
    logger.info("seed %d, %d files", SEED, count)
    findings = _Findings()
    numbers = iter(range(count))
    lock = threading.Lock()
    me = psutil.Process()
    with ParserPool(2, seconds=SECONDS, memory_mb=1536) as pool:
        list(pool.load(_written(folder, "warm.txt", documents["txt"])))
        before = me.memory_info().rss
        threads = [
            threading.Thread(target=_work, args=(pool, documents, folder, numbers, lock, findings))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        grown = me.memory_info().rss - before
    logger.info("outcomes: %s", dict(findings.outcomes))
    assert findings.wrong == [], f"seed {SEED}"
    assert sum(findings.outcomes.values()) == count
    assert grown < GROWTH


def _work(
    pool: ParserPool,
    documents: dict[str, bytes],
    folder: Path,
    numbers: Iterator[int],
    lock: threading.Lock,
    findings: _Findings,
) -> None:
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        kind, case = _case(documents, number)
        outcome, wrong = _outcome(
            pool, _written(folder, f"{number}-{case.name}", case.content), case
        )
        with lock:
            findings.outcomes[outcome] += 1
            if wrong:
                findings.wrong.append(f"{number} {kind} {case.how}: {wrong}")


def _case(documents: dict[str, bytes], number: int) -> tuple[str, Case]:
    dice = random.Random(f"{SEED}:{number}")  # noqa: S311 - to be repeated, not to be secret
    slow = number % RARE == 0
    kinds = [kind for kind in documents if is_slow(kind) == slow] or list(documents)
    kind = dice.choice(kinds)
    return kind, broken(kind, documents[kind], dice)


def _outcome(pool: ParserPool, path: Path, case: Case) -> tuple[str, str]:
    """Read a file: the code of its outcome, and what is wrong with it or ""."""
    text: list[str] = []
    started = time.monotonic()
    try:
        for record in pool.load(path):
            if isinstance(record, ElementRecord):
                text.append(record.text)
    except LoaderCrashedError as exc:
        return exc.code, f"the parser crashed: {exc}"
    except LimitExceededError as exc:
        hangs = exc.params.get("limit") == "time"
        return exc.code, f"took {time.monotonic() - started:.0f} s" if hangs else ""
    except LoadError as exc:
        if exc.code == "load_failed":
            return exc.code, f"an error that nobody meant: {exc}"
        if exc.code in ("libreoffice_missing", "ocr_unavailable"):
            return exc.code, ""
        return exc.code, f"lost its text: {exc}" if case.keeps_text else ""
    finally:
        path.unlink()
    kept = SENTENCE in "".join(text) or not case.keeps_text
    return "read", "" if kept else "lost its text"


def _written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
