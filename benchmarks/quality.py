"""Retrieval and answers on labelled questions.

The data folder holds ``corpus/<name>/…`` (the files of each knowledge base) and ``qa/<name>.jsonl``
(lines with ``id``, ``question``, ``answers``, ``doc``, ``answer_type``, ``evidence``). The data
folder they are taken into is kept: files are taken in once, and a question that was answered is not
asked again.

    python -m benchmarks.quality --data PATH --home FOLDER [--kb NAME …] [--answers 300]
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
import statistics
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kb.settings import Settings
from kb.types import Answer, Hit
from kb.workspace import Workspace

Question = dict[str, Any]

_MOST = 0.7
_LONG_GOLD = 8


def normalised(text: str) -> str:
    """Compare texts by their characters: NFKC, lower case, letters and digits only."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


def holds_answer(text: str, question: Question) -> bool:
    """Whether one of the gold answers stands in the text."""
    own = normalised(text)
    return any(normalised(answer) in own for answer in question["answers"])


def is_gold_hit(hit: Hit, question: Question) -> bool:
    """Whether a hit is of the right document and holds a gold answer.

    Of a question with a free answer, the paragraph that answers it must be the hit, or most of it.
    """
    if Path(hit.document).name != question["doc"]:
        return False
    if question["answer_type"] != "long":
        return holds_answer(hit.text, question)
    shown, gold = _pairs(hit.passage_text), _pairs(question["evidence"])
    return len(shown & gold) >= _MOST * min(len(shown), len(gold))


def _pairs(text: str) -> set[str]:
    own = normalised(text)
    return {own[place : place + 2] for place in range(len(own) - 1)}


def is_right(answer: str, question: Question, *, refused: bool) -> bool:
    """Not refused, short, and with a gold answer in it, or most of a long one."""
    own = normalised(answer)
    golds = [normalised(gold) for gold in question["answers"]]
    if refused or len(own) > max(80, 3 * max(map(len, golds))):
        return False
    pairs = _pairs(answer)
    return any(
        gold in own
        or (len(gold) >= _LONG_GOLD and len(_pairs(gold) & pairs) >= _MOST * len(_pairs(gold)))
        for gold in golds
    )


def questions(data: Path, names: Sequence[str]) -> Iterator[Question]:
    """Yield the questions of the named knowledge bases."""
    for name in names:
        with (data / "qa" / f"{name}.jsonl").open(encoding="utf-8") as file:
            for line in file:
                yield {**json.loads(line), "kb": name}


def interval(share: float, count: int) -> str:
    """A share with its 95 % Wilson interval."""
    if not count:
        return "–"
    z = 1.96
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half /= 1 + z * z / count
    return f"{share:.3f} [{centre - half:.3f}, {centre + half:.3f}] n={count}"


def ingest(workspace: Workspace, data: Path, names: Sequence[str]) -> None:
    """Take in what is not there yet and tell the outcome of each knowledge base."""
    for name in names:
        if name in {record.name for record in workspace.knowledge_bases()}:
            continue
        workspace.create(name)
        started = time.monotonic()
        job = workspace.knowledge_base(name).add([data / "corpus" / name])
        done = workspace.queue.wait(job.job_id)
        record = workspace.knowledge_base(name).record
        print(
            f"{name}: {dict(done.counts)}, {record.passage_count} passages"
            f" in {time.monotonic() - started:.1f} s",
            flush=True,
        )


def measure_retrieval(workspace: Workspace, asked: Sequence[Question], top_k: int) -> None:
    """Print recall and mean reciprocal rank for each knowledge base and kind of question."""
    ranks: dict[tuple[str, str], list[int]] = defaultdict(list)
    taken: list[float] = []
    misses = []
    for question in asked:
        result = workspace.search([question["kb"]], question["question"], top_k=top_k)
        taken.append(result.milliseconds)
        rank = next((hit.rank for hit in result.hits if is_gold_hit(hit, question)), 0)
        ranks[question["kb"], question["answer_type"]].append(rank)
        ranks["all", question["answer_type"]].append(rank)
        if not rank:
            misses.append((question, result.hits))
    print(f"\n{'knowledge base':<16}{'kind':<10}recall@{top_k}{'':<28}recall@1  MRR")
    for (name, kind), found in sorted(ranks.items()):
        share = sum(rank > 0 for rank in found) / len(found)
        first = sum(rank == 1 for rank in found) / len(found)
        reciprocal = sum(1 / rank for rank in found if rank) / len(found)
        print(
            f"{name:<16}{kind:<10}{interval(share, len(found)):<37}{first:.3f}     {reciprocal:.3f}"
        )
    print(
        f"milliseconds a question: median {statistics.median(taken):.1f}, "
        f"p95 {statistics.quantiles(taken, n=20)[-1]:.1f}"
    )


def measure_answers(workspace: Workspace, asked: Sequence[Question], out: Path) -> None:
    """Ask, keep every answer, and print the share of right ones."""
    known = {}
    if out.exists():
        for line in out.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            known[entry["id"]] = entry
    with out.open("a", encoding="utf-8") as file:
        for question in asked:
            if question["id"] in known:
                continue
            *_, answer = workspace.ask([question["kb"]], question["question"], conversation="")
            assert isinstance(answer, Answer)
            entry = {
                **dataclasses.asdict(answer),
                "id": question["id"],
                "gold_shown": any(is_gold_hit(c.hit, question) for c in answer.citations),
                "gold": question["answers"],
            }
            known[question["id"]] = entry
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
    entries = [known[question["id"]] for question in asked]
    right = [
        is_right(entry["answer"], question, refused=entry["refused"])
        for entry, question in zip(entries, asked, strict=True)
    ]
    refused = [entry["refused"] for entry in entries]
    gated = [entry["answerable"] < entry["threshold"] for entry in entries]
    first = [
        entry["milliseconds"]["first_token"]
        for entry in entries
        if entry["milliseconds"]["first_token"]
    ]
    print(f"\nright answers    {interval(sum(right) / len(right), len(right))}")
    print(f"refused          {interval(sum(refused) / len(refused), len(refused))}")
    print(f"  by the gate    {interval(sum(gated) / len(gated), len(gated))}")
    if first:
        print(f"first token      median {statistics.median(first) / 1000:.2f} s")
    total = [entry["milliseconds"]["total"] for entry in entries]
    print(f"whole answer     median {statistics.median(total) / 1000:.2f} s")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    parser.add_argument("--top-k", type=int, default=5)
    parser.add_argument("--answers", type=int, default=0, help="span questions to answer")
    arguments = parser.parse_args()
    names = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, names)
        asked = list(questions(arguments.data, names))
        measure_retrieval(workspace, asked, arguments.top_k)
        if arguments.answers:
            spans = [question for question in asked if question["answer_type"] == "span"]
            spans.sort(key=lambda question: hashlib.sha256(question["id"].encode()).hexdigest())
            measure_answers(workspace, spans[: arguments.answers], arguments.home / "answers.jsonl")
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
