"""People search while files come, change and go: nobody waits, nothing gone is found, no leaks.

    python -m benchmarks.mixed --data PATH [--files 1000] [--gone 100] [--people 16]
    python -m benchmarks.mixed --data PATH --minutes 120

The server runs in a process of its own with the knowledge base of a company; people ask real
questions by HTTP, each a second after the answer to the last one on average, first with nothing
else going on, then while files are taken in, all at once, and others removed. With ``--minutes``
files come, change and go in small batches, by hand and in a mirrored folder, until the time is
over, and what the server holds is written down: memory, open files, threads.

Every file has a sentence of its own with a number. Whatever was removed or replaced must not be in
any answer to a question that was asked after that was confirmed; a tenth of the questions are for
just these sentences. At the end those that came are searched for by theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.api.folder_models import LinkRequest, SyncRequest
from app.api.requests import CreateRequest, SearchRequest
from app.client import RemoteOperations, ServerAddress, read_server_file
from benchmarks.quality import questions
from benchmarks.start import Started
from benchmarks.start import started as serving

KB = "mixed"
_SUFFIXES = {".txt", ".md"}
_LONGEST_BYTES = 12_000
_PAUSE_SECONDS = 1.0
_SAMPLE_SECONDS = 5.0
_BATCH = 40


@dataclass
class Findings:
    """What people saw, times in milliseconds; `gone` says since when a mark must not be seen."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    gone: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def phase(self) -> tuple[float, float, int]:
        """Median, 95th percentile and number of the searches since the last call."""
        with self.lock:
            times, self.times = self.times, []
        if len(times) < 2:
            return 0.0, 0.0, len(times)
        return statistics.median(times), statistics.quantiles(times, n=20)[-1], len(times)


class Company:
    """Files with marks, made from those of the data; a file that changes gets another mark."""

    def __init__(self, data: Path, folder: Path, seed: int = 0) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.sources = sorted(
            path
            for path in (data / "corpus").rglob("*")
            if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size < _LONGEST_BYTES
        )
        self.folder = folder
        self.made = 0
        self.marks: dict[str, str] = {}

    def write(self, name: str | None = None, folder: Path | None = None) -> Path:
        """Write a new file, or another version of one."""
        self.made += 1
        mark = f"ZK{self.made:07d}"
        source = self.chance.choice(self.sources)
        path = (folder or self.folder) / (name or f"{mark}{source.stem}.txt")
        text = source.read_text(encoding="utf-8", errors="replace")
        written = path.with_suffix(".part")
        written.write_text(f"{text}\n\n{sentence(mark)}\n", encoding="utf-8")
        os.utime(written, (time.time() - 3600 + self.made,) * 2)
        written.replace(path)
        self.marks[path.name] = mark
        return path


def sentence(mark: str) -> str:
    """The sentence that only one version of one file has."""
    return f"本文件的流水号是{mark}。"


