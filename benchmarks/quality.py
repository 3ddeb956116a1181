"""Retrieval on labelled questions.

The data folder holds ``corpus/<name>/…`` (the files of each knowledge base) and ``qa/<name>.jsonl``
(lines with ``id``, ``question``, ``answers``, ``doc``, ``answer_type``, ``evidence``). The data
folder they are taken into is kept: files are taken in once.

    python -m benchmarks.quality --data PATH --home FOLDER [--kb NAME …]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.answer_types import Hit
from kb.exam.metrics import figure, interval_text, is_gold, reciprocal_rank
from kb.exam.questions import ExamQuestion, parse_questions
from kb.settings import Settings
from kb.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """A question with the knowledge base that it goes to."""

    kb: str
    question: ExamQuestion


def is_gold_hit(hit: Hit, question: ExamQuestion) -> bool:
    """Whether a hit is right; of a free answer's, the passage itself is compared."""
    text = hit.passage_text if question.answer_type == "long" else hit.text
    return is_gold(hit.document, text, question)


def questions(data: Path, names: Sequence[str]) -> Iterator[Asked]:
    """Yield the questions of the named knowledge bases."""
    for name in names:
        path = data / "qa" / f"{name}.jsonl"
        for question in parse_questions(path.name, path.read_bytes()):
            yield Asked(name, question)


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


def measure_retrieval(workspace: Workspace, asked: Sequence[Asked], top_k: int) -> None:
    """Print recall and mean reciprocal rank for each knowledge base and kind of question."""
    ranks: dict[tuple[str, str], list[int]] = defaultdict(list)
    taken: list[float] = []
    for each in asked:
        question = each.question
        result = workspace.search([each.kb], question.text, top_k=top_k)
        taken.append(result.milliseconds)
        rank = next((hit.rank for hit in result.hits if is_gold_hit(hit, question)), 0)
        ranks[each.kb, question.answer_type].append(rank)
        ranks["all", question.answer_type].append(rank)
    print(f"\n{'knowledge base':<16}{'kind':<10}recall@{top_k}{'':<28}recall@1  MRR")
    for (name, kind), found in sorted(ranks.items()):
        shares = interval_text(figure(rank > 0 for rank in found))
        first = figure(rank == 1 for rank in found).value
        reciprocal = figure(map(reciprocal_rank, found)).value
        print(f"{name:<16}{kind:<10}{shares:<37}{first:.3f}     {reciprocal:.3f}")
    print(
        f"milliseconds a question: median {statistics.median(taken):.1f}, "
        f"p95 {statistics.quantiles(taken, n=20)[-1]:.1f}"
    )


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    parser.add_argument("--top-k", type=int, default=5)
    arguments = parser.parse_args()
    names = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, names)
        asked = list(questions(arguments.data, names))
        measure_retrieval(workspace, asked, arguments.top_k)
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
