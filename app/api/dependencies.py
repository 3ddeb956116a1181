"""What every route needs: the workspace, its operations, the reader's language, the token."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request

from app.operations import LocalOperations
from app.state import workspace
from app.strings import Language
from kb.errors import PermissionDeniedError

if TYPE_CHECKING:
    from kb.workspace import Workspace

LANGUAGE_HEADER = "x-zhiku-language"


def language_of(request: Request) -> Language:
    """Return the language of the reader: the one the page names, else the server's setting."""
    wanted = request.headers.get(LANGUAGE_HEADER, "")
    if wanted in ("zh", "en"):
        return cast(Language, wanted)
    return cast(Language, getattr(request.app.state, "language", "zh"))


def operations_of(request: Request) -> LocalOperations:
    """Return the operations in the reader's language."""
    return LocalOperations(workspace(), language_of(request))


def require_token(request: Request) -> None:
    """Let only callers pass who can read the server's file: the command line on this machine.

    Raises:
        PermissionDeniedError: the token is missing or wrong.
    """
    if not has_token(request):
        raise PermissionDeniedError("this route needs the server's token")


def has_token(request: Request) -> bool:
    """Tell whether the request carries the server's token."""
    return bearer_matches(request.headers.get("authorization", ""), request.app.state.token)


def bearer_matches(header: str, token: str) -> bool:
    """Compare an Authorization header with the token, in constant time."""
    scheme, _, given = header.partition(" ")
    return (
        scheme.lower() == "bearer"
        and bool(token)
        and secrets.compare_digest(given.strip().encode(), token.encode())
    )


CurrentOperations = Annotated[LocalOperations, Depends(operations_of)]
CurrentLanguage = Annotated[Language, Depends(language_of)]

if TYPE_CHECKING:
    CurrentWorkspace = Annotated[Workspace, Depends(workspace)]
else:
    # FastAPI reads this at import; the workspace's own module is imported after the port answers.
    CurrentWorkspace = Annotated[Any, Depends(workspace)]
