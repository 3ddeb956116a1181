"""The results of an exam: a file of JSON lines, one for each question, in the contract's form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from kb.exam.questions import QuestionsError


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage that was found or cited; ``rank`` counts from 1, absent places are None."""

    rank: int
    knowledge_base: str
    document: str
    heading: str
    text: str
    score: float
    page: int | None = None
    sheet: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question; ``answer`` is None where only passages were looked for.

    ``found`` are all passages in the order of retrieval, ``cited`` those under the answer,
    ``sentences`` the answer's with whether a source supports each. Times are in milliseconds.
    """

    id: str | int
    question: str
    answer: str | None
    refused: bool
    answerable: float
    threshold: float | None
    found: tuple[Shown, ...]
    cited: tuple[Shown, ...]
    sentences: tuple[tuple[str, bool], ...]
    model: str
    retrieve: float
    total: float


def outcome_of(line: Mapping[str, Any]) -> Outcome:
    """Read a result: a search or an answer as the contract has them, with the ``id``.

    ``retrieved`` in an answer holds all passages; without it those cited stand for them.

    Raises:
        KeyError, TypeError: the line is neither.
    """
    if "hits" in line:
        return Outcome(
            id=line["id"],
            question=line["question"],
            answer=None,
            refused=False,
            answerable=line["answerable"],
            threshold=None,
            found=_shown(line["hits"]),
            cited=(),
            sentences=(),
            model="",
            retrieve=line["milliseconds"],
            total=line["milliseconds"],
        )
    cited = _shown(line["citations"])
    return Outcome(
        id=line["id"],
        question=line["question"],
        answer=line["answer"],
        refused=line["refused"],
        answerable=line["answerable"],
        threshold=line["threshold"],
        found=_shown(line["retrieved"]) if "retrieved" in line else cited,
        cited=cited,
        sentences=tuple((each["text"], each["supported"]) for each in line["sentences"]),
        model=line["model"],
        retrieve=line["milliseconds"]["retrieve"],
        total=line["milliseconds"]["total"],
    )


def _shown(hits: list[Mapping[str, Any]]) -> tuple[Shown, ...]:
    shown = [
        Shown(
            rank=hit["rank"],
            knowledge_base=hit["knowledge_base"],
            document=hit["document"],
            heading=hit["heading"],
            text=hit["text"],
            score=hit["score"],
            page=hit["page"],
            sheet=hit["sheet"],
            row=hit["row"],
        )
        for hit in hits
    ]
    return tuple(sorted(shown, key=lambda each: each.rank))


def write_line(file: TextIO, line: Mapping[str, Any]) -> None:
    """Append a result; it is in the file when this returns."""
    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    file.flush()


def mend(path: Path) -> None:
    """Cut off a last line that was broken off in mid-write."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def read_results(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the results so far; a last line that is still being written is left out.

    Raises:
        QuestionsError: a line is not a result.
    """
    if not path.exists():
        return
    # By line feeds alone: the texts hold what else passes for the end of a line.
    lines = path.read_bytes().split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        try:
            content = json.loads(line)
            _ = content["id"]
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as exc:
            raise QuestionsError(
                f"{path}, line {number} is not a result",
                path=str(path),
                line=number,
                problem=repr(exc),
            ) from exc
        yield content


def read_outcomes(path: Path) -> dict[str | int, Outcome]:
    """Read all results by id.

    Raises:
        QuestionsError: a line is not a result.
    """
    outcomes: dict[str | int, Outcome] = {}
    for number, line in enumerate(read_results(path), start=1):
        try:
            outcomes[line["id"]] = outcome_of(line)
        except (KeyError, TypeError) as exc:
            raise QuestionsError(
                f"{path}, line {number} is not a result",
                path=str(path),
                line=number,
                problem=repr(exc),
            ) from exc
    return outcomes
