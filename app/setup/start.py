"""The two ways in: set up and serve, or only set up; every failure becomes a sentence."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.setup.console import Console
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.places import default_places
from app.setup.plan import main_steps, set_up
from app.setup.serve import serve
from app.setup.system import READ_ONLY

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python3 -m app`` and return its exit code."""
    options = _parser().parse_args(arguments)
    return guarded(lambda console: _run(options, console))


def guarded(run: Callable[[Console], int]) -> int:
    """Call ``run`` with a console; turn whatever fails into a sentence and an exit code."""
    console = Console()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # A signal that is ignored from outside stays ignored: that is what nohup is for.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        return run(console)
    except KeyboardInterrupt:
        return _fail(console, say("interrupted"), _INTERRUPTED)
    except SetupError as exc:
        return _fail(console, str(exc))
    except OSError as exc:
        return _fail(console, _sentence(exc))
    except Exception as exc:  # noqa: BLE001 -- a front door: no traceback, but a log of it
        problem = f"{type(exc).__name__}: {exc}"
        return _fail(console, say("unexpected", problem=problem, log=_log_traceback(exc)))


def _run(options: argparse.Namespace, console: Console) -> int:
    places = default_places()
    only_setup = options.command == "setup"
    steps = main_steps(places, retry=only_setup)
    if options.transformers:
        from app.setup.extras import transformers_steps

        steps += transformers_steps(places)
    if options.chatglm:
        from app.setup.extras import chatglm_step

        steps.append(chatglm_step(places))
    total = len(steps) if only_setup else len(steps) + 1
    worked = set_up(places, console, steps, total=total)
    if only_setup:
        console.note(say("setup_done"))
        return 0
    port = _port() if options.port is None else options.port
    host = options.host or os.environ.get("KB_HOST") or "127.0.0.1"
    console.begin(total if worked else 1, total if worked else 1, say("step_server"))
    return serve(places, console, host=host, port=port, browser=not options.no_browser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m app", description=say("usage"))
    parser.add_argument("--host", help=say("usage_host"))
    parser.add_argument("--port", type=_as_port, help=say("usage_port"))
    parser.add_argument("--no-browser", action="store_true", help=say("usage_no_browser"))
    parser.add_argument("--transformers", action="store_true", help=say("usage_transformers"))
    parser.add_argument("--chatglm", action="store_true", help=say("usage_chatglm"))
    parser.add_argument("command", nargs="?", choices=["setup"], help=say("usage_setup"))
    return parser


def _as_port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _port() -> int:
    value = os.environ.get("KB_PORT") or "8501"
    try:
        return _as_port(value)
    except ValueError as exc:
        raise SetupError("bad_port", value=value) from exc


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _fail(console: Console, sentence: str, code: int = 1) -> int:
    console.leave()
    sys.stderr.write(sentence + "\n")
    return code


def _sentence(exc: OSError) -> str:
    if exc.errno == errno.ENOSPC:
        return say("disk_full")
    if exc.errno in READ_ONLY:
        return say("not_writable", path=exc.filename or default_places().root)
    return say("os_error", problem=exc)


def _log_traceback(exc: Exception) -> Path:
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="zhiku-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exception(exc, file=file)
    return Path(name)
