"""Who may talk to the server: requests to its own name, and changes only from its own pages."""

from __future__ import annotations

import ipaddress
import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.dependencies import bearer_matches
from app.strings import Language, text

REQUEST_HEADER = "x-zhiku"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_GUARDED = ("/api/", "/v1/")
_RESPONSE_HEADERS = {
    # Nothing on a page may reach any other address; Streamlit's pages need inline code and blobs.
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


class Guard:
    """Refuses other host names (DNS rebinding) and writing requests of other sites (CSRF).

    While the server listens on a loopback address, its Host must be a loopback name. A request that
    changes something under /api must carry the header ``X-Zhiku`` (another site cannot send it
    without a preflight, which nobody answers) or the server's token; under /v1 a JSON body from no
    browser page, as OpenAI clients send it, passes too.
    """

    def __init__(
        self, app: ASGIApp, *, token: str, loopback_only: bool, language: Language
    ) -> None:
        self._app = app
        self._token = token
        self._loopback_only = loopback_only
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem object."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await self._refuse(scope, receive, send, refusal)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _RESPONSE_HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if self._loopback_only and not is_loopback(_host_name(host)):
            return "wrong_host"
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        if foreign and changes:
            # Reading across sites is refused by the browser; writing and sockets by us.
            return "cross_site"
        if scope["type"] == "websocket" or not changes:
            return None
        path = scope["path"]
        if not path.startswith(_GUARDED):
            return None
        if REQUEST_HEADER in headers:
            return None
        if bearer_matches(headers.get("authorization", ""), self._token):
            return None
        json_body = headers.get("content-type", "").split(";")[0].strip() == "application/json"
        if path.startswith("/v1/") and json_body and "sec-fetch-site" not in headers:
            return None
        return "cross_site"

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, code: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": code})
            return
        detail = text(f"error.{code}", self._language)
        problem = {
            "type": f"urn:zhiku:error:{code}",
            "title": detail,
            "status": 403,
            "detail": detail,
            "instance": scope["path"],
            "code": code,
            "hint": text(f"hint.{code}", self._language),
        }
        body = json.dumps(problem, ensure_ascii=False).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 403,
                "headers": [
                    (b"content-type", b"application/problem+json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


def is_loopback(name: str) -> bool:
    """Tell whether a host name or address means this machine only."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    """Take the port and the brackets of an IPv6 address off a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
