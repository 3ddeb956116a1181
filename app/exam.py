"""`kb eval`: a file of questions in, one line of results each, resumable; then the measures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import output
from app.api.models import Model
from app.api.requests import AskRequest, SearchRequest
from app.exam_page import write_page
from app.examining import answer_line
from kb.errors import GenerationError, NotFoundError
from kb.exam.metrics import Figure, interval_text
from kb.exam.questions import ExamQuestion, parse_questions
from kb.exam.report import Report, make_report
from kb.exam.results import mend, read_outcomes, read_results, write_line

if TYPE_CHECKING:
    from app.commands import Context


class FigureModel(Model):
    """A measure with its 95 % interval over ``n`` questions."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class RatingModel(Model):
    """The mean of a dimension from 0 to 2 over ``n`` answers."""

    value: float
    n: int


class ExamModel(Model):
    """What an exam did; ``skipped`` were in the results already.

    ``measures``, ``dimensions`` and the median ``milliseconds`` are over all results, ``report`` is
    the page that shows them.
    """

    questions: int
    answered: int
    skipped: int
    failed: int
    results: str
    measures: dict[str, FigureModel]
    dimensions: dict[str, RatingModel]
    milliseconds: dict[str, float]
    report: str


def run_exam(context: Context) -> int:
    """Answer what has no result yet; 1 when a question failed.

    A failed question gets no line, so that running again tries it again.
    """
    options = context.options
    source, results = Path(options.questions), Path(options.out)
    if not source.is_file():
        raise NotFoundError(f"no file {source}", kind="path", name=str(source))
    questions = parse_questions(str(source), source.read_bytes())
    mend(results)
    done = {line["id"] for line in read_results(results)}
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
            write_line(file, {"id": question.id, **result})
            sys.stderr.write(f"{len(done) + number}/{len(questions)}\n")
    report = make_report(questions, read_outcomes(results))
    page = page_path(results)
    write_page(page, report, title=source.name, language=context.language)
    summary = ExamModel(
        questions=len(questions),
        answered=len(waiting) - failed,
        skipped=len(questions) - len(waiting),
        failed=failed,
        results=str(results),
        measures={name: _figure_model(figure) for name, figure in report.figures.items()},
        dimensions={
            name: RatingModel(value=mean, n=count)
            for name, (mean, count) in report.dimensions.items()
        },
        milliseconds=dict(report.milliseconds),
        report=str(page),
    )
    _tell(context, report)
    if context.as_json:
        output.as_json(summary)
    else:
        counts = summary.model_dump(include={"questions", "answered", "skipped", "failed"})
        output.line(context.say("examined", **counts, results=str(results)))
        output.line(context.say("exam_page", page=str(page)))
    return 1 if failed else 0


def page_path(results: Path) -> Path:
    """Return where the page beside the results stands."""
    if results.suffix == ".html":
        return results.with_name(results.name + ".html")
    return results.with_suffix(".html")


def _tell(context: Context, report: Report) -> None:
    """Write the measures to stderr: stdout is for the results' own line."""
    for name, figure in report.figures.items():
        sys.stderr.write(f"{context.name_of(f'exam.figure.{name}')}: {interval_text(figure)}\n")
    for name, (mean, count) in report.dimensions.items():
        shown = f"{mean:.2f} / 2 n={count}"
        sys.stderr.write(f"{context.name_of(f'exam.dimension.{name}')}: {shown}\n")


def _figure_model(figure: Figure) -> FigureModel:
    return FigureModel(value=figure.value, low=figure.low, high=figure.high, n=figure.count)


def _result(context: Context, question: ExamQuestion) -> dict[str, Any]:
    options = context.options
    operations = context.operations()
    if options.retrieval_only:
        request = SearchRequest(
            knowledge_bases=[options.name], question=question.text, top_k=options.top_k or 5
        )
        return operations.search(request).model_dump(mode="json")
    return answer_line(
        operations.ask(
            AskRequest(
                knowledge_bases=[options.name],
                question=question.text,
                top_k=options.top_k,
                conversation="",
            )
        )
    )
