"""The process that parses: reads requests from stdin, writes records to stdout, one JSON each a
line.

Started by `loaders.sandbox` as `python -m loaders.child`. A hostile or broken file may crash or
fill this process; nothing else is lost with it.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
from typing import Any, BinaryIO

from loaders.errors import LimitExceededError, LoadError
from loaders.limits import MEGABYTE, Limits
from loaders.load import records_of
from loaders.wire import encode

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
READY = b'{"kind":"ready"}\n'


def main() -> None:
    """Serve requests until stdin ends."""
    memory_mb = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    requests, answers = _take_channels()
    _die_with_parent()
    if memory_mb:
        _limit_memory(memory_mb)
    answers.write(READY)
    answers.flush()
    for line in requests:
        _serve(json.loads(line), answers, memory_mb)


def _serve(request: dict[str, Any], answers: BinaryIO, memory_mb: int) -> None:
    try:
        for record in records_of(
            request["path"],
            name=request["name"],
            password=request["password"],
            limits=Limits(**request["limits"]),
        ):
            answers.write(encode(record))
    except BrokenPipeError:
        # The parent gave the file up and closed its end.
        raise SystemExit(0) from None
    except LoadError as exc:
        answers.write(encode(exc))
    except MemoryError:
        answers.write(encode(LimitExceededError("out of memory", limit="memory", value=memory_mb)))
    except Exception as exc:  # the worker loop: one file must not end the process
        logger.warning("unexpected failure", exc_info=True)
        # Only the kind of the error: its message may quote the document.
        answers.write(encode(LoadError(f"{request['name']}: {type(exc).__name__}")))
    answers.flush()


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the protocol; what libraries print goes to stderr."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, answers


def _die_with_parent() -> None:
    """Ask Linux to end this process with its parent; elsewhere the end of stdin does."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have died before the request took effect.
        if str(os.getppid()) != os.environ.get("ZHIKU_PARENT", str(os.getppid())):
            raise SystemExit(0)


def _limit_memory(megabytes: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    limit = megabytes * MEGABYTE
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ValueError, OSError):
        # macOS knows no such limit; the parent watches the resident size all the same.
        logger.info("no address space limit on this system")


if __name__ == "__main__":
    main()
