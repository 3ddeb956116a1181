"""Routes of search, answers, conversations."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api.answers import (
    AnswerEvent,
    AskModel,
    ConversationList,
    FeedbackList,
    MessageList,
    SearchModel,
)
from app.api.dependencies import CurrentLanguage, CurrentOperations, CurrentWorkspace
from app.api.models import ErrorBody, ErrorModel
from app.api.requests import (
    AskRequest,
    FeedbackRequest,
    RenameConversationRequest,
    SearchRequest,
)
from app.convert import conversation_model, feedback_model, message_model
from app.events import EventStream
from app.messages import of_error
from app.operations import AskEventModel, event_model
from kb.errors import GenerationError, KBError

logger = logging.getLogger(__name__)
router = APIRouter(tags=["questions"])

# How often a waiting answer looks whether its reader is still there.
_LOOK_UP_SECONDS = 0.25


@router.post("/search")
def search(request: SearchRequest, operations: CurrentOperations) -> SearchModel:
    """Find passages in one or several knowledge bases."""
    return operations.search(request)


@router.post("/ask", response_model=AskModel)
async def ask(
    request: AskRequest,
    http_request: Request,
    operations: CurrentOperations,
    language: CurrentLanguage,
) -> AskModel | StreamingResponse:
    """Answer a question: as JSON, or with ``stream`` as server-sent events.

    The events are ``passages``, then ``token`` …, then one ``answer``, or one ``error``.
    """
    stream = EventStream(lambda cancelled: operations.ask_events(request, cancelled))
    if not request.stream:
        return await finished_answer(stream, http_request)

    async def lines() -> AsyncIterator[str]:
        try:
            async for event in follow(stream, http_request):
                yield f"event: {event.event}\ndata: {event.model_dump_json()}\n\n"
        except Exception as exc:
            # The status line is out already: the error can only travel as an event.
            if not isinstance(exc, KBError):
                logger.exception("an answer failed")
            message = of_error(exc, language)
            body = ErrorModel(
                error=ErrorBody(code=message.code, message=message.text, hint=message.hint)
            )
            yield f"event: error\ndata: {body.model_dump_json()}\n\n"

    return StreamingResponse(
        lines(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


async def follow(stream: EventStream, request: Request) -> AsyncIterator[AskEventModel]:
    """Yield the events of an answer; stop it when the client has gone."""
    looked_up = time.monotonic()
    try:
        while not stream.finished:
            event = await to_thread.run_sync(stream.next, _LOOK_UP_SECONDS)
            if event is not None:
                yield event_model(event)
            # By the clock: an answer that is not streamed has nothing else that would notice.
            if time.monotonic() - looked_up >= _LOOK_UP_SECONDS:
                looked_up = time.monotonic()
                if await request.is_disconnected():
                    return
    finally:
        stream.stop()


async def finished_answer(stream: EventStream, request: Request) -> AskModel:
    """Wait for the answer that ends the events.

    Raises:
        GenerationError: they ended without one.
    """
    async for event in follow(stream, request):
        if isinstance(event, AnswerEvent):
            return event.answer
    raise GenerationError("the answer ended without a result")


@router.get("/conversations")
def conversations(
    workspace: CurrentWorkspace, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> ConversationList:
    """List conversations, the latest first."""
    records = workspace.conversations.page(limit=limit)
    return ConversationList(conversations=[conversation_model(record) for record in records])


@router.get("/conversations/{conversation_id}/messages")
def messages(conversation_id: str, workspace: CurrentWorkspace) -> MessageList:
    """Return the messages of a conversation, oldest first."""
    records = workspace.conversations.messages(conversation_id)
    return MessageList(messages=[message_model(record) for record in records])


@router.put("/messages/{message_id}/feedback", status_code=204)
def give_feedback(
    message_id: int, request: FeedbackRequest, workspace: CurrentWorkspace
) -> Response:
    """Praise or blame an answer, or take that back; the number is in the list of messages."""
    workspace.feedback.give(message_id, request.feedback)
    return Response(status_code=204)


@router.get("/feedback")
def feedback(
    workspace: CurrentWorkspace, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
) -> FeedbackList:
    """List the feedback with questions, answers and passages, the latest first."""
    records = workspace.feedback.page(limit=limit)
    return FeedbackList(feedback=[feedback_model(record) for record in records])


@router.patch("/conversations/{conversation_id}", status_code=204)
def rename_conversation(
    conversation_id: str, request: RenameConversationRequest, workspace: CurrentWorkspace
) -> Response:
    """Give a conversation another title."""
    workspace.conversations.rename(conversation_id, request.title)
    return Response(status_code=204)


@router.delete("/conversations/{conversation_id}", status_code=204)
def delete_conversation(conversation_id: str, workspace: CurrentWorkspace) -> Response:
    """Delete a conversation with its messages."""
    workspace.conversations.delete(conversation_id)
    return Response(status_code=204)
