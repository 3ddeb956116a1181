"""The chat model's answers to labelled questions, and to some that the documents do not answer.

The data folder holds ``qa/<name>.jsonl`` as `benchmarks.quality` reads it, and
``unanswerable.jsonl`` (lines with ``id``, ``question``, ``kb`` and ``kind``). Every question is
asked with the threshold 0 and its answer kept in the home folder, so that a second run asks only
what is new, and the share of refusals can be told for every threshold. ``--gold`` asks some
questions again with the gold paragraph alone in the prompt: what is wrong then, retrieval cannot
mend.

    python -m benchmarks.answers --data PATH --home FOLDER [--kb NAME …] [--answers 300]
        [--absent 100] [--gold 100]
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality import Asked, ingest, questions
from kb.answer.chain import ModelInput
from kb.answer.context import number
from kb.answer.quoting import quotation, said_by_itself, with_quotation
from kb.answer_types import Answer, Hit
from kb.exam.metrics import figure, interval_text, is_right, refuses, says
from kb.llms.endpoint import never
from kb.settings import Settings
from kb.types import Place
from kb.workspace import Workspace

THRESHOLD = 0.5
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

Entry = dict[str, Any]


def by_hash(identifier: object) -> str:
    """The order in which questions are taken: the same on every machine, by nobody's choice."""
    return hashlib.sha256(str(identifier).encode()).hexdigest()


