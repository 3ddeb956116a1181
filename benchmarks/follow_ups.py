"""Measure how follow-ups are completed, and whether new topics are left as they were typed.

``follow_ups.tsv`` beside this file, or a file like it, holds on each line the question before, its
answer, the question, the terms that its completion must have, and one that it must not have any
more. A question without terms is a new topic. No passages are looked at: a bare phrase counts as
one that nothing answers.

    python -m benchmarks.follow_ups [--data FILE] [--no-model]
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.answer.followups import standalone_question
from kb.answer.prompts import PromptFolder
from kb.answer_types import Turn
from kb.llms.endpoint import never
from kb.settings import PROJECT, load_settings
from kb.text.normalise import compact
from kb.workspace import Workspace

PAIRS = Path(__file__).with_suffix(".tsv")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question after another; without ``terms`` it begins a new topic."""

    turn: Turn
    question: str
    terms: tuple[str, ...]
    gone: str


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Pair(
                Turn(row["before"], row["answer"]),
                row["question"],
                # A term may be of several words where it is English.
                tuple((row["terms"] or "").split()),
                row["gone"] or "",
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Complete every question and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PAIRS)
    parser.add_argument("--home", type=Path, help="an empty data folder for the chat model")
    parser.add_argument("--no-model", action="store_true")
    options = parser.parse_args(arguments)
    prompt = PromptFolder(PROJECT / "prompts").load("standalone_question")
    workspace = None
    if not options.no_model:
        settings = load_settings()
        if options.home:
            settings = settings.model_copy(update={"home": options.home})
        workspace = Workspace.open(settings, run_jobs=False)
    chat = workspace.engines.chat() if workspace else None
    all_terms = replaced = follow_ups = changes = untouched = topics = 0
    for pair in read_pairs(options.data):
        started = time.monotonic()
        found = standalone_question(
            pair.question,
            [pair.turn],
            chat=chat,
            prompt=prompt,
            cancelled=never,
            is_answered=lambda _text: False,
        )
        seconds = time.monotonic() - started
        if pair.terms:
            follow_ups += 1
            good = found != pair.question and all(
                compact(term) in compact(found) for term in pair.terms
            )
            all_terms += good
            if pair.gone:
                changes += 1
                replaced += good and compact(pair.gone) not in compact(found)
        else:
            topics += 1
            good = found == pair.question
            untouched += good
        print(
            f"{'  ' if good else '!!'} {seconds:5.1f} s"
            f"  {pair.turn.question} | {pair.question} -> {found}",
            flush=True,
        )
    if workspace:
        workspace.close()
    print(
        f"follow-ups with all terms {all_terms}/{follow_ups} = {all_terms / follow_ups:.3f}; "
        f"of those that replace a word, without the old one {replaced}/{changes}; "
        f"new topics untouched {untouched}/{topics} = {untouched / topics:.3f}"
    )


if __name__ == "__main__":
    main()
