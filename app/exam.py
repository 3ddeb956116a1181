"""`kb eval`: a file of questions in, one line of results each, resumable."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import output
from app.api.answers import AnswerEvent, AskModel
from app.api.models import Model
from app.api.requests import AskRequest, SearchRequest
from kb.errors import GenerationError, KBError, NotFoundError

if TYPE_CHECKING:
    from app.commands import Context


class QuestionsError(KBError):
    """A line of the questions is not one. Params: ``path``, ``line``, ``problem``."""

    code = "bad_questions"


class ExamModel(Model):
    """What an exam did; ``skipped`` were in the results already."""

    questions: int
    answered: int
    skipped: int
    failed: int
    results: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the id that its result carries."""

    id: str | int
    text: str


def run_exam(context: Context) -> int:
    """Answer what has no result yet; 1 when a question failed.

    A failed question gets no line, so that running again tries it again.
    """
    options = context.options
    source, results = Path(options.questions), Path(options.out)
    questions = list(read_questions(source))
    done = answered_ids(results)
    waiting = [question for question in questions if question.id not in done]
    failed = 0
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        for number, question in enumerate(waiting, start=1):
            try:
                result = _result(context, question)
            except GenerationError as exc:
                failed += 1
                sys.stderr.write(f"{question.id}: {output.printable(str(exc))}\n")
                continue
            line = {"id": question.id, **result.model_dump(mode="json")}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            sys.stderr.write(f"{len(done) + number}/{len(questions)}\n")
    summary = ExamModel(
        questions=len(questions),
        answered=len(waiting) - failed,
        skipped=len(questions) - len(waiting),
        failed=failed,
        results=str(results),
    )
    if context.as_json:
        output.as_json(summary)
    else:
        output.line(context.say("examined", **summary.model_dump()))
    return 1 if failed else 0


def read_questions(path: Path) -> Iterator[Question]:
    """Yield the questions of a JSON-lines file.

    Raises:
        NotFoundError: there is no such file.
        QuestionsError: a line lacks ``id`` or ``question``.
    """
    if not path.is_file():
        raise NotFoundError(f"no file {path}", kind="path", name=str(path))
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                content: dict[str, Any] = json.loads(line)
                question = Question(content["id"], str(content["question"]))
            except (json.JSONDecodeError, KeyError, TypeError) as exc:
                raise QuestionsError(
                    f"{path}, line {number}: {exc!r}",
                    path=str(path),
                    line=number,
                    problem=repr(exc),
                ) from exc
            yield question


def answered_ids(path: Path) -> set[str | int]:
    """Return the ids that have a result; cuts off a last line that was broken off in mid-write."""
    if not path.exists():
        return set()
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    ids: set[str | int] = set()
    for number, line in enumerate(whole.decode("utf-8").split("\n")[:-1], start=1):
        try:
            ids.add(json.loads(line)["id"])
        except (json.JSONDecodeError, KeyError, TypeError) as exc:
            raise QuestionsError(
                f"{path}, line {number} is not a result",
                path=str(path),
                line=number,
                problem=repr(exc),
            ) from exc
    return ids


def _result(context: Context, question: Question) -> Model:
    options = context.options
    operations = context.operations()
    if options.retrieval_only:
        return operations.search(
            SearchRequest(
                knowledge_bases=[options.name], question=question.text, top_k=options.top_k or 5
            )
        )
    request = AskRequest(
        knowledge_bases=[options.name],
        question=question.text,
        top_k=options.top_k,
        conversation="",
    )
    answer: AskModel | None = None
    for event in operations.ask(request):
        if isinstance(event, AnswerEvent):
            answer = event.answer
    if answer is None:
        raise GenerationError("the answer ended without a result")
    return answer
