"""The OpenAI-compatible HTTP face of one local chat model."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kb.errors import KBError, UnsupportedError
from kb.llms.base import ChatMessage, FirstToken, LocalChatModel, Sampling, Usage, answer_budget
from kb.llms.worker import Event, Failure, Job, ModelWorker

_HEARTBEAT_SECONDS = 0.2
"""An empty piece is sent this often while the prompt is read or the queue is long: the client hears
that the child lives and gets a chance to stop."""

_STATUS = {
    "context_too_long": 400,
    "context_length_exceeded": 400,
    "invalid_request": 400,
    "unsupported": 400,
    "unsupported_parameter": 400,
    "invalid_api_key": 401,
    "model_loading": 503,
    "model_failed": 503,
}


class _Message(BaseModel):
    role: str
    content: str | list[dict[str, Any]] | None = ""

    def to_chat(self) -> ChatMessage:
        content = self.content or ""
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part.get("type") == "text")
        if self.role in ("system", "developer"):
            return ChatMessage("system", content)
        return ChatMessage("assistant" if self.role == "assistant" else "user", content)


class _StreamOptions(BaseModel):
    include_usage: bool = False


class _NamedSchema(BaseModel):
    schema_: dict[str, Any] = Field(alias="schema")


class _ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _NamedSchema | None = None

    def to_schema(self) -> dict[str, Any] | None:
        if self.type == "json_schema" and self.json_schema is not None:
            return self.json_schema.schema_
        return None if self.type == "text" else {"type": "object"}


class _ChatRequest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    messages: list[_Message] = Field(min_length=1)
    stream: bool = False
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    repetition_penalty: float | None = Field(default=None, gt=0)
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    stop: str | list[str] | None = None
    response_format: _ResponseFormat | None = None
    logprobs: bool = False
    top_logprobs: int | None = Field(default=None, ge=0, le=1000)

    def begin(self, model: LocalChatModel) -> Iterator[str] | Iterator[str | FirstToken]:
        messages, sampling = self.to_messages(), self.to_sampling()
        if self.logprobs:
            if sampling.max_tokens != 1:
                raise UnsupportedError("logprobs are told of one token: ask with max_tokens 1")
            return model.first_token(messages, self.top_logprobs or 1)
        schema = self.response_format.to_schema() if self.response_format else None
        if schema is not None:
            return model.structured(messages, schema, sampling)
        return model.stream(messages, sampling)

    def to_messages(self) -> list[ChatMessage]:
        return [message.to_chat() for message in self.messages]

    def to_sampling(self) -> Sampling:
        given = {
            "max_tokens": self.max_tokens or self.max_completion_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "repetition_penalty": self.repetition_penalty,
            "seed": self.seed,
        }
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return Sampling(**known, stop=stop)


class _CountRequest(BaseModel):
    messages: list[_Message] = Field(min_length=1)


def make_app(worker: ModelWorker, *, model_name: str, key: str) -> ASGIApp:
    """Build the ASGI app; every path wants the bearer key."""
    api = _Api(worker, model_name)
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", api.chat, methods=["POST"]),
            Route("/v1/count_tokens", api.count_tokens, methods=["POST"]),
            Route("/v1/models", api.models, methods=["GET"]),
            Route("/health", api.health, methods=["GET"]),
        ]
    )
    return _KeyCheck(app, key)


class _KeyCheck:
    """Turns away everybody without the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = _error("invalid_api_key", "the key is missing or wrong")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Api:
    def __init__(self, worker: ModelWorker, model_name: str) -> None:
        self._worker = worker
        self._model_name = model_name

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        worker = self._worker
        return JSONResponse(
            {
                "status": worker.status,
                "reason": worker.reason,
                "context_length": worker.model.context_length if worker.model else None,
            }
        )

    async def models(self, request: Request) -> Response:  # noqa: ARG002
        entry = {"id": self._model_name, "object": "model", "created": 0, "owned_by": "local"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def count_tokens(self, request: Request) -> Response:
        model = self._worker.model
        if model is None:
            return self._not_ready()
        try:
            wanted = _CountRequest.model_validate_json(await request.body())
            messages = [message.to_chat() for message in wanted.messages]
            tokens = await run_in_threadpool(model.count_tokens, messages)
        except ValidationError as exc:
            return _error("invalid_request", _first_problem(exc))
        except KBError as exc:
            return _error(exc.code, str(exc))
        return JSONResponse({"tokens": tokens, "context_length": model.context_length})

    async def chat(self, request: Request) -> Response:
        model = self._worker.model
        if model is None:
            return self._not_ready()
        try:
            wanted = _ChatRequest.model_validate_json(await request.body())
            # Checked before the job waits in the queue: a refusal needs no place in it.
            await run_in_threadpool(
                _check_length, model, wanted.to_messages(), wanted.to_sampling()
            )
        except ValidationError as exc:
            return _error("invalid_request", _first_problem(exc))
        except KBError as exc:
            return _error(exc.code, str(exc))
        return _Answer(self._worker, self._model_name, wanted)

    def _not_ready(self) -> Response:
        if self._worker.status == "failed":
            return _error("model_failed", self._worker.reason)
        return _error("model_loading", "the model is being loaded, ask again in a moment")


class _Answer(Response):
    """One answer, streamed or whole; hears at once when the client goes away."""

    def __init__(self, worker: ModelWorker, model_name: str, wanted: _ChatRequest) -> None:
        super().__init__()
        self._worker = worker
        self._wanted = wanted
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model_name,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event] = asyncio.Queue()
        job = Job(self._wanted.begin, partial(_hand_over, loop, events))
        self._worker.submit(job)
        answer = self._stream if self._wanted.stream else self._whole
        answering = asyncio.ensure_future(answer(scope, receive, send, events))
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            job.cancelled.set()
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _whole(
        self, scope: Scope, receive: Receive, send: Send, events: asyncio.Queue[Event]
    ) -> None:
        pieces: list[str] = []
        logprobs = None
        while True:
            event = await events.get()
            if isinstance(event, str):
                pieces.append(event)
            elif isinstance(event, FirstToken):
                logprobs = _logprobs(event)
            elif isinstance(event, Failure):
                await _error(event.code, event.message)(scope, receive, send)
                return
            else:
                break
        message = {"role": "assistant", "content": "".join(pieces)}
        choice: dict[str, Any] = {"index": 0, "message": message}
        choice |= {"logprobs": logprobs, "finish_reason": event.finish_reason}
        body = self._head | {
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(event),
        }
        await JSONResponse(body)(scope, receive, send)

    async def _stream(
        self,
        scope: Scope,  # noqa: ARG002
        receive: Receive,  # noqa: ARG002
        send: Send,
        events: asyncio.Queue[Event],
    ) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send_data(send, self._chunk({"role": "assistant", "content": ""}))
        while True:
            try:
                event = await asyncio.wait_for(events.get(), _HEARTBEAT_SECONDS)
            except TimeoutError:
                event = ""
            if isinstance(event, str):
                await _send_data(send, self._chunk({"content": event}))
            elif isinstance(event, FirstToken):
                chunk = self._chunk({"content": ""})
                chunk["choices"][0]["logprobs"] = _logprobs(event)
                await _send_data(send, chunk)
            elif isinstance(event, Failure):
                await _send_data(send, _error_object(event.code, event.message))
                break
            else:
                await _send_data(send, self._chunk({}, finish_reason=event.finish_reason))
                options = self._wanted.stream_options
                if options is not None and options.include_usage:
                    await _send_data(send, self._chunk(None, usage=_usage(event)))
                break
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})

    def _chunk(
        self,
        delta: dict[str, str] | None,
        *,
        finish_reason: str | None = None,
        usage: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        chunk: dict[str, Any] = self._head | {
            "object": "chat.completion.chunk",
            "choices": [] if delta is None else [choice],
        }
        if usage is not None:
            chunk["usage"] = usage
        return chunk


def _hand_over(loop: asyncio.AbstractEventLoop, events: asyncio.Queue[Event], event: Event) -> None:
    loop.call_soon_threadsafe(events.put_nowait, event)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_data(send: Callable[[dict[str, Any]], Awaitable[None]], data: object) -> None:
    body = b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _check_length(model: LocalChatModel, messages: list[ChatMessage], sampling: Sampling) -> None:
    answer_budget(model.count_tokens(messages), sampling, model.context_length)


def _logprobs(first: FirstToken) -> dict[str, Any]:
    """Write chances in OpenAI's form; the text is left empty, who asks wants no answer."""
    tokens = [{"token": text, "logprob": chance} for text, chance in first.logprobs.items()]
    return {"content": [{**tokens[0], "top_logprobs": tokens}]}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.prompt_tokens - usage.evaluated_tokens},
    }


def _first_problem(exc: ValidationError) -> str:
    first = exc.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'body'}: {first['msg']}"


def _error_object(code: str, message: str) -> dict[str, Any]:
    # The words that OpenAI's clients know.
    code = {
        "context_too_long": "context_length_exceeded",
        "unsupported": "unsupported_parameter",
    }.get(code, code)
    kind = "invalid_request_error" if _STATUS.get(code, 500) < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _error(code: str, message: str) -> Response:
    return JSONResponse(_error_object(code, message), status_code=_STATUS.get(code, 500))
