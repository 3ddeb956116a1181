"""The commands of the command line, each a function of the parsed options."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import TracebackType

from app import output
from app.api.answers import AnswerEvent, AskModel, CitationModel, HitModel, TokenEvent
from app.api.models import (
    AddReport,
    DocumentList,
    JobList,
    JobModel,
    KnowledgeBaseList,
    KnowledgeBaseModel,
)
from app.api.requests import (
    AskRequest,
    ConfigureRequest,
    CreateRequest,
    DocumentsRequest,
    SearchRequest,
    SynonymsRequest,
)
from app.client import RemoteOperations, find_server
from app.messages import of_health, of_kind, of_stage, of_state
from app.operations import PAGE_SIZE, LocalOperations
from app.places import place_text
from app.shown import json_pieces
from app.strings import Language, text
from kb.errors import GenerationError, NotFoundError, SettingsError
from kb.settings import Settings

# An unsupported or excluded file is an answer, not a failure.
_BAD_OUTCOMES = ("failed", "partial", "cancelled")

Operations = LocalOperations | RemoteOperations


class Context:
    """What a command works with; the data folder is opened on first use, and let go at the end."""

    def __init__(self, options: argparse.Namespace, settings: Settings, language: Language) -> None:
        self.options = options
        self.settings = settings
        self.language = language
        self._operations: Operations | None = None

    def __enter__(self) -> Context:
        """Return the context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the data folder or the server."""
        if self._operations is not None:
            self._operations.close()

    @property
    def as_json(self) -> bool:
        """Whether one JSON value is wanted."""
        return bool(self.options.json)

    def say(self, key: str, **params: object) -> str:
        """Return a text in the reader's language."""
        return text(f"cli.{key}", self.language, **params)

    def name_of(self, key: str) -> str:
        """Return what the pages call something."""
        return text(key, self.language)

    def operations(self, *, run_jobs: bool = False) -> Operations:
        """Return the operations of the server that holds the data folder, else of this process."""
        if self._operations is None:
            self._operations = find_server(self.settings.home, self.language)
        if self._operations is None:
            from kb.workspace import Workspace

            workspace = Workspace.open(self.settings, run_jobs=run_jobs)
            self._operations = LocalOperations(workspace, self.language)
        return self._operations

    @property
    def names(self) -> list[str]:
        """The knowledge bases that a question goes to."""
        return [self.options.name, *self.options.also]


def create(context: Context) -> int:
    """Make a knowledge base."""
    options = context.options
    request = CreateRequest(
        name=options.name, description=options.description, embedder=options.embedder
    )
    made = context.operations().create(request)
    return _knowledge_base(context, made, "created")


def list_knowledge_bases(context: Context) -> int:
    """List the knowledge bases."""
    listed: KnowledgeBaseList = context.operations().knowledge_bases()
    if context.as_json:
        output.as_json(listed)
        return 0
    headers = [context.say(f"head.{name}") for name in ("name", "documents", "passages", "size")]
    rows = [
        (each.name, each.documents, each.passages, output.size_text(each.size), each.id)
        for each in listed.knowledge_bases
    ]
    if rows:
        output.table([*headers, "ID"], rows)
    else:
        output.line(context.say("no_knowledge_bases"))
    return 0


def rename(context: Context) -> int:
    """Rename a knowledge base."""
    request = ConfigureRequest(name=context.options.new_name)
    renamed = context.operations().configure(context.options.name, request)
    return _knowledge_base(context, renamed, "renamed")


def delete(context: Context) -> int:
    """Move a knowledge base to the bin."""
    deleted = context.operations().delete(context.options.name)
    return _knowledge_base(context, deleted, "deleted")


def add(context: Context) -> int:
    """Add files and folders; 1 when a file failed or is partial."""
    options = context.options
    paths = [Path(path) for path in options.paths]
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"no file or folder {path}", kind="path", name=str(path))
    progress = output.Progress(context.language)
    try:
        report = context.operations(run_jobs=not options.no_wait).add(
            options.name,
            paths,
            password=options.password,
            wait=not options.no_wait,
            on_progress=progress,
        )
    finally:
        progress.end()
    if context.as_json:
        output.as_json(report)
    else:
        _report(context, report)
    return 1 if any(file.state in _BAD_OUTCOMES for file in report.files) else 0


