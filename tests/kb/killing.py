"""A program that works in a data folder until it is killed; `tests.kb.test_kills` starts it.

It imports everything once and forks for each run, which starts in a moment. Of a run it is told the
data folder, a seed, and the stage at which to die; it says on its output what it begins, and what
was acknowledged to it.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import random
import signal
import sys
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss  # noqa: F401 - imported once, before the forks
import tantivy  # noqa: F401

from kb.settings import Settings
from kb.workspace import Workspace
from tests.kb.hashing import open_hashing

KB = "库"
OLD = 1_600_000_000
EMBEDDERS = ("e5-small", "m3e-small")

# What is called at each stage of the work; the process dies right before or right after it.
STAGES = {
    "job queued": "kb.store.jobs:Jobs.create",
    "document noted": "kb.store.documents:Documents.begin",
    "content opened": "kb.store.contents:Contents.open",
    "part written": "kb.store.contents:Contents.append",
    "content finished": "kb.store.contents:Contents.finish",
    "document published": "kb.store.documents:Documents.publish",
    "original moved": "kb.ingest.pipeline:Pipeline._move_to_originals",
    "vectors indexed": "kb.indexes.faiss_index:FaissIndex.commit",
    "vectors folded": "kb.indexes.faiss_index:FaissIndex._write_snapshot",
    "words indexed": "kb.indexes.tantivy_index:TantivyIndex.commit",
    "file finished": "kb.store.jobs:Jobs.finish_item",
    "job finished": "kb.store.jobs:Jobs.finish",
    "removal planned": "kb.store.removals:Removals.plan",
    "original in the bin": "kb.ingest.originals:_move",
    "document removed": "kb.store.removals:Removals.remove",
    "rows purged": "kb.store.contents:Contents.purge",
    "vectors added": "kb.store.vectors:Vectors.add",
    "embedder adopted": "kb.store.vectors:Vectors.adopt",
    "vectors cleared": "kb.store.vectors:Vectors.drop_others",
    "mirror noted": "kb.store.folders:Folders.note",
    "mirror renamed": "kb.store.folders:Folders.rename",
    "mirror forgotten": "kb.store.folders:Folders.forget",
    "version kept": "kb.ingest.pipeline:Pipeline._keep_earlier",
}


@dataclass(frozen=True)
class Order:
    """A run: ``stage`` is "" where whoever started it kills it at a moment of their own."""

    home: str
    share: str
    seed: int
    stage: str = ""
    when: str = "before"
    call: int = 1


def text_of(document: str, version: int) -> str:
    """What a version of a document says; no two have a sentence in common."""
    return f"{document}第{version}版规定补贴为{zlib_number(document, version)}元。"


def zlib_number(document: str, version: int) -> int:
    return zlib.crc32(f"{document}{version}".encode())


def main() -> None:
    """Fork for each order that comes in as a line of JSON."""
    for line in sys.stdin:
        order = Order(**json.loads(line))
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            # A group of its own: its parsing processes are killed with it.
            os.setpgrp()
            try:
                _work(order)
            except Exception:  # noqa: BLE001 - a child must not go on as its parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _say({"pid": child})
        _pid, status = os.waitpid(child, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _work(order: Order) -> None:
    chance = random.Random(order.seed)  # noqa: S311 - no secret
    settings = Settings(home=Path(order.home), models=Path(order.home) / "models")
    workspace = Workspace.open(settings, opener=open_hashing)
    workspace.mirror._rest = 0.0
    if order.stage:
        _die_at(order)
    _say({"ready": True})
    documents = dict.fromkeys(_texts(workspace), 0)
    for step in range(40):
        for told in _step(workspace, Path(order.share), chance, documents, order.seed, step):
            _say(told)
    _say({"through": True})


def _texts(workspace: Workspace) -> list[str]:
    return [each.document for each in workspace.knowledge_base(KB).documents(limit=None)]


def _step(
    workspace: Workspace,
    share: Path,
    chance: random.Random,
    documents: dict[str, int],
    seed: int,
    step: int,
) -> Iterator[dict[str, Any]]:
    base = workspace.knowledge_base(KB)
    own = [name for name in documents if not name.startswith("份")]
    action = chance.choice(["add", "add", "replace", "remove", "sync", "sync", "embedder"])
    version = seed * 1000 + step
    if action == "add" or (action in ("replace", "remove") and not own):
        names = [f"新{seed}-{step}-{number}.txt" for number in range(chance.randint(1, 3))]
        yield from _add(workspace, share, names, version)
        documents |= dict.fromkeys(names, version)
    elif action == "replace":
        yield from _add(workspace, share, [chance.choice(own)], version)
    elif action == "remove":
        name = chance.choice(own)
        yield {"begins": "remove", "documents": {name: None}}
        base.remove(name)
        del documents[name]
        yield {"done": {name: None}}
    elif action == "sync":
        yield from _sync(workspace, share, chance, version)
        documents.clear()
        documents |= dict.fromkeys(_texts(workspace), 0)
    else:
        yield {"begins": "embedder", "documents": {}}
        other = next(each for each in EMBEDDERS if each != base.record.embedder)
        workspace.configure(KB, embedder=other)
        _wait(workspace)
        yield {"done": {}}


def _add(
    workspace: Workspace, share: Path, names: list[str], version: int
) -> Iterator[dict[str, Any]]:
    folder = share / "in" / str(version)
    folder.mkdir(parents=True)
    texts = {name: text_of(name, version) for name in names}
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8")
    yield {"begins": "add", "documents": texts}
    job = workspace.knowledge_base(KB).add([folder])
    workspace.queue.wait(job.job_id)
    yield {"done": texts}


def _sync(
    workspace: Workspace, share: Path, chance: random.Random, version: int
) -> Iterator[dict[str, Any]]:
    root = share / "share"
    files = sorted(root.glob("*.txt"))
    changed: dict[str, str | None] = {}
    for number in range(chance.randint(1, 3)):
        name = f"份{version}-{number}.txt"
        changed[name] = text_of(name, version)
    for path in chance.sample(files, min(2, len(files))):
        content = path.read_text(encoding="utf-8")
        what = chance.choice(["rename", "change", "delete"])
        if what == "change":
            changed[path.name] = text_of(path.name, version)
            continue
        changed[path.name] = None
        if what == "rename":
            changed[f"份改{version}-{path.name}"] = content
    yield {"begins": "sync", "documents": changed}
    for name, said in changed.items():
        if said is None:
            (root / name).unlink()
        else:
            # In one step: who is killed while writing a file leaves one that nobody can read.
            written = share / "written.txt"
            written.write_text(said, encoding="utf-8")
            os.utime(written, (OLD + version, OLD + version))
            written.replace(root / name)
    (folder,) = (each for each in workspace.mirror.folders(KB) if each.path)
    done = workspace.mirror.synchronise(folder, confirm=True)
    if done.job_id is not None:
        workspace.queue.wait(done.job_id)
    yield {"done": changed}


def _wait(workspace: Workspace) -> None:
    while workspace.queue.page(active_only=True):
        time.sleep(0.02)


def _die_at(order: Order) -> None:
    module_name, _, path = STAGES[order.stage].partition(":")
    owner: Any = importlib.import_module(module_name)
    *above, name = path.split(".")
    for each in above:
        owner = getattr(owner, each)
    work: Callable[..., Any] = getattr(owner, name)
    # Several threads come by, each with a number of its own.
    calls = itertools.count(1)

    def counted(*arguments: Any, **named: Any) -> Any:
        call = next(calls)
        if call == order.call and order.when == "before":
            os.killpg(0, signal.SIGKILL)
        result = work(*arguments, **named)
        if call == order.call:
            os.killpg(0, signal.SIGKILL)
        return result

    setattr(owner, name, counted)


if __name__ == "__main__":
    main()