class People:
    """Threads that search until they are told to stop."""

    def __init__(
        self, address: ServerAddress, asked: Sequence[str], findings: Findings, count: int
    ) -> None:
        self._address = address
        self._asked = asked
        self._findings = findings
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._search, args=(number,)) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the search under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _search(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - no secret
        findings, client = self._findings, RemoteOperations(self._address, "zh")
        while not self._stop.wait(chance.uniform(0, 2 * _PAUSE_SECONDS)):
            text = chance.choice(self._asked)
            lately = list(findings.gone)[-20:]
            if lately and chance.random() < 0.1:
                text = sentence(chance.choice(lately))
            started = time.monotonic()
            try:
                found = client.search(SearchRequest(knowledge_bases=[KB], question=text))
            except Exception as exc:  # noqa: BLE001 - told in the figures
                findings.errors.append(f"{text[:30]}: {exc!r}")
                continue
            taken = (time.monotonic() - started) * 1000
            said = "".join(hit.text for hit in found.hits)
            seen = [mark for mark, since in list(findings.gone.items()) if mark in said]
            with findings.lock:
                findings.times.append(taken)
                findings.stale += [mark for mark in seen if findings.gone[mark] < started]
        client.close()


class Held:
    """What the server holds, sampled until it is closed: minutes, MB, open files, threads."""

    def __init__(self, started: Started) -> None:
        self.rows: list[tuple[float, float, int, int]] = []
        self._process = started.process
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def close(self) -> None:
        """Take no more samples."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.rows.append(
                (
                    (time.monotonic() - self._began) / 60,
                    self._process.memory_info().rss / 1e6,
                    self._process.num_fds(),
                    self._process.num_threads(),
                )
            )

    def growth(self) -> dict[str, float]:
        """What the second half of the time adds in an hour, by the line through its samples."""
        late = np.array(self.rows[len(self.rows) // 2 :])
        if len(late) < 3:
            return {}
        names = ("MB an hour", "open files an hour", "threads an hour")
        slopes = [float(np.polyfit(late[:, 0], late[:, column], 1)[0]) * 60 for column in (1, 2, 3)]
        return dict(zip(names, slopes, strict=True))


def remove(remote: RemoteOperations, company: Company, findings: Findings, name: str) -> None:
    """Remove a document; from the moment that this is confirmed nobody may see it."""
    remote.remove(KB, name)
    findings.gone[company.marks.pop(name)] = time.monotonic()


def rush(
    remote: RemoteOperations, company: Company, findings: Findings, files: int, gone: int
) -> dict[str, float]:
    """Take ``files`` in at once and remove ``gone`` of those that were there meanwhile."""
    victims = company.chance.sample(sorted(company.marks), gone)
    folder = company.folder / "rush"
    folder.mkdir()
    for _number in range(files):
        company.write(folder=folder)
    started = time.monotonic()
    job_id = remote.add(KB, [folder], wait=False).job
    for name in victims:
        remove(remote, company, findings, name)
        time.sleep(0.2)
    counts = remote.wait(job_id).counts
    seconds = time.monotonic() - started
    ready = counts.get("ready", 0)
    return {"files": ready, "files/s": ready / seconds, "seconds": seconds}


def steady(
    remote: RemoteOperations, company: Company, findings: Findings, share: Path, minutes: float
) -> dict[str, float]:
    """Let files come, change and go until the time is over; as many go as come."""
    ends = time.monotonic() + minutes * 60
    rounds = 0
    while time.monotonic() < ends:
        rounds += 1
        batch = company.folder / f"round{rounds}"
        batch.mkdir()
        for _number in range(_BATCH):
            company.write(folder=batch)
        changed = company.chance.sample(_own(company, share), _BATCH // 4)
        before = [company.marks[name] for name in changed]
        for name in changed:
            company.write(name, batch)
        remote.add(KB, [batch])
        findings.gone |= dict.fromkeys(before, time.monotonic())
        shutil.rmtree(batch)
        for name in company.chance.sample(_own(company, share), _BATCH):
            remove(remote, company, findings, name)
        _mirror(remote, company, findings, share)
    return {"rounds": rounds}


def _own(company: Company, share: Path) -> list[str]:
    mirrored = {path.name for path in share.iterdir()}
    return sorted(company.marks.keys() - mirrored)


def _mirror(remote: RemoteOperations, company: Company, findings: Findings, share: Path) -> None:
    there = sorted(path.name for path in share.iterdir())
    changed, deleted, renamed = there[0:3], there[3:6], there[6:9]
    former = [company.marks[name] for name in (*changed, *deleted)]
    for name in changed:
        company.write(name, share)
    for name in deleted:
        (share / name).unlink()
        del company.marks[name]
    for name in renamed:
        now = f"改名{company.made}-{name[-20:]}"
        (share / name).rename(share / now)
        company.marks[now] = company.marks.pop(name)
    for _name in deleted:
        company.write(folder=share)
    done = remote.sync(KB, SyncRequest(confirm=True))
    for each in done.folders:
        if each.job is not None:
            remote.wait(each.job)
    findings.gone |= dict.fromkeys(former, time.monotonic())


def missing(remote: RemoteOperations, company: Company, count: int) -> list[str]:
    """Of some files that are there, those that the question for their mark does not find."""
    names = company.chance.sample(sorted(company.marks), min(count, len(company.marks)))
    lost = []
    for name in names:
        mark = company.marks[name]
        request = SearchRequest(knowledge_bases=[KB], question=sentence(mark), top_k=20)
        if all(mark not in hit.text for hit in remote.search(request).hits):
            lost.append(name)
    return lost


def main() -> None:
    """Run what the arguments ask for and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--gone", type=int, default=100)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--there", type=int, default=400, help="files that are there at first")
    parser.add_argument("--alone", type=float, default=30.0, help="seconds of searching alone")
    parser.add_argument("--minutes", type=float, default=0.0, help="of the long run")
    options = parser.parse_args()
    names = sorted(path.stem for path in (options.data / "qa").glob("*.jsonl"))
    asked = [each.question.text for each in questions(options.data, names)]
    with tempfile.TemporaryDirectory(prefix="mixed-") as scratch:
        folder = Path(scratch) / "in"
        share = Path(scratch) / "share"
        home = Path(scratch) / "data"
        for each in (folder, share, home):
            each.mkdir()
        with serving(home) as started:
            address = read_server_file(home)
            assert address is not None
            figures = run(options, started, address, Company(options.data, folder), share, asked)
    for name, value in figures.items():
        if isinstance(value, float | int):
            print(f"{name:<36}{value:>12,.1f}")
    print(json.dumps(figures, ensure_ascii=False))


