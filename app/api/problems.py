"""Errors over HTTP: RFC 9457 problem objects with our code and hint."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api.dependencies import language_of
from app.api.models import Problem
from app.messages import Message, of_error
from app.strings import text
from kb import errors
from loaders.errors import LoadError

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

# The first class that fits decides; a KBError that none names is our own failure.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.NotFoundError, 404),
    (errors.AmbiguousNameError, 409),
    (errors.DuplicateError, 409),
    (errors.AuthenticationError, 401),
    (errors.PermissionDeniedError, 403),
    (errors.BusyError, 503),
    (errors.BackendUnavailableError, 503),
    (errors.ContextTooLongError, 422),
    (errors.SettingsError, 422),
    (errors.PromptError, 422),
    (errors.DimensionMismatchError, 409),
    (errors.CancelledError, 409),
    (errors.FileExistsAlreadyError, 409),
    (errors.NoRoomError, 507),
    (LoadError, 422),
)


class BadRequestError(errors.KBError):
    """A request that cannot be understood. Params: ``problem``."""

    code = "bad_request"


class TooLargeError(errors.KBError):
    """An upload beyond the limit. Params: ``limit`` in megabytes."""

    code = "too_large"


def status_of(error: Exception) -> int:
    """Return the HTTP status for an error."""
    if isinstance(error, BadRequestError):
        return 400
    if isinstance(error, TooLargeError):
        return 413
    return next((status for cls, status in _STATUS if isinstance(error, cls)), 500)


def problem_response(request: Request, status: int, message: Message) -> JSONResponse:
    """Wrap a message into a problem response."""
    problem = Problem(
        type=f"urn:zhiku:error:{message.code}",
        title=message.text,
        status=status,
        detail=message.text,
        instance=request.url.path,
        code=message.code,
        hint=message.hint,
    )
    content = problem.model_dump()
    if getattr(request.app.state, "openai_errors", False):
        kind = "invalid_request_error" if status < 500 else "server_error"
        content["error"] = openai_error(message, kind)
    return JSONResponse(content, status_code=status, media_type=PROBLEM_JSON)


def openai_error(message: Message, kind: str) -> dict[str, str | None]:
    """Write an error as clients of the OpenAI protocol look for it."""
    return {"message": message.text, "type": kind, "param": None, "code": message.code}


def install_handlers(app: FastAPI) -> None:
    """Make every error of an application a problem object."""

    @app.exception_handler(errors.KBError)
    @app.exception_handler(LoadError)
    async def known(request: Request, error: Exception) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem_response(request, status, of_error(error, language_of(request)))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> JSONResponse:
        detail = error.errors()[0] if isinstance(error, RequestValidationError) else {}
        where = ".".join(str(part) for part in detail.get("loc", ()))
        problem = BadRequestError(str(error), problem=f"{where}: {detail.get('msg', '')}")
        return problem_response(request, 422, of_error(problem, language_of(request)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        code = {404: "no_route", 405: "no_method"}.get(status, "bad_request")
        language = language_of(request)
        sentence = text(f"error.{code}", language, problem=getattr(error, "detail", ""))
        return problem_response(request, status, Message(code, sentence, ""))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        message = of_error(error, language_of(request))
        return problem_response(request, 500 if message.code == "internal" else 507, message)
