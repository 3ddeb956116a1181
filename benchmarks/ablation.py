"""What each part of retrieval adds: the same questions with one part after another taken away.

Every line of the table is the share of questions whose right passage is among the first five, with
its 95 % interval, for each kind of question (``question_en`` counts as one); the first line is the
product as it is. Parts that are written into the indexes (windows of 250 characters,
numerals and scripts written alike) are not taken away.

    python -m benchmarks.ablation --data PATH --home FOLDER [--kb NAME …]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.gate import Question, questions
from benchmarks.quality import ingest, is_gold_hit
from kb.answer import retrieval
from kb.answer.articles import NamedArticles
from kb.answer.candidates import Searchable
from kb.answer.fusion import reciprocal_rank_fusion
from kb.exam.metrics import figure, interval_text
from kb.exam.questions import parse_questions
from kb.settings import Settings
from kb.workspace import Workspace

_SHOWN = 5

Change = Callable[[Searchable], Searchable]


class _Empty:
    """An index that finds nothing."""

    def search(self, *_arguments: object) -> list[tuple[int, float]]:
        """Return no passage."""
        return []


def _as_it_is(base: Searchable) -> Searchable:
    return base


def _without_vectors(base: Searchable) -> Searchable:
    return dataclasses.replace(base, vectors=_Empty())  # type: ignore[arg-type]


def _without_keywords(base: Searchable) -> Searchable:
    return dataclasses.replace(base, keywords=_Empty())  # type: ignore[arg-type]


def _one_after_the_other(
    rankings: Mapping[str, Sequence[int]], *_weights: object
) -> list[tuple[int, float]]:
    """Take the vectors' order, and the keywords' where that ends."""
    order = dict.fromkeys(key for ranking in rankings.values() for key in ranking)
    return [(key, 1 - place / 1000) for place, key in enumerate(order)]


def _weighing_the_same(
    rankings: Mapping[str, Sequence[int]], *_weights: object
) -> list[tuple[int, float]]:
    return reciprocal_rank_fusion(rankings)


def _first(
    ranked: Sequence[tuple[int, float]], _texts: object, wanted: int
) -> list[tuple[int, float]]:
    return list(ranked[:wanted])


def _no_articles(*_arguments: object) -> NamedArticles:
    return NamedArticles()


def _no_words(*_arguments: object) -> list[str]:
    return []


def _not_wider(_lines: object, low: int, high: int) -> tuple[int, int]:
    return low, high


def _patched(name: str, value: object) -> Callable[[Workspace], AbstractContextManager[Any]]:
    return lambda _workspace: patch.object(retrieval, name, value)


@contextmanager
def _body_alone(workspace: Workspace) -> Iterator[None]:
    """Search the text of passages alone, not their headings and the names of their documents."""
    with ExitStack() as stack:
        for record in workspace.knowledge_bases():
            index = workspace.knowledge_base(record.name).searchable().keywords
            stack.enter_context(patch.object(index, "_boosts", (("body", 1.0),)))
        yield


@contextmanager
def _nothing(_workspace: Workspace) -> Iterator[None]:
    yield


PARTS: tuple[tuple[str, Callable[[Workspace], AbstractContextManager[Any]], Change], ...] = (
    ("as it is", _nothing, _as_it_is),
    ("vectors alone", _nothing, _without_keywords),
    ("keywords alone", _nothing, _without_vectors),
    (
        "vectors, keywords only behind them",
        _patched("reciprocal_rank_fusion", _one_after_the_other),
        _as_it_is,
    ),
    (
        "keywords in full across languages",
        _patched("reciprocal_rank_fusion", _weighing_the_same),
        _as_it_is,
    ),
    ("names and headings not searched", _body_alone, _as_it_is),
    ("articles not looked up", _patched("named_articles", _no_articles), _as_it_is),
    ("not searched in words of statutes", _patched("statute_words", _no_words), _as_it_is),
    ("near-duplicates not put back", _patched("step_back", _first), _as_it_is),
    ("passages not widened", _patched("widen", _not_wider), _as_it_is),
)


def measure(
    workspace: Workspace, asked: Sequence[Question], data: Path, change: Change
) -> dict[str, list[bool]]:
    """Whether the first passages hold the answer, for each kind of question."""
    known = {
        question.id: question
        for name in {str(each["kb"]) for each in asked}
        for question in parse_questions(
            f"{name}.jsonl", (data / "qa" / f"{name}.jsonl").read_bytes()
        )
    }
    found: dict[str, list[bool]] = defaultdict(list)
    for each in asked:
        base = change(workspace.knowledge_base(each["kb"]).searchable())
        for key in ("question", "question_en"):
            if key not in each:
                continue
            hits = workspace._retriever.retrieve([base], each[key], top_k=_SHOWN).hits
            kind = each["answer_type"] if key == "question" else "English"
            found[kind].append(any(is_gold_hit(hit, known[each["id"]]) for hit in hits))
    return found


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    arguments = parser.parse_args()
    names = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, names)
        asked = list(questions(arguments.data, names))
        for name, without, change in PARTS:
            with without(workspace):
                found = measure(workspace, asked, arguments.data, change)
            figures = ", ".join(
                f"{kind} {interval_text(figure(shares))}" for kind, shares in sorted(found.items())
            )
            print(f"{name:<36}{figures}", flush=True)
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