def unanswerable(data: Path, names: Sequence[str]) -> dict[str, list[Entry]]:
    """Questions of each kind that the knowledge bases cannot answer, in the order of `by_hash`."""
    kinds: dict[str, list[Entry]] = defaultdict(list)
    for line in (data / "unanswerable.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["kb"] in names:
            kinds[entry["kind"]].append(entry)
    return {
        kind: sorted(entries, key=lambda entry: by_hash(entry["id"]))
        for kind, entries in sorted(kinds.items())
    }


class Kept:
    """Answers kept in a file, one a line, by the ids of their questions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.entries: dict[Any, Entry] = {entry["id"]: entry for entry in map(json.loads, lines)}

    def add(self, entry: Mapping[str, Any]) -> None:
        """Keep an answer."""
        self.entries[entry["id"]] = dict(entry)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def ask(workspace: Workspace, kb: str, question: str) -> Entry:
    """Ask whatever the gate says of the question."""
    *_, answer = workspace.ask([kb], question, conversation="", threshold=0.0)
    assert isinstance(answer, Answer)
    return dataclasses.asdict(answer)


def with_gold(workspace: Workspace, each: Asked) -> Entry:
    """Answer from the gold paragraph alone, by the same prompt and with the same quotation."""
    question = each.question
    hit = Hit(
        rank=1,
        passage_id=0,
        kb_id=each.kb,
        kb_name=each.kb,
        document_id=0,
        document=question.document,
        text=question.evidence,
        passage_text=question.evidence,
        heading="",
        group="",
        place=Place(),
        score=1.0,
    )
    prompt = workspace._prompts.load(workspace.knowledge_base(each.kb).record.prompt)
    runnable = workspace._answerer.runnable(workspace.engines.chat(), prompt, never)
    text = "".join(runnable.stream(ModelInput(question.text, number([hit]))))
    quoted = None if refuses(text) else quotation(question.text, text, number([hit]))
    whole = with_quotation(text, quoted) if quoted else text
    return {"id": question.id, "answer": whole, "refused": refuses(text)}


def is_refused(entry: Entry, threshold: float) -> bool:
    """Whether the gate, the model or the check of its answer refuses."""
    return bool(entry["refused"]) or entry["answerable"] < threshold


def right(asked: Iterable[Asked], entries: Mapping[Any, Entry], *, own: bool = False) -> list[bool]:
    """Whether each answer is right; ``own``: without what is quoted beside it."""
    judged = []
    for each in asked:
        entry = entries[each.question.id]
        text = said_by_itself(entry["answer"]) if own else entry["answer"]
        refused = is_refused(entry, THRESHOLD) if "answerable" in entry else entry["refused"]
        judged.append(bool(is_right(each.question, text, refused=refused)))
    return judged


def _cites_its_answer(each: Asked, entry: Entry) -> bool:
    """Whether a cited passage says the gold answer that the answer says."""
    given = [gold for gold in each.question.answers if says(entry["answer"], gold)]
    texts = [citation["hit"]["text"] for citation in entry["citations"]]
    return any(says(text, gold) for text in texts for gold in given)


def report(asked: Sequence[Asked], entries: Mapping[Any, Entry]) -> None:
    """Print what came of answerable questions."""
    mine = [entries[each.question.id] for each in asked]
    answered = [entry for entry in mine if not is_refused(entry, THRESHOLD) and entry["citations"]]
    judged = zip(asked, right(asked, entries), strict=True)
    holding = figure(
        _cites_its_answer(each, entries[each.question.id]) for each, ok in judged if ok
    )
    marked = figure(
        not sentence["supported"] for entry in answered for sentence in entry["sentences"]
    )
    print(f"right answers    {interval_text(figure(right(asked, entries)))}")
    print(
        f"  in the model's own words       {interval_text(figure(right(asked, entries, own=True)))}"
    )
    print(f"  citing a passage that says so  {interval_text(holding)}")
    median = statistics.median(len(entry["citations"]) for entry in answered)
    print(f"citations        median {median:.0f}")
    print(f"sentences marked {interval_text(marked)}")
    for name in ("first_token", "total"):
        times = [entry["milliseconds"][name] for entry in mine if entry["milliseconds"][name]]
        if times:
            print(f"{name:<16} median {statistics.median(times) / 1000:.2f} s")


def report_refusals(answerable: Sequence[Entry], kinds: Mapping[str, Sequence[Entry]]) -> None:
    """Print for each threshold how many are refused that have an answer, and that have none."""
    print("\nrefused at the threshold")
    for threshold in _THRESHOLDS:
        wrongly = figure(is_refused(entry, threshold) for entry in answerable)
        rightly = "".join(
            f"  {kind} {interval_text(figure(is_refused(entry, threshold) for entry in entries))}"
            for kind, entries in kinds.items()
        )
        print(f"  {threshold:.1f}  answerable {interval_text(wrongly)}{rightly}")


def _spans(data: Path, names: Sequence[str]) -> Iterator[Asked]:
    spans = [each for each in questions(data, names) if each.question.answer_type == "span"]
    yield from sorted(spans, key=lambda each: by_hash(each.question.id))


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    parser.add_argument("--answers", type=int, default=300, help="answerable questions")
    parser.add_argument("--absent", type=int, default=100, help="of each kind of unanswerable ones")
    parser.add_argument("--gold", type=int, default=0, help="asked with the gold paragraph too")
    arguments = parser.parse_args()
    names = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, names)
        asked = list(_spans(arguments.data, names))[: arguments.answers]
        kept = Kept(arguments.home / "asked.jsonl")
        for each in asked:
            if each.question.id not in kept.entries:
                entry = ask(workspace, each.kb, each.question.text)
                kept.add({**entry, "id": each.question.id})
        report(asked, kept.entries)
        kinds = {
            kind: entries[: arguments.absent]
            for kind, entries in unanswerable(arguments.data, names).items()
        }
        for absent in (each for entries in kinds.values() for each in entries):
            if absent["id"] not in kept.entries:
                kept.add({**ask(workspace, absent["kb"], absent["question"]), "id": absent["id"]})
        report_refusals(
            [kept.entries[each.question.id] for each in asked],
            {kind: [kept.entries[e["id"]] for e in entries] for kind, entries in kinds.items()},
        )
        gold = Kept(arguments.home / "asked_with_gold.jsonl")
        for each in asked[: arguments.gold]:
            if each.question.id not in gold.entries:
                gold.add(with_gold(workspace, each))
        if arguments.gold:
            same = asked[: arguments.gold]
            print(f"\nwith the gold paragraph  {interval_text(figure(right(same, gold.entries)))}")
            print(f"the same by retrieval    {interval_text(figure(right(same, kept.entries)))}")
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
