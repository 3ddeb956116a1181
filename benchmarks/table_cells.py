"""Look-ups in tables: the cell found beside the cell asked for, and the weights of the choice.

The data folder holds ``tables/files/…`` and ``tables/questions.jsonl`` (lines with ``id``,
``question``, ``answers``, ``doc``, ``kind`` lookup or aggregate, ``cells`` where known) and
``unanswerable.jsonl`` (``question``, ``kind``; those of kind ``table_not_in_kb`` are asked).

    python -m benchmarks.table_cells --data PATH --home FOLDER [--fit]

``--fit`` prints the weights for `kb.answer.tables.lookup`, with what they reach on documents that
were not fitted on (eight folds): first the choice among all cells of the tables found, by maximum
likelihood with a ridge; then how certain it is, by logistic regression, moved so that one look-up
in twenty is refused at 0.5.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.quality import ingest
from kb.answer.tables.answers import FromTable
from kb.answer.tables.asked import asked
from kb.answer.tables.cells import MEASURES, Cell, FoundTable, cells
from kb.answer.tables.lookup import CellLookup, ChosenCell, certainty_features
from kb.exam.metrics import figure, interval_text, normalised
from kb.settings import Settings
from kb.workspace import Workspace

_DEEP = 20
_FOLDS = 8
_RIDGE, _RIDGE_CERTAINTY = 0.005, 0.05
_STEPS = 3000
_REFUSED = 0.03

Matrix = npt.NDArray[np.float64]
Question = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the cells of its tables, and which of them are right."""

    question: Question
    found: list[FoundTable]
    candidates: list[Cell]
    measures: Matrix
    right: npt.NDArray[np.bool_]
    answerable: float


def collect(workspace: Workspace, name: str, asked_questions: Sequence[Question]) -> list[Case]:
    """Measure the cells of what retrieval finds for each question."""
    lookup: CellLookup = workspace._retriever._tables.lookup
    cases = []
    for question in asked_questions:
        base = workspace.knowledge_base(name).searchable()
        retrieval = workspace._retriever.retrieve([base], question["question"], top_k=_DEEP)
        found = lookup.tables([(hit.passage_id, hit.score) for hit in retrieval.hits])
        candidates = list(cells(asked(question["question"]), found))
        groups = question.get("must_include") or [question.get("answers", ())]
        golds = {normalised(answer) for group in groups for answer in group}
        cases.append(
            Case(
                question,
                found,
                candidates,
                np.array([astuple(cell.measures) for cell in candidates]),
                np.array(
                    [
                        Path(cell.table.document).name == question.get("doc")
                        and normalised(cell.text) in golds
                        for cell in candidates
                    ],
                    dtype=bool,
                ),
                retrieval.passages_answer,
            )
        )
    return cases


def fit_choice(cases: Sequence[Case]) -> Matrix:
    """Maximise the likelihood of the right cells, of any of them where several are right."""
    usable = [case for case in cases if case.right.any()]
    scale = np.concatenate([case.measures for case in usable]).std(0) + 1e-6
    weights = np.zeros(len(MEASURES))
    velocity = np.zeros(len(MEASURES))
    for _step in range(_STEPS):
        gradient = -_RIDGE * weights
        for case in usable:
            rows = case.measures / scale
            share = _shares(rows @ weights)
            wanted = share * case.right
            gradient += (wanted / wanted.sum() - share) @ rows / len(usable)
        velocity = 0.9 * velocity + gradient
        weights += 0.1 * velocity
        if np.abs(gradient).max() < 1e-4:
            break
    result: Matrix = weights / scale
    return result


def fit_certainty(features: Matrix, labels: Matrix) -> Matrix:
    """Logistic regression by Newton's method, with a ridge on all but the constant."""
    theta = np.zeros(features.shape[1])
    ridge = np.full(features.shape[1], 2 * _RIDGE_CERTAINTY)
    ridge[0] = 0.0
    for _step in range(50):
        share = 1 / (1 + np.exp(-features @ theta))
        gradient = features.T @ (share - labels) + ridge * theta
        hessian = (features.T * (share * (1 - share))) @ features + np.diag(ridge + 1e-9)
        theta -= np.linalg.solve(hessian, gradient)
    return theta


def _shares(scores: Matrix) -> Matrix:
    likely = np.exp(scores - scores.max())
    result: Matrix = likely / likely.sum()
    return result


def _fold(question: Question) -> int:
    """By document: what was fitted on one question of a table helps with another."""
    name = question.get("doc") or question["question"]
    return hashlib.sha256(name.encode()).digest()[0] % _FOLDS


def _best(case: Case, weights: Matrix) -> tuple[int, ChosenCell]:
    shares = _shares(case.measures @ weights)
    best = int(shares.argmax())
    return best, ChosenCell(case.candidates[best], float(shares[best]))


