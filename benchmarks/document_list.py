"""The list of the documents of a large knowledge base: opened, sorted, filtered, leafed through.

Fills a data folder through the store's own functions (kept in ``--home`` for the next run), starts
the real server and asks for the list over HTTP as the page and other programs do. Then the same
once more without the indexes that serve the list, so that what they bring can be told.

    python -m benchmarks.document_list --home FOLDER [--count 30000]
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np

from benchmarks.large_files import served
from kb.settings import Settings, load_settings
from kb.store.contents import ContentBatch, ContentFacts
from kb.types import DocumentState, Line, PageHealth, PageText, Passage, Place, Reason
from kb.workspace import Workspace

_NAME = "文件"
_EMBEDDER = "e5-small"
_FORMATS = ("pdf", "pdf", "docx", "xlsx", "txt", "pptx")
_TIMES = 7
_WARM_SECONDS = 10
_ORDERS = (
    "document",
    "health",
    "reason",
    "state",
    "pages",
    "passages",
    "size",
    "updated",
    "format",
)
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'documents_by_%'"


def main() -> None:
    """Fill, serve, measure; then without the indexes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--count", type=int, default=30_000)
    options = parser.parse_args()
    home = options.home / "with"
    bare = options.home / "without"
    fill(home, options.count)
    if not (bare / "catalog.db").exists():
        shutil.copytree(home, bare, ignore=shutil.ignore_patterns("server.json"))
        with closing(sqlite3.connect(bare / "catalog.db")) as catalog:
            for (name,) in catalog.execute(_INDEXES).fetchall():
                catalog.execute(f"DROP INDEX {name}")
    wanted = requests(options.count)
    indexed, plain = measure(home, wanted), measure(bare, wanted)
    print(f"{options.count} documents; milliseconds over HTTP: median, slowest of {_TIMES}")
    print(f"{'':<34}{'as it is':>16}{'without indexes':>20}")
    for name in wanted:
        print(f"{name:<34}{_told(indexed[name]):>16}{_told(plain[name]):>20}")
    slowest = max(max(times) for times in indexed.values())
    print(f"slowest of all: {slowest:.0f} ms")


def requests(count: int) -> dict[str, dict[str, object]]:
    """Return what is asked for, by what a person does; a page has 100 rows as on the screen."""
    asked: dict[str, dict[str, object]] = {
        "open": {},
        "middle": {"offset": count // 2},
        "last page": {"offset": count - 100},
    }
    for order in _ORDERS:
        asked[f"sorted by {order}"] = {"order": order}
        asked[f"sorted by {order}, descending"] = {"order": order, "descending": True}
    asked["middle, sorted by size"] = {"offset": count // 2, "order": "size"}
    asked["name contains 第777"] = {"contains": "第777"}
    asked["name contains nothing there"] = {"contains": "没有这样的文件"}
    asked["state failed"] = {"state": "failed"}
    asked["amber and red, by update"] = {"health": "amber,red", "order": "updated"}
    asked["contains, state and health"] = {"contains": "通知", "state": "ready", "health": "green"}
    asked["health of every page too"] = {"pages": True}
    return asked


def measure(home: Path, wanted: Mapping[str, dict[str, object]]) -> dict[str, list[float]]:
    """Ask a server over ``home``; milliseconds of each request, each asked several times."""
    with served(home, load_settings().models, _EMBEDDER) as (_process, client):
        first = _ask(client, {})
        # The models and indexes of the first question are loaded beside it.
        time.sleep(_WARM_SECONDS)
        found = {
            name: [_ask(client, query) for _ in range(_TIMES)] for name, query in wanted.items()
        }
        found["summary of health"] = [_milliseconds(client, "health", {}) for _ in range(_TIMES)]
        print(f"first list while the server starts: {first:.0f} ms")
        return found


def _ask(client: httpx.Client, query: Mapping[str, object]) -> float:
    return _milliseconds(client, "documents", {"limit": 100, "pages": False, **query})


def _milliseconds(client: httpx.Client, what: str, query: Mapping[str, object]) -> float:
    started = time.perf_counter()
    response = client.get(f"/api/knowledge-bases/{_NAME}/{what}", params=dict(query))
    response.raise_for_status()
    return (time.perf_counter() - started) * 1000


def _told(times: list[float]) -> str:
    return f"{statistics.median(times):.0f}, {max(times):.0f}"


def fill(home: Path, count: int) -> None:
    """Write ``count`` documents of a page and a passage each, unless the folder is there."""
    if (home / "catalog.db").exists():
        return
    started = time.monotonic()
    workspace = Workspace.open(Settings(home=home), run_jobs=False)
    try:
        kb_id = workspace.create(_NAME, embedder=_EMBEDDER).kb_id
        with closing(workspace._database._writer.raw_connection()) as connection:
            # Nobody needs these rows after a power cut.
            connection.cursor().execute("PRAGMA synchronous = OFF")
        numbers = np.random.default_rng(1)
        for number in range(count):
            _write(workspace, kb_id, number, numbers)
        workspace.engines.indexes(kb_id).catch_up()
    finally:
        workspace.close()
    print(f"{count} documents written in {time.monotonic() - started:.0f} s", flush=True)


def _write(workspace: Workspace, kb_id: str, number: int, numbers: np.random.Generator) -> None:
    kind = _FORMATS[number % len(_FORMATS)]
    path = f"部门{number % 40}/{2000 + number % 24}年第{number}号通知.{kind}"
    size = int(numbers.integers(1_000, 5_000_000))
    document_id = workspace._documents.begin(
        kb_id, path, size=size, mtime=1.0, source="added", created_by=""
    )
    sha256 = f"{number:064x}"
    if number % 50 == 49:
        state: DocumentState = "unsupported" if number % 100 == 49 else "failed"
        workspace._documents.refuse(
            document_id,
            state,
            Reason("archive_file" if state == "unsupported" else "encrypted_file"),
            format_name=kind,
            sha256=sha256,
            size=size,
        )
        return
    pages = int(numbers.integers(1, 300))
    text = f"第{number}号通知：自{number % 28 + 1}日起执行。"
    vector = numbers.standard_normal((1, 384)).astype(np.float32)
    content_id = workspace._contents.open(kb_id, sha256, _EMBEDDER, title=path)
    workspace._contents.append(
        content_id,
        ContentBatch(
            pages=[PageText(1, None, text)],
            lines=[Line(text, Place(page=1))],
            passages=[Passage(0, 0, text, "", "", Place(page=1))],
            vectors=vector / np.linalg.norm(vector),
        ),
        _EMBEDDER,
    )
    partial = number % 17 == 0
    workspace._contents.finish(
        content_id,
        ContentFacts(
            kind,
            None,
            pages,
            pages=(PageHealth(1, None, len(text), 1.0, "text", None, 0),),
        ),
    )
    workspace._documents.publish(
        document_id,
        content_id,
        "partial" if partial else "ready",
        Reason("page_limit", {"pages": pages, "read": 1}) if partial else None,
        sha256=sha256,
        size=size,
        mtime=1.0,
    )


if __name__ == "__main__":
    main()
