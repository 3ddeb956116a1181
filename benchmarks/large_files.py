"""Memory and waiting times while very large files are taken in by the real server.

    python -m benchmarks.large_files [--megabytes 300] [--pages 2000] [--only text,csv,pdf]
        [--embedder NAME] [--minutes N] [--folder FOLDER]

Makes a Chinese text, a CSV and a PDF (kept in ``--folder`` for the next run), starts a server with
a data folder of its own, uploads the files at once and watches until they are in: the memory of the
front process and of each process that it starts twice a second, and how long the page, the list of
documents and a search take. Without ``--embedder`` the vectors come from a graph of one layer under
the same runtime, since a true model needs hours for such files: all but the model's own work is
done as always. With ``--minutes`` the job is then cancelled; told is how fast that goes and whether
anything is left.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import psutil

from benchmarks.large_inputs import write_csv, write_pdf, write_text
from kb.models.table import EmbedderModel, register
from kb.settings import PROJECT, load_settings

_NAME = "大文件"
_QUESTION = "采购合同逾期如何计收滞纳金？"
_ONE_LAYER = "one-layer"
_DIM = 384
_EVERY_SECONDS = 0.5
_START_SECONDS = 600
_PURGE_SECONDS = 900
_BLOCK = 1 << 20


def write_one_layer(models: Path) -> None:
    """Register an embedder that only looks its letters up in a table of random numbers."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split

    letters = [chr(code) for code in (*range(0x21, 0x7F), *range(0x4E00, 0xA000))]
    folder = models / _ONE_LAYER
    folder.mkdir(parents=True)
    table = np.random.default_rng(0).normal(size=(len(letters) + 1, _DIM)).astype(np.float32)
    names = ("input_ids", "attention_mask")
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["found"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
            helper.make_node("Mul", ["found", "wide"], ["last_hidden_state"]),
        ],
        _ONE_LAYER,
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"]) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "t", _DIM])],
        [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([-1]), "last")],
    )
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), folder / "model.onnx")
    vocabulary = {"[UNK]": 0} | {letter: number for number, letter in enumerate(letters, 1)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.pre_tokenizer = Split(Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    register(EmbedderModel(_ONE_LAYER, "onnx", "", 1, _DIM, max_tokens=64), models)


@dataclass(slots=True)
class Watch:
    """Samples of the server's memory (MB) and of what its answers take (ms), until stopped."""

    server: psutil.Process
    client: httpx.Client
    megabytes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample in two threads, so that a slow answer hides no memory."""
        threads = [threading.Thread(target=self._memory), threading.Thread(target=self._answers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _memory(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self.megabytes["front, all"].append(_mb(self.server.memory_info().rss))
            self.megabytes["front, own"].append(own_megabytes(self.server))
            for child in self.server.children(recursive=True):
                try:
                    kind = "parser" if "loaders.child" in child.cmdline() else child.name()
                    self.megabytes[f"{kind}, each"].append(_mb(child.memory_info().rss))
                except psutil.Error:
                    # It ended between the two calls.
                    continue

    def _answers(self) -> None:
        asked: dict[str, Callable[[], httpx.Response]] = {
            "page": lambda: self.client.get("/"),
            "documents": lambda: self.client.get(f"/api/knowledge-bases/{_NAME}/documents"),
            "jobs": lambda: self.client.get("/api/jobs"),
            "search": lambda: search(self.client),
        }
        while not self._over.wait(_EVERY_SECONDS):
            for name, ask in asked.items():
                started = time.monotonic()
                ask().raise_for_status()
                self.milliseconds[name].append((time.monotonic() - started) * 1000)

    def report(self, idle: float) -> None:
        """Print the most, and the 95th percentile of the waiting times."""
        for name, values in sorted(self.megabytes.items()):
            grown = f"; {max(values) - idle:+.0f} over idle" if name.startswith("front") else ""
            say(f"{name:<16} {max(values):7.0f} MB at most{grown}")
        for name, values in self.milliseconds.items():
            p95 = sorted(values)[int(len(values) * 0.95)]
            say(
                f"{name:<16} {statistics.median(values):7.0f} ms at the median, {p95:.0f} at p95, "
                f"{max(values):.0f} at most; {len(values)} times"
            )


def own_megabytes(process: psutil.Process) -> float:
    """What a process holds but for files mapped into it, which the system takes back at need."""
    memory = process.memory_info()
    return _mb(memory.rss - getattr(memory, "shared", 0))


def search(client: httpx.Client) -> httpx.Response:
    """Ask one question."""
    body = {"knowledge_bases": [_NAME], "question": _QUESTION}
    return client.post("/api/search", json=body)


def say(line: str) -> None:
    """Print at once: a run takes long."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
    sys.stdout.flush()


def _mb(size: int) -> float:
    return size / 2**20


@contextmanager
def served(
    home: Path, models: Path, embedder: str
) -> Iterator[tuple[psutil.Process, httpx.Client]]:
    """Run a server over a data folder of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "KB_HOME": str(home),
        "KB_MODELS": str(models),
        "KB_EMBEDDER": embedder,
        "KB_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "app.server", "--port", str(port)], cwd=PROJECT, env=environment
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not (home / "server.json").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start")
            time.sleep(0.1)
        token = json.loads((home / "server.json").read_text(encoding="utf-8"))["token"]
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {token}"},
            timeout=300,
            # On a busy machine the server may close an idle connection just as it is used again.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        ) as client:
            yield psutil.Process(process.pid), client
    finally:
        started = time.monotonic()
        process.terminate()
        process.wait()
        say(f"server ended in {time.monotonic() - started:.1f} s")


def upload(client: httpx.Client, batch: str, files: dict[str, Path]) -> str:
    """Send files as the page does and return their job."""
    base = f"/api/knowledge-bases/{_NAME}/uploads/{batch}"
    for name, path in files.items():
        with path.open("rb") as file:
            blocks = iter(partial(file.read, _BLOCK), b"")
            client.put(f"{base}/{name}", content=blocks).raise_for_status()
    return str(client.post(f"{base}/finish").raise_for_status().json()["job_id"])


def follow(client: httpx.Client, job: str, minutes: float | None) -> bool:
    """Tell how the job gets on; return whether it ended by itself within the time."""
    started = told = time.monotonic()
    finished: set[str] = set()
    while True:
        state = client.get(f"/api/jobs/{job}").raise_for_status().json()["state"]
        items = client.get(f"/api/jobs/{job}/files").raise_for_status().json()["files"]
        now = time.monotonic()
        for item in items:
            line = f"{item['document']}: {item['state']}, {item['passages']} passages"
            if item["seconds"] is not None and item["document"] not in finished:
                finished.add(item["document"])
                say(f"{line}, {item['seconds']:.0f} s")
            elif item["seconds"] is None and now - told > 60:
                say(f"  {line}")
        if now - told > 60:
            told = now
        if state in ("done", "failed", "cancelled"):
            say(f"job {state} after {now - started:.0f} s")
            return True
        if minutes is not None and now - started > minutes * 60:
            return False
        time.sleep(1)


def cancel(client: httpx.Client, job: str, home: Path) -> None:
    """Cancel a job, and tell how long that takes and what is left."""
    started = time.monotonic()
    client.post(f"/api/jobs/{job}/cancel").raise_for_status()
    while client.get(f"/api/jobs/{job}").json()["state"] != "cancelled":
        time.sleep(0.1)
    say(f"cancelled within {time.monotonic() - started:.1f} s")
    names = [
        entry["document"]
        for entry in client.get(f"/api/knowledge-bases/{_NAME}/documents").json()["documents"]
    ]
    waiting = [str(path) for path in (home / _NAME / "incoming").rglob("*") if path.is_file()]
    say(f"documents: {names}; files that wait: {waiting}")
    with sqlite3.connect(f"file:{home / 'catalog.db'}?mode=ro", uri=True) as catalog:
        while time.monotonic() - started < _PURGE_SECONDS:
            left = catalog.execute("SELECT COUNT(*) FROM contents WHERE NOT live").fetchone()[0]
            if not left:
                break
            time.sleep(1)
        passages = catalog.execute("SELECT COUNT(*) FROM passages").fetchone()[0]
    say(f"rows purged after {time.monotonic() - started:.0f} s; {passages} passages left")


def made_files(folder: Path, megabytes: int, pages: int, only: list[str]) -> dict[str, Path]:
    """Make what is not there yet: upload names and paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Path] = {}
    kinds: tuple[tuple[str, str, Callable[[Path, int], None], int], ...] = (
        ("text", f"{megabytes}.txt", write_text, megabytes * 10**6),
        ("csv", f"{megabytes}.csv", write_csv, megabytes * 10**6),
        ("pdf", f"{pages}.pdf", write_pdf, pages),
    )
    for kind, name, write, size in kinds:
        if kind not in only:
            continue
        made[name] = folder / name
        if not made[name].exists():
            part = folder / f"{name}.part"
            write(part, size)
            part.replace(made[name])
    return made


def main() -> None:
    """Run one server with all files and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--only", default="text,csv,pdf")
    parser.add_argument("--embedder", default=_ONE_LAYER)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "files"
        files = made_files(folder, options.megabytes, options.pages, options.only.split(","))
        home, models = Path(scratch) / "home", Path(scratch) / "models"
        if options.embedder == _ONE_LAYER:
            write_one_layer(models)
        else:
            # That model alone: a chat model would take memory and cores of its own.
            models.mkdir()
            for path in load_settings().models.glob(f"{options.embedder}*"):
                (models / path.name).symlink_to(path.resolve())
        with served(home, models, options.embedder) as (server, client):
            client.post("/api/knowledge-bases", json={"name": _NAME}).raise_for_status()
            small = folder / "small.txt"
            small.write_text("采购合同逾期的，每日计收千分之一的滞纳金。", encoding="utf-8")
            follow(client, upload(client, "small000", {"small.txt": small}), None)
            for _ in range(5):
                search(client).raise_for_status()
            idle = _mb(server.memory_info().rss)
            say(f"front process, idle: {idle:.0f} MB, {own_megabytes(server):.0f} of them its own")
            watch = Watch(server, client)
            try:
                with watch.watching():
                    job = upload(client, "large000", files)
                    say("uploaded")
                    if not follow(client, job, options.minutes):
                        cancel(client, job, home)
                    for _ in range(5):
                        search(client).raise_for_status()
            finally:
                watch.report(idle)
            size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
            say(f"data folder: {_mb(size):.0f} MB")


if __name__ == "__main__":
    main()