def _features(case: Case, chosen: ChosenCell) -> tuple[float, ...]:
    table = next(each for each in case.found if each.table.table_id == chosen.cell.table.table_id)
    return certainty_features(case.question["question"], chosen.share, table, case.answerable)


def fit(lookups: Sequence[Case], absent: Sequence[Case]) -> None:
    """Fit on all and print the weights; print what they reach held out."""
    lookups = [case for case in lookups if case.candidates]
    absent = [case for case in absent if case.candidates]
    hits, features, labels, known = [], [], [], []
    for fold in range(_FOLDS):
        weights = fit_choice([case for case in lookups if _fold(case.question) != fold])
        for case in (*lookups, *absent):
            if _fold(case.question) != fold:
                continue
            best, chosen = _best(case, weights)
            is_right = bool(case.right[best])
            if case.question["kind"] == "lookup":
                hits.append(is_right)
            features.append(_features(case, chosen))
            labels.append(float(is_right))
            known.append(case.question["kind"] == "lookup")
    print(f"held out: cell exact  {interval_text(figure(hits))}")
    rows, truth, is_known = np.array(features), np.array(labels), np.array(known)
    theta = fit_certainty(rows, truth)
    theta[0] -= np.quantile(rows[is_known] @ theta, _REFUSED)
    answered = rows @ theta >= 0
    print(
        f"held out cells: {answered[is_known].mean():.3f} of look-ups answered, "
        f"{truth[is_known & answered].mean():.3f} of them right; "
        f"{answered[~is_known].mean():.3f} of questions about absent tables answered"
    )
    weights = fit_choice(lookups)
    print({name: round(float(w), 3) for name, w in zip(MEASURES, weights, strict=True)})
    print(tuple(round(float(value), 3) for value in theta))


def _is_exact(answer: FromTable, groups: Sequence[Sequence[str]]) -> bool:
    """Whether the values are those asked for, one for each group, and no others."""
    if len(groups) == 1 and normalised("、".join(answer.values)) in map(normalised, groups[0]):
        # An answer may hold what parts cells in a list.
        return True
    given = answer.text.split("、") if answer.sql else answer.values
    values = {normalised(value) for value in given}
    wanted = [{normalised(gold) for gold in group} for group in groups]
    return all(values & group for group in wanted) and values <= set().union(*wanted)


def report(workspace: Workspace, name: str, asked_questions: Sequence[Question]) -> None:
    """Print what the product does with the questions before any chat model is asked."""
    taken, outcomes, found, refused_absent = [], [], [], []
    for question in asked_questions:
        started = time.monotonic()
        result = workspace.search([name], question["question"], top_k=5)
        taken.append((time.monotonic() - started) * 1000)
        base = workspace.knowledge_base(name).searchable()
        retrieval = workspace._retriever.retrieve([base], question["question"], top_k=5)
        refused = retrieval.answerable < workspace.knowledge_base(name).record.threshold
        if question["kind"] == "table_not_in_kb":
            refused_absent.append(refused)
            continue
        if question["kind"] != "lookup":
            continue
        groups = question.get("must_include") or [question["answers"]]
        shown = [
            normalised(hit.text)
            for hit in result.hits
            if Path(hit.document).name == question["doc"]
        ]
        found.append(
            all(any(normalised(one) in text for one in group for text in shown) for group in groups)
        )
        if refused:
            outcomes.append("refused")
        elif retrieval.from_table is None:
            outcomes.append("left to the chat model")
        else:
            outcomes.append("exact" if _is_exact(retrieval.from_table, groups) else "another cell")
    print(f"recall@5 (document and answer)   {interval_text(figure(found))}")
    for outcome in ("exact", "another cell", "refused", "left to the chat model"):
        print(f"{outcome:<32} {interval_text(figure(one == outcome for one in outcomes))}")
    if refused_absent:
        print(f"absent table refused             {interval_text(figure(refused_absent))}")
    print(
        f"milliseconds a question: median {statistics.median(taken):.1f}, "
        f"p95 {statistics.quantiles(taken, n=20)[-1]:.1f}"
    )


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", required=True, help="the folder of corpus/ with the tables' files")
    parser.add_argument("--fit", action="store_true", help="fit the weights and print them")
    arguments = parser.parse_args()
    lines = (arguments.data / "tables" / "questions.jsonl").read_text(encoding="utf-8")
    asked_questions = [json.loads(line) for line in lines.splitlines()]
    lines = (arguments.data / "unanswerable.jsonl").read_text(encoding="utf-8")
    absent = [
        question
        for question in map(json.loads, lines.splitlines())
        if question["kind"] == "table_not_in_kb"
    ]
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, [arguments.kb])
        if arguments.fit:
            lookups = [question for question in asked_questions if question["kind"] == "lookup"]
            fit(
                collect(workspace, arguments.kb, lookups),
                collect(workspace, arguments.kb, absent),
            )
        else:
            report(workspace, arguments.kb, [*asked_questions, *absent])
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
