"""How searching grows with the number of passages: one knowledge base asked, and all of them.

Beside the product's vector index the same vectors are compared one and all, in the same run.

    python -m benchmarks.quality --data PATH --home SOURCE      (takes the files in once)
    python -m benchmarks.scale --data PATH --source SOURCE --home FOLDER
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil

from benchmarks.quality import questions
from benchmarks.scaled_home import build, sources
from kb.answer_types import Hit
from kb.indexes.faiss_index import FaissIndex
from kb.indexes.living import flags
from kb.settings import Settings
from kb.types import SearchFilter
from kb.workspace import Workspace

_NEAREST = 10
_COMPARED = 100


def measure(home: Path, asked: Sequence[tuple[str, str]], askers: int) -> dict[str, float]:
    """Measure one data folder; milliseconds, shares, searches a second and megabytes."""
    workspace = Workspace.open(Settings(home=home), run_jobs=False)
    try:
        began = time.monotonic()
        workspace.engines.warm_up_indexes()
        opened = time.monotonic() - began
        names = [record.name for record in workspace.knowledge_bases()]
        count = sum(record.passage_count for record in workspace.knowledge_bases())
        for name, text in asked[:20]:
            workspace.search([name], text)
            workspace.search(names, text)
        one = [_taken(lambda: workspace.search([name], text)) for name, text in asked]  # noqa: B023
        every = [_taken(lambda: workspace.search(names, text)) for _name, text in asked]  # noqa: B023
        found: dict[str, float] = {
            "passages": count,
            "opened s": opened,
            "one p50": statistics.median(one),
            "one p95": statistics.quantiles(one, n=20)[-1],
            "all p50": statistics.median(every),
            "all p95": statistics.quantiles(every, n=20)[-1],
        }
        found |= _filtered(workspace, asked[:_COMPARED])
        found |= _vectors(workspace, asked[:_COMPARED])
        found["searches/s"] = _throughput(workspace, asked, askers, lambda name: [name])
        found["all searches/s"] = _throughput(workspace, asked, askers, lambda _name: names)
        memory = psutil.Process().memory_info().rss >> 20
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        return found | {"MB": memory, "MB at most": peak}
    finally:
        workspace.close()


def _filtered(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Milliseconds where half of the documents may be read, and a tenth of them, in all bases."""
    names = [record.name for record in workspace.knowledge_bases()]
    ids = {
        record.document_id
        for name in names
        for record in workspace.knowledge_base(name).documents(limit=None)
    }
    found = {}
    for share in (2, 10):
        wanted = SearchFilter(document_ids=frozenset(each for each in ids if each % share == 0))
        first = _taken(lambda: workspace.search(names, asked[0][1], wanted=wanted))  # noqa: B023
        taken = [
            _taken(lambda: workspace.search(names, text, wanted=wanted))  # noqa: B023
            for _name, text in asked
        ]
        found[f"1/{share} first"] = first
        found[f"1/{share} p50"] = statistics.median(taken)
    return found


def _taken(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return (time.monotonic() - began) * 1000


def _vectors(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> dict[str, float]:
    """The vector index alone, beside comparing all vectors: recall and milliseconds."""
    record = workspace.knowledge_bases()[0]
    texts = [text for _name, text in asked]
    queries = workspace.engines.embedder(record.embedder).embed_queries(texts)
    embedding = [
        _taken(lambda: workspace.engines.embedder(record.embedder).embed_queries([text]))  # noqa: B023
        for text in texts
    ]
    hits, quick, exact = 0, [], []
    for name in [record.name for record in workspace.knowledge_bases()]:
        index = workspace.knowledge_base(name)._indexes.vectors
        assert isinstance(index, FaissIndex)
        state = index._open_state()
        assert state.snapshot is not None
        alive = flags(state.alive, len(state.snapshot_ids))
        bits = None if alive.all() else np.packbits(alive, bitorder="little")
        for query in queries:
            began = time.monotonic()
            found = {key for key, _score in index.search(query, _NEAREST)}
            quick.append((time.monotonic() - began) * 1000)
            began = time.monotonic()
            every = state.snapshot.search(query.reshape(1, -1), _NEAREST, bits)
            exact.append((time.monotonic() - began) * 1000)
            best = sorted(every, reverse=True)[:_NEAREST]
            # What is as near as the last of them is as good.
            least = best[-1][0] - 1e-6
            found_scores = {
                key for key, score in index.search(query, _NEAREST) if score >= least
            } & found
            hits += len(found_scores)
    tried = len(queries) * len(workspace.knowledge_bases()) * _NEAREST
    return {
        "embedding": statistics.median(embedding),
        "vectors": statistics.median(quick),
        "vectors exact": statistics.median(exact),
        "recall@10": hits / tried,
    }


def _throughput(
    workspace: Workspace,
    asked: Sequence[tuple[str, str]],
    askers: int,
    bases: Callable[[str], list[str]],
    seconds: float = 10.0,
) -> float:
    done = [0] * askers
    failures: list[BaseException] = []
    until = time.monotonic() + seconds

    def ask(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - no secret
        try:
            while time.monotonic() < until:
                name, text = chance.choice(asked)
                hits: tuple[Hit, ...] = workspace.search(bases(name), text).hits
                assert hits
                done[number] += 1
        except BaseException as exc:  # noqa: BLE001 - told by the main thread
            failures.append(exc)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(askers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(done) / (time.monotonic() - began)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True, help="data folder to multiply")
    parser.add_argument("--home", type=Path, required=True, help="where the large ones go")
    parser.add_argument("--passages", type=int, nargs="+", default=[1_500, 15_000, 150_000])
    parser.add_argument("--bases", type=int, default=10)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--askers", type=int, default=16)
    parser.add_argument("--noise", type=float, default=0.2)
    arguments = parser.parse_args()
    found = None
    chance = random.Random(1)  # noqa: S311 - no secret
    names = sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    asked = [(each.kb, each.question.text) for each in questions(arguments.data, names)]
    asked = chance.sample(asked, min(len(asked), arguments.questions))
    table = []
    for count in arguments.passages:
        home = arguments.home / str(count)
        if not (home / "catalog.db").exists():
            found = found or sources(arguments.source)
        build(home, found or [], arguments.bases, count, arguments.noise)
        table.append(measure(home, asked, arguments.askers))
        for key, value in table[-1].items():
            print(f"{key:<16}{value:>12,.3f}" if value < 1000 else f"{key:<16}{value:>12,.0f}")
        print(flush=True)


if __name__ == "__main__":
    main()
