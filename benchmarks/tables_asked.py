"""Exactness of answers computed from tables: labelled questions, and generated ones.

The data folder holds ``tables/files`` and ``tables/questions.jsonl`` (lines with ``question``,
``answers``, ``must_include``, ``doc``, ``kind``). Generated tables (see `table_questions`) are
written and taken in beside them. Each question is asked twice: over the tables of the right
document, and over those that the best passages of the search show.

    python -m benchmarks.tables_asked --data PATH --home FOLDER [--seed 7] [--wrong] [--given-only]

Look-ups are answered otherwise (see `table_cells`): of these the report tells how many were taken
for something to compute.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import table_questions
from kb.answer.tables.asking import TableAnswer, TableAsker
from kb.answer.tables.sqlite import SheetDatabases
from kb.answer.tables.values import parse_number
from kb.exam.metrics import figure, interval_text, normalised
from kb.settings import Settings
from kb.store.database import Database
from kb.store.sheets import Sheets
from kb.workspace import Workspace

_LABELLED, _GENERATED = "tables", "generated"
_NUMBERS = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Case:
    """A question of either kind with its truth."""

    base: str
    kind: str
    text: str
    document: str
    groups: tuple[tuple[str, ...], ...]
    number: float | None = None
    others: tuple[str, ...] = ()

    def is_right(self, answer: str) -> bool:
        """Whether an answer holds what it must and nothing that it must not."""
        if self.number is not None:
            return any(_same(found, self.number) for found in _numbers(answer))
        own = normalised(answer)
        return all(_holds(answer, own, group) for group in self.groups) and not any(
            normalised(other) in own for other in self.others
        )


def _holds(answer: str, own: str, group: Sequence[str]) -> bool:
    for text in group:
        number = parse_number(text)
        if number is not None and any(_same(each, number.value) for each in _numbers(answer)):
            return True
        if normalised(text) in own:
            return True
    return False


def _numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in _NUMBERS.findall(text)]


def _same(one: float, other: float) -> bool:
    # Averages may be rounded to two decimals.
    return abs(one - other) <= max(0.0051, 1e-6 * abs(other))


def labelled(data: Path) -> list[Case]:
    """Read the questions of the data folder."""
    cases = []
    for line in (data / "tables" / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        entry: dict[str, Any] = json.loads(line)
        groups = entry.get("must_include") or [entry["answers"]]
        cases.append(
            Case(
                _LABELLED,
                entry["kind"],
                entry["question"],
                entry["doc"],
                tuple((*group, *entry["answers"]) for group in groups),
            )
        )
    return cases


def generated(folder: Path, seed: int, per_table: int) -> list[Case]:
    """Write the generated tables and return the questions about them."""
    tables = table_questions.make_tables(seed)
    for table in tables:
        table_questions.write(table, folder)
    return [
        Case(
            f"{_GENERATED} {seed}",
            question.kind,
            question.text,
            question.document,
            tuple((text,) for text in question.texts),
            question.number,
            question.others,
        )
        for question in table_questions.questions(seed, tables, per_table)
    ]


def ingest(workspace: Workspace, name: str, folder: Path) -> None:
    """Take a folder in as a knowledge base, once."""
    if name in {record.name for record in workspace.knowledge_bases()}:
        return
    workspace.create(name)
    started = time.monotonic()
    done = workspace.queue.wait(workspace.knowledge_base(name).add([folder]).job_id)
    print(f"{name}: {dict(done.counts)} in {time.monotonic() - started:.1f} s", flush=True)


class Runner:
    """Asks cases over the tables of their documents, or over those that are found."""

    def __init__(self, workspace: Workspace, home: Path) -> None:
        self._workspace = workspace
        self._sheets = Sheets(Database(home / "catalog.db"))
        databases = SheetDatabases(self._sheets, home / "sheets")
        self._asker = TableAsker(self._sheets, lambda _: databases)
        self.milliseconds: list[float] = []

    def given(self, case: Case) -> TableAnswer | None:
        """Ask over the tables of the right document."""
        kb = self._workspace.knowledge_base(case.base)
        tables = self._sheets.of_documents(kb.kb_id, [kb.document(case.document).document_id])
        started = time.monotonic()
        answer = self._asker.ask_tables(case.text, tables)
        self.milliseconds.append(1000 * (time.monotonic() - started))
        return answer

    def found(self, case: Case) -> TableAnswer | None:
        """Ask over the tables that the best passages show."""
        hits = self._workspace.search([case.base], case.text, top_k=8).hits
        return self._asker.ask(case.text, [hit.passage_id for hit in hits])


def report(runner: Runner, cases: Sequence[Case], *, retrieved: bool, wrong: bool) -> None:
    """Print the share of right answers by kind, and of questions that were left alone."""
    right: dict[str, list[bool]] = defaultdict(list)
    silent: dict[str, int] = defaultdict(int)
    for case in cases:
        answer = runner.found(case) if retrieved else runner.given(case)
        is_right = answer is not None and case.is_right(answer.text)
        right[case.kind].append(is_right)
        silent[case.kind] += answer is None
        if wrong and not is_right:
            truth = case.number if case.number is not None else case.groups
            said = (answer.text, answer.sql) if answer else None
            print(f"  {case.kind} | {case.text} | {truth} | {said}", flush=True)
    print(f"\n{'found by search' if retrieved else 'document given'}")
    for kind, each in sorted(right.items()):
        share = interval_text(figure(each))
        wrongly = len(each) - sum(each) - silent[kind]
        print(f"  {kind:<16}{share}  left alone {silent[kind]}, answered wrongly {wrongly}")
    every = [each for found in right.values() for each in found]
    print(f"  {'all':<16}{interval_text(figure(every))}", flush=True)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--per-table", type=int, default=16)
    parser.add_argument("--given-only", action="store_true")
    parser.add_argument("--wrong", action="store_true", help="print what was answered wrongly")
    parser.add_argument("--domains", nargs="*", type=int, help="numbers of domains, default all")
    arguments = parser.parse_args()
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        folder = arguments.home / f"generated-{arguments.seed}"
        sets = {"generated": generated(folder, arguments.seed, arguments.per_table)}
        ingest(workspace, f"{_GENERATED} {arguments.seed}", folder)
        if arguments.domains:
            names = {f"{number:02}.csv" for number in arguments.domains}
            sets["generated"] = [case for case in sets["generated"] if case.document[-6:] in names]
        if arguments.data:
            sets["labelled"] = labelled(arguments.data)
            ingest(workspace, _LABELLED, arguments.data / "tables" / "files")
        runner = Runner(workspace, arguments.home)
        for name, cases in sets.items():
            print(f"\n== {name}")
            report(runner, cases, retrieved=False, wrong=arguments.wrong)
            if not arguments.given_only:
                report(runner, cases, retrieved=True, wrong=False)
        print(f"milliseconds a question: median {statistics.median(runner.milliseconds):.0f}")
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
