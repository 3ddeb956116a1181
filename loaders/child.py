"""The process that parses: reads requests from stdin, writes records to stdout, one JSON each a
line.

Started by `loaders.sandbox` as `python -m loaders.child`. A hostile or broken file may crash or
fill this process; nothing else is lost with it.
"""

from __future__ import annotations

import ctypes
import json
import logging
import math
import os
import signal
import sys
import time
from typing import Any, BinaryIO

from loaders.errors import DamagedFileError, LimitExceededError, LoadError
from loaders.limits import MEGABYTE, Limits
from loaders.load import records_of
from loaders.wire import encode

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_SPARE_SECONDS = 10
_SEND_SECONDS = 1.0
READY = b'{"kind":"ready"}\n'


def main() -> None:
    """Serve requests until stdin ends."""
    memory_mb = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    requests, answers = _take_channels()
    _die_with_parent()
    _leave_no_core()
    if memory_mb:
        _limit_memory(memory_mb)
    answers.write(READY)
    answers.flush()
    for line in requests:
        _serve(json.loads(line), answers, memory_mb)


def _serve(request: dict[str, Any], answers: BinaryIO, memory_mb: int) -> None:
    limits = Limits(**request["limits"])
    seconds = request["seconds"]
    _limit_file(seconds, limits.written_mb)
    sent = time.monotonic()
    try:
        for record in records_of(
            request["path"],
            name=request["name"],
            password=request["password"],
            limits=limits,
            force_ocr=request["force_ocr"],
        ):
            answers.write(encode(record))
            if time.monotonic() - sent > _SEND_SECONDS:
                # Slow files, scans above all, show that they get on, and are given more time.
                answers.flush()
                _limit_file(seconds, limits.written_mb)
                sent = time.monotonic()
    except BrokenPipeError:
        # The parent gave the file up and closed its end.
        raise SystemExit(0) from None
    except LoadError as exc:
        answers.write(encode(exc))
    except MemoryError:
        answers.write(encode(LimitExceededError("out of memory", limit="memory", value=memory_mb)))
    except RecursionError:
        answers.write(encode(DamagedFileError(f"{request['name']}: nested too deeply")))
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

    try:
        _set_soft(resource.RLIMIT_AS, megabytes * MEGABYTE)
    except (ValueError, OSError):
        # macOS knows no such limit; the parent watches the resident size all the same.
        logger.info("no address space limit on this system")


def _limit_file(seconds: float, written_mb: int) -> None:
    """Bound what the next element may take of the processor, and what may be written on the way.

    The parent watches the clock; this holds where the parent itself is stopped.
    """
    if sys.platform == "win32":
        return
    import resource

    worked = time.process_time() + seconds * (os.cpu_count() or 1)
    _set_soft(resource.RLIMIT_CPU, math.ceil(worked) + _SPARE_SECONDS)
    _set_soft(resource.RLIMIT_FSIZE, written_mb * MEGABYTE)


def _leave_no_core() -> None:
    """A dump of this process would hold the document, and the password of an encrypted one."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _set_soft(kind: int, value: int) -> None:
    """Set a soft limit; the hard one stays, so that a program started here may have another."""
    import resource

    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    main()