def run(
    options: argparse.Namespace,
    started: Started,
    address: ServerAddress,
    company: Company,
    share: Path,
    asked: Sequence[str],
) -> dict[str, object]:
    """Fill the knowledge base, let people search, and measure."""
    remote = RemoteOperations(address, "zh")
    remote.create(CreateRequest(name=KB))
    for _number in range(options.there):
        company.write()
    remote.add(KB, [company.folder])
    if options.minutes:
        for _number in range(30):
            company.write(folder=share)
        remote.link(KB, LinkRequest(path=str(share)))
        for each in remote.sync(KB, SyncRequest()).folders:
            if each.job is not None:
                remote.wait(each.job)
    for text in asked[:20]:
        remote.search(SearchRequest(knowledge_bases=[KB], question=text))
    findings = Findings()
    people = People(address, asked, findings, options.people)
    held = Held(started)
    figures: dict[str, object] = {"people": options.people}
    try:
        time.sleep(options.alone)
        figures |= _named("alone", findings.phase())
        if options.minutes:
            figures |= steady(remote, company, findings, share, options.minutes)
        else:
            figures |= rush(remote, company, findings, options.files, options.gone)
        figures |= _named("mixed", findings.phase())
    finally:
        people.stop()
        held.close()
    lost = missing(remote, company, 200)
    remote.close()
    figures |= {
        "removed or replaced": len(findings.gone),
        "stale hits": len(findings.stale),
        "errors": len(findings.errors),
        "not found": len(lost),
        "most MB": max((row[1] for row in held.rows), default=0.0),
        "most open files": max((row[2] for row in held.rows), default=0),
        "most threads": max((row[3] for row in held.rows), default=0),
        **held.growth(),
        "examples": [*findings.errors[:5], *findings.stale[:5], *lost[:5]],
        "held": held.rows[:: max(1, len(held.rows) // 200)],
    }
    return figures


def _named(phase: str, measured: tuple[float, float, int]) -> dict[str, object]:
    median, late, count = measured
    return {f"{phase} p50 ms": median, f"{phase} p95 ms": late, f"{phase} searches": count}


if __name__ == "__main__":
    main()
