"""Exams over the operations of the front doors: lines of results, and the exams of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.api.answers import AnswerEvent, CitationModel, PassagesEvent
from app.api.requests import AskRequest, SearchRequest
from app.operations import AskEventModel, LocalOperations
from kb.errors import CancelledError, GenerationError

if TYPE_CHECKING:
    from kb.exam.questions import ExamQuestion
    from kb.exam.run import BaseThen, Exams, RunSettings
    from kb.workspace import Workspace

FOLDER = "exams"


def answer_line(events: Iterator[AskEventModel]) -> dict[str, Any]:
    """Turn the events of an answer into a result: the answer, and all passages beside those cited.

    Raises:
        GenerationError: they ended without an answer.
    """
    retrieved: list[CitationModel] = []
    for event in events:
        if isinstance(event, PassagesEvent):
            retrieved = event.citations
        elif isinstance(event, AnswerEvent):
            found = [hit.model_dump(mode="json") for hit in retrieved]
            return {**event.answer.model_dump(mode="json"), "retrieved": found}
    raise GenerationError("the answer ended without a result")


def open_exams(workspace: Workspace) -> Exams:
    """Open the exams in the data folder of a workspace."""
    from kb.exam.run import Exams

    operations = LocalOperations(workspace, workspace.settings.language)

    def ask(
        question: ExamQuestion, settings: RunSettings, cancelled: Callable[[], bool]
    ) -> Mapping[str, Any]:
        names = list(settings.knowledge_bases)
        if settings.retrieval_only:
            request = SearchRequest(
                knowledge_bases=names, question=question.text, top_k=settings.top_k
            )
            return operations.search(request).model_dump(mode="json")
        line = answer_line(
            operations.ask(
                AskRequest(
                    knowledge_bases=names,
                    question=question.text,
                    top_k=settings.top_k,
                    threshold=settings.threshold,
                    conversation="",
                ),
                cancelled,
            )
        )
        if cancelled():
            raise CancelledError("the exam was stopped")
        return line

    return Exams(workspace.settings.home / FOLDER, ask)


def bases_now(workspace: Workspace, kb_ids: tuple[str, ...]) -> list[BaseThen]:
    """Describe knowledge bases as they are now, for the record of a run."""
    from kb.exam.run import BaseThen

    records = [workspace.knowledge_base(kb_id).record for kb_id in kb_ids]
    return [
        BaseThen(
            name=record.name,
            documents=record.document_count,
            passages=record.passage_count,
            embedder=record.embedder,
            top_k=record.top_k,
            threshold=record.threshold,
            prompt=record.prompt,
        )
        for record in records
    ]