def documents(context: Context) -> int:
    """List the documents of a knowledge base."""
    operations, options = context.operations(), context.options
    listed = DocumentList(documents=[], total=0)
    while True:
        page = operations.documents(
            options.name,
            DocumentsRequest(
                state=options.state,
                health=options.health,
                contains=options.contains,
                offset=len(listed.documents),
                limit=PAGE_SIZE,
                # Their pages are for programs: a table on a terminal has no room for them.
                pages=context.as_json,
            ),
        )
        listed.documents.extend(page.documents)
        listed.total = page.total
        if len(page.documents) < PAGE_SIZE:
            break
    if context.as_json:
        output.as_json(listed)
        return 0
    heads = ("id", "document", "health", "state", "pages", "passages", "size", "reason")
    output.table(
        [context.say(f"head.{name}") for name in heads],
        [
            (
                each.document_id,
                each.document,
                of_health(each.health, context.language),
                of_state(each.state, context.language),
                "" if each.pages is None else each.pages,
                each.passages,
                output.size_text(each.size),
                " ".join(filter(None, (each.reason, *each.warnings))),
            )
            for each in listed.documents
        ],
    )
    return 0


def show(context: Context) -> int:
    """Print the text of a document, or of what it was before it changed."""
    options = context.options
    if options.versions:
        return _versions(context)
    shown = context.operations().show(
        options.name, options.document, passages=options.passages, version=options.version
    )
    if context.as_json:
        output.pieces(json_pieces(shown))
        return 0
    output.line(shown.head.document)
    counts = {"lines": shown.head.line_count, "passages": shown.head.passage_count}
    output.line(context.say("counts", **counts))
    if shown.passages is not None:
        for passage in shown.passages:
            output.line()
            place = place_text(passage, context.language)
            output.line(f"[{passage.passage_id}] {place} {passage.heading}".rstrip())
            output.line(passage.text)
        return 0
    for page in shown.pages:
        if page.begins:
            output.line()
        if page.begins and page.page is not None:
            output.line(f"── {text('place.page', context.language, page=page.page)} ──")
        if page.begins and page.sheet is not None:
            output.line(f"── {text('place.sheet', context.language, sheet=page.sheet)} ──")
        output.line(page.text)
    return 0


def _versions(context: Context) -> int:
    found = context.operations().versions(context.options.name, context.options.document)
    if context.as_json:
        output.as_json(found)
        return 0
    if not found.versions:
        output.line(context.say("no_versions", document=found.document))
        return 0
    heads = ("version", "since", "until", "ended", "size", "passages")
    output.table(
        [context.say(f"head.{name}") for name in heads],
        [
            (
                each.version,
                output.time_text(each.since),
                output.time_text(each.until),
                context.say(f"ended.{each.ended}"),
                output.size_text(each.size),
                each.passages,
            )
            for each in found.versions
        ],
    )
    return 0


def remove(context: Context) -> int:
    """Move a document to the bin."""
    removed = context.operations().remove(context.options.name, context.options.document)
    if context.as_json:
        output.as_json(removed)
    else:
        output.line(context.say("removed", document=removed.document))
    return 0


