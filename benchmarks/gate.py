"""Fit the constants of the gate for an embedder on labelled questions.

Answerable: questions of ``qa/<name>.jsonl`` asked of their own knowledge base. Not answerable: the
same questions asked of every other one, whose documents treat other topics. The logistic regression
is fitted on half of the questions (by the hash of their id) and measured on the other half; the
intercept is then moved so that the threshold 0.5 refuses the given share of answerable questions.
Questions with ``question_en`` are also asked in English: of those whose passages are in Chinese,
the cosine that refuses the given share is the constant ``foreign``.

    python -m benchmarks.gate --data PATH --home FOLDER [--kb NAME …] [--refused 0.02]
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import ingest
from kb.answer.gate import GateFeatures, answerable
from kb.models.table import GateConstants
from kb.settings import Settings
from kb.workspace import Workspace

Matrix = NDArray[np.float64]
Question = dict[str, Any]


def row(features: GateFeatures) -> list[float]:
    """A row of the regression, intercept first."""
    return [
        1.0,
        features.similarity,
        features.margin,
        features.coverage,
        features.agreement,
    ]


def fit(rows: Matrix, labels: Matrix, *, ridge: float = 1e-3, steps: int = 60) -> Matrix:
    """Logistic regression by Newton's method, both classes weighing the same."""
    weights = np.where(labels > 0, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    theta = np.zeros(rows.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(rows @ theta, -60, 60)))
        gradient = rows.T @ (weights * (labels - chance)) - ridge * theta
        hessian = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows
        theta += np.linalg.solve(hessian + ridge * np.eye(len(theta)), gradient)
    return theta


def questions(data: Path, names: Sequence[str]) -> Iterator[Question]:
    """Yield the lines of the knowledge bases, with wordings that an exam does not know."""
    for name in names:
        for line in (data / "qa" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            yield {**json.loads(line), "kb": name}


def first_half(question: Question) -> bool:
    """Whether a question is fitted on; the others are measured."""
    return hashlib.sha256(question["id"].encode()).digest()[0] < 128


def collect(
    workspace: Workspace, asked: Sequence[Question], names: Sequence[str], others: int
) -> list[tuple[bool, bool, str, GateFeatures]]:
    """(fitted on?, answerable?, kind, features) for each question and knowledge base."""
    retriever = workspace._retriever
    bases = {name: workspace.knowledge_base(name).searchable() for name in names}
    found = []
    for number, question in enumerate(asked):
        own = question["kb"]
        foreign = [name for name in names if name != own]
        chosen = [
            foreign[(number + step) % len(foreign)] for step in range(min(others, len(foreign)))
        ]
        for name in (own, *chosen):
            for key in ("question", "question_en"):
                if key not in question:
                    continue
                features = retriever.retrieve([bases[name]], question[key], top_k=5).features
                kind = question["answer_type"] if name == own else "other topic"
                if features.foreign:
                    kind += ", foreign"
                found.append((first_half(question), name == own, kind, features))
    return found


def main() -> None:
    """Fit and print the constants with what they refuse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    parser.add_argument("--refused", type=float, default=0.02, help="share of false refusals")
    parser.add_argument("--others", type=int, default=1, help="foreign bases for each question")
    arguments = parser.parse_args()
    names = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, names)
        asked = list(questions(arguments.data, names))
        found = collect(workspace, asked, names, arguments.others)
    finally:
        workspace.close()
    near = [entry for entry in found if not entry[3].foreign]
    rows = np.array([row(features) for _half, _label, _kind, features in near])
    labels = np.array([float(label) for _half, label, _kind, _features in near])
    mine = np.array([half for half, _label, _kind, _features in near])
    theta = fit(rows[mine], labels[mine])
    scores = rows @ theta
    # Calibrated, then moved: 0.5 is where the wanted share of answerable questions is refused.
    theta[0] -= np.quantile(scores[mine & (labels > 0)], arguments.refused)
    far = [entry[3].similarity for entry in found if entry[3].foreign and entry[0] and entry[1]]
    foreign = float(np.quantile(far, arguments.refused)) if far else 0.0
    constants = GateConstants(*(round(float(value), 3) for value in (*theta, foreign)))
    print(constants)
    kinds = sorted({kind for _half, _label, kind, _features in found})
    for kind in kinds:
        refused = [
            answerable(features, constants) < 0.5
            for half, _label, own_kind, features in found
            if own_kind == kind and not half
        ]
        if refused:
            print(
                f"{kind:<21} refused {sum(refused) / len(refused):.3f} of {len(refused)} held out"
            )


if __name__ == "__main__":
    main()
