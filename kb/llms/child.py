"""The chat child: ``python -m kb.llms.child`` serves one local chat model on a loopback port.

The first line of stdin is a JSON object: ``key`` (the bearer key), ``name``, ``backend``,
``path``, ``context_length``, ``threads``, ``options``, ``parent`` (process id). The only line of
stdout is ``{"port": N}``. The child ends when its stdin does.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn

from kb.llms.registry import open_model
from kb.llms.server import make_app
from kb.llms.worker import ModelWorker
from kb.models.table import LoadOptions

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve until the parent goes away."""
    settings: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    _die_with_parent(settings["parent"])
    announce = _take_stdout()
    worker = ModelWorker(
        lambda: open_model(
            settings["backend"],
            Path(settings["path"]),
            context_length=settings["context_length"],
            threads=settings["threads"],
            options=LoadOptions(**settings["options"]),
        )
    )
    app = make_app(worker, model_name=settings["name"], key=settings["key"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with os.fdopen(announce, "w") as stdout:
        stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    worker.start()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    uvicorn.Server(config).run(sockets=[listener])


def _take_stdout() -> int:
    """Keep the stream of the announcement to ourselves; native code that prints ends in the log."""
    announce = os.dup(1)
    os.dup2(2, 1)
    return announce


def _die_with_parent(parent: int) -> None:
    threading.Thread(target=_exit_at_end_of_input, name="parent-watch", daemon=True).start()
    if sys.platform == "linux":
        # Another process of the parent may have inherited our stdin and keep it open.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def _exit_at_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    # The engine may be in the middle of a step: no clean-up is worth waiting for it.
    os._exit(0)


if __name__ == "__main__":
    main()