def synonyms(context: Context) -> int:
    """List the words that a knowledge base takes for one another, or write others."""
    options = context.options
    if options.file is None:
        listed = context.operations().synonyms(options.name)
    else:
        path = Path(options.file)
        if not path.is_file():
            raise NotFoundError(f"no file {path}", kind="path", name=str(path))
        try:
            written = SynonymsRequest(text=path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as exc:
            raise SettingsError(
                f"{path} is no UTF-8 text", name=str(path), problem="UTF-8"
            ) from exc
        listed = context.operations().set_synonyms(options.name, written)
    if context.as_json:
        output.as_json(listed)
    elif listed.groups:
        for group in listed.groups:
            output.line(" = ".join(group))
    else:
        output.line(context.say("no_synonyms"))
    return 0


def search(context: Context) -> int:
    """Find passages."""
    request = SearchRequest(
        knowledge_bases=context.names,
        question=context.options.question,
        top_k=context.options.top_k or 5,
        types=context.options.type,
        since=context.options.since,
        until=context.options.until,
    )
    found = context.operations().search(request)
    if context.as_json:
        output.as_json(found)
        return 0
    for hit in found.hits:
        _hit(context, hit, str(hit.rank))
    output.line(context.say("found", answerable=found.answerable, milliseconds=found.milliseconds))
    return 0


def ask(context: Context) -> int:
    """Answer a question, streaming unless JSON is wanted."""
    options = context.options
    request = AskRequest(
        knowledge_bases=context.names,
        question=options.question,
        top_k=options.top_k,
        # A single question from the command line leaves no conversation behind.
        conversation=options.conversation or "",
        follow_up=not options.no_follow_up,
        language=options.language,
        types=options.type,
        since=options.since,
        until=options.until,
    )
    answer: AskModel | None = None
    said = ""
    for event in context.operations().ask(request):
        if isinstance(event, AnswerEvent):
            answer = event.answer
        elif isinstance(event, TokenEvent) and not context.as_json:
            said += event.text
            sys.stdout.write(output.printable(event.text))
            sys.stdout.flush()
    if answer is None:
        raise GenerationError("the answer ended without a result")
    if context.as_json:
        output.as_json(answer)
        return 0
    final = context.name_of("answer.refused") if answer.refused else answer.answer
    if final.startswith(said):
        output.line(final[len(said) :])
    else:
        # What was streamed was taken back by the check of the finished answer.
        output.line("\n" + final)
    output.line()
    if answer.citations:
        output.line(context.say("nearest" if answer.refused else "sources"))
    for citation in answer.citations:
        _hit(context, citation, str(citation.number))
    return 0


def evaluate(context: Context) -> int:
    """Answer a file of questions, one line each as soon as it is known."""
    from app.exam import run_exam

    return run_exam(context)


def jobs(context: Context) -> int:
    """List, cancel or retry jobs."""
    options = context.options
    code = 0
    if options.cancel:
        listed = JobList(jobs=[context.operations().cancel_job(options.cancel)])
    elif options.retry:
        again = _retried(context)
        listed = JobList(jobs=[again])
        code = 1 if any(again.counts.get(state) for state in _BAD_OUTCOMES) else 0
    else:
        listed = context.operations().jobs()
    if context.as_json:
        output.as_json(listed)
        return code
    heads = ("job", "kind", "state", "progress", "stage", "reason")
    output.table(
        [context.say(f"head.{name}") for name in heads],
        [
            (
                job.job_id,
                of_kind(job.kind, context.language),
                of_state(job.state, context.language),
                f"{job.done}/{job.total}",
                of_stage(job.stage, context.language),
                job.reason or "",
            )
            for job in listed.jobs
        ],
    )
    return code


def serve(context: Context) -> int:
    """Run the server until it is stopped."""
    from app.server import serve as run_server

    def ready(url: str) -> None:
        sys.stderr.write(context.say("serving", url=url) + "\n")
        sys.stderr.flush()

    run_server(context.settings, on_ready=ready)
    return 0


def models(context: Context) -> int:
    """List, fetch, choose or verify models."""
    from app.models import run_models

    return run_models(context)


def doctor(context: Context) -> int:
    """Check what this machine has and lacks."""
    from app.doctor import run_doctor

    return run_doctor(context)


def _retried(context: Context) -> JobModel:
    operations = context.operations(run_jobs=True)
    job = operations.retry_job(context.options.retry, password=context.options.password)
    if not isinstance(operations, LocalOperations):
        return job
    # Without a server the job, and the password with it, would end with this process.
    progress = output.Progress(context.language)
    try:
        return operations.wait(job.job_id, on_progress=progress)
    finally:
        progress.end()


def _knowledge_base(context: Context, record: KnowledgeBaseModel, key: str) -> int:
    if context.as_json:
        output.as_json(record)
    else:
        output.line(context.say(key, name=record.name))
    return 0


def _report(context: Context, report: AddReport) -> None:
    heads = ("document", "state", "pages", "passages", "reason")
    output.table(
        [context.say(f"head.{name}") for name in heads],
        [
            (
                file.document,
                of_state(file.state, context.language),
                "" if file.pages is None else file.pages,
                file.passages,
                file.reason or "",
            )
            for file in report.files
        ],
    )
    output.line(context.say("added", files=len(report.files), seconds=report.seconds))


def _hit(context: Context, hit: HitModel | CitationModel, number: str) -> None:
    place = place_text(hit, context.language)
    where = " · ".join(part for part in (hit.document, place, hit.heading) if part)
    output.line(f"[{number}] {where} ({hit.score:.2f})")
    if hit.later is not None:
        output.line("    " + context.say("source.later", document=hit.later))
    output.line("    " + hit.text.replace("\n", "\n    "))
