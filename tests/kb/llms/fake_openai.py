"""A real HTTP server that speaks the OpenAI protocol, with the faults that servers have."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECES = ("根据", "已知", "信息", "，可以。")


class FaultyServer(ThreadingHTTPServer):
    """Answers by the fault named in the last message."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        return

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.keys.append(self.headers["Authorization"])
        fault = body["messages"][-1]["content"]
        answer = getattr(self, f"_{fault}", self._well)
        answer()

    def _well(self) -> None:
        self._begin()
        for piece in PIECES:
            self._chunk({"content": piece})
        self._chunk({}, "stop")
        self._write("[DONE]")
        self._end()

    def _json(self) -> None:
        self._begin()
        for piece in ('{"列": ', '"营业', '收入"}'):
            self._chunk({"content": piece})
        self._chunk({}, "stop")
        self._end()

    def _toolittle(self) -> None:
        self._begin()
        self._chunk({"content": '{"列": "营'})
        self._chunk({}, "length")
        self._end()

    def _chances(self) -> None:
        told = [("能", -0.25), ("不", -2.0), ("\ufffd", -4.0), ("\ufffd", -4.0)]
        tokens = [{"token": text, "logprob": chance, "bytes": None} for text, chance in told]
        self._begin()
        self._chunk({"role": "assistant", "content": ""})
        logprobs = {"content": [{**tokens[0], "top_logprobs": tokens}]}
        self._chunk({"content": "能"}, "length", logprobs)
        self._end()

    def _oddchances(self) -> None:
        self._begin()
        self._chunk({"content": "能"}, "length", {"content": [{"token": "能"}]})
        self._end()

    def _noformat(self) -> None:
        self._refuse(400, "response_format of this kind is not supported", "invalid_request")

    def _nologprobs(self) -> None:
        self._refuse(422, "extra fields not permitted: logprobs", "invalid_request")

    def _cut(self) -> None:
        self._begin()
        self._chunk({"content": PIECES[0]})
        self.close_connection = True

    def _unfinished(self) -> None:
        self._begin()
        self._chunk({"content": PIECES[0]})
        self._end()

    def _slow(self) -> None:
        self._begin()
        self._chunk({"content": PIECES[0]})
        time.sleep(3)
        self.close_connection = True

    def _garbage(self) -> None:
        self._begin()
        self._write("{this is no JSON")
        self._end()

    def _strange(self) -> None:
        self._begin()
        self._write('{"hello": "world"}')
        self._write('["a", "b"]')
        self._end()

    def _inside(self) -> None:
        self._begin()
        self._chunk({"content": PIECES[0]})
        self._write(json.dumps({"error": {"message": "CUDA out of memory", "code": "oom"}}))
        self._end()

    def _500(self) -> None:
        self._refuse(500, "internal trouble", "server_error")

    def _429(self) -> None:
        self._refuse(429, "too many requests", "rate_limit_exceeded")

    def _401(self) -> None:
        self._refuse(401, "wrong key", "invalid_api_key")

    def _404(self) -> None:
        self._refuse(404, "no such model", "model_not_found")

    def _toolong(self) -> None:
        message = "This model's maximum context length is 4096 tokens, you requested 9000"
        self._refuse(400, message, "context_length_exceeded")

    def _refuse(self, status: int, message: str, code: str) -> None:
        data = json.dumps({"error": {"message": message, "type": "x", "code": code}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(
        self,
        delta: dict[str, str],
        finish_reason: str | None = None,
        logprobs: dict[str, Any] | None = None,
    ) -> None:
        choice: dict[str, Any] = {"index": 0, "delta": delta, "logprobs": logprobs}
        choice["finish_reason"] = finish_reason
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "big"}
        self._write(json.dumps(head | {"choices": [choice]}))

    def _write(self, data: str) -> None:
        line = f"data: {data}\n\n".encode()
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def serving() -> Iterator[FaultyServer]:
    """Run the server on a free port."""
    with FaultyServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
