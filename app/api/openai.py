"""The OpenAI protocol: a knowledge base is a model, its sources stand beside the choices."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.answers import AnswerEvent, AskModel, CitationModel, TokenEvent
from app.api.asking import finished_answer, follow
from app.api.dependencies import CurrentLanguage, CurrentOperations
from app.api.problems import BadRequestError, openai_error
from app.api.requests import AskRequest
from app.events import EventStream
from app.messages import of_error
from app.places import place_text
from app.strings import Language, text
from kb.answer_types import Turn
from kb.errors import KBError

logger = logging.getLogger(__name__)
router = APIRouter(tags=["openai"])


class ContentPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str = ""


class ChatMessageIn(BaseModel):
    """A message of the client's chat."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None

    def plain(self) -> str:
        """Return the text of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class ChatCompletionRequest(BaseModel):
    """What is read of a chat completion request; sampling is the server's own."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: Annotated[list[ChatMessageIn], Field(min_length=1)]
    stream: bool = False


@router.get("/models")
def models(operations: CurrentOperations) -> dict[str, Any]:
    """List the knowledge bases as models."""
    return {
        "object": "list",
        "data": [
            {
                "id": knowledge_base.name,
                "object": "model",
                "created": int(knowledge_base.created_at),
                "owned_by": "zhiku",
            }
            for knowledge_base in operations.knowledge_bases().knowledge_bases
        ],
    }


@router.post("/chat/completions", response_model=None)
async def chat_completions(
    request: ChatCompletionRequest,
    http_request: Request,
    operations: CurrentOperations,
    language: CurrentLanguage,
) -> dict[str, Any] | StreamingResponse:
    """Answer the last question of a chat from a knowledge base; nothing of it is kept.

    The exchanges before it are what a follow-up may refer to.
    """
    question = next((m.plain() for m in reversed(request.messages) if m.role == "user"), "").strip()
    if not question:
        raise BadRequestError("no user message with text", problem="messages")
    try:
        ask = AskRequest(knowledge_bases=[request.model], question=question, conversation="")
    except ValidationError as exc:
        # Too long for a question, or no text that can be written as UTF-8.
        problem = f"messages: {exc.errors()[0]['msg']}"
        raise BadRequestError(str(exc), problem=problem) from exc
    # An unknown knowledge base must be a 404, also when the answer is streamed.
    operations.knowledge_base(request.model)
    turns = _turns(request.messages)
    stream = EventStream(lambda cancelled: operations.ask_events(ask, cancelled, turns=turns))
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": request.model,
    }
    if not request.stream:
        return _completion(head, await finished_answer(stream, http_request), language)
    return StreamingResponse(
        _chunks(head, stream, http_request, language),
        media_type="text/event-stream",
        headers={"cache-control": "no-store"},
    )


def _turns(messages: Sequence[ChatMessageIn]) -> list[Turn]:
    """Pair each question but the last with the answer that followed it."""
    turns: list[Turn] = []
    question = ""
    for message in messages:
        if message.role == "user":
            question = message.plain()
        elif message.role == "assistant" and question:
            turns.append(Turn(question, message.plain()))
            question = ""
    return turns


async def _chunks(
    head: dict[str, Any], stream: EventStream, request: Request, language: Language
) -> AsyncIterator[str]:
    yield _chunk(head, {"role": "assistant", "content": ""})
    said = ""
    try:
        async for event in follow(stream, request):
            if isinstance(event, TokenEvent):
                said += event.text
                yield _chunk(head, {"content": event.text})
            elif isinstance(event, AnswerEvent):
                # A refusal and an extractive answer may come without tokens.
                answer = event.answer
                tail = _rest(said, answer) + sources_text(answer, language)
                if tail:
                    yield _chunk(head, {"content": tail})
                yield _chunk(head, {}, finish="stop", citations=answer.citations)
    except Exception as exc:
        if not isinstance(exc, KBError):
            logger.exception("an answer failed")
        message = of_error(exc, language)
        error = openai_error(message, "server_error")
        yield f"data: {json.dumps({'error': error}, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _rest(said: str, answer: AskModel) -> str:
    """What of a finished answer is still to be said."""
    if answer.answer.startswith(said):
        return answer.answer[len(said) :]
    # What was streamed was taken back by the check of the finished answer.
    return f"\n\n{answer.answer}" if answer.refused else ""


def sources_text(answer: AskModel, language: Language) -> str:
    """Write the sources as text, for clients that show only the message."""
    if not answer.citations:
        return ""
    key = "openai.nearest" if answer.refused else "openai.sources"
    lines = [
        f"[{citation.number}] {citation.document}{_suffix(citation, language)}"
        for citation in answer.citations
    ]
    return "\n\n" + "\n".join([text(key, language), *lines])


def _suffix(citation: CitationModel, language: Language) -> str:
    place = place_text(citation, language)
    return f" · {place}" if place else ""


def _completion(head: dict[str, Any], answer: AskModel, language: Language) -> dict[str, Any]:
    return {
        **head,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": answer.answer + sources_text(answer, language),
                },
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "citations": [citation.model_dump() for citation in answer.citations],
    }


def _chunk(
    head: dict[str, Any],
    delta: dict[str, Any],
    *,
    finish: str | None = None,
    citations: list[CitationModel] | None = None,
) -> str:
    body: dict[str, Any] = {
        **head,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if citations is not None:
        body["citations"] = [citation.model_dump() for citation in citations]
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"
