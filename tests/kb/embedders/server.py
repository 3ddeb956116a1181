"""A small server that speaks OpenAI's embeddings protocol on a thread of its own."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


@dataclass
class Embeddings:
    """What the server does and what it has seen; ``statuses`` are answered first, one each."""

    dim: int = 16
    key: str = ""
    statuses: list[int] = field(default_factory=list)
    answer: str | None = None
    sizes: list[int] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(state: Embeddings) -> Iterator[Embeddings]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if state.key and self.headers.get("Authorization") != f"Bearer {state.key}":
                self._send(401, "wrong key")
            elif state.statuses:
                self._send(state.statuses.pop(0), "busy")
            elif self.path != "/v1/embeddings":
                self._send(404, "no such path")
            else:
                state.sizes.append(len(body["input"]))
                self._send(200, state.answer or _answer(body["input"], state.dim))

        def _send(self, status: int, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(texts: list[str], dim: int) -> str:
    rows = [
        {
            "index": index,
            "embedding": np.random.default_rng(zlib.crc32(text.encode())).normal(size=dim).tolist(),
        }
        for index, text in enumerate(texts)
    ]
    # The protocol does not promise an order.
    return json.dumps({"data": rows[::-1]})
