"""`kb doctor`: what this machine has and lacks, and the command that mends it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app import output
from app.api.models import CheckModel, DoctorModel
from app.client import find_server
from app.models import is_present
from kb.errors import KBError
from kb.models import table

if TYPE_CHECKING:
    from app.commands import Context

_PACKAGES = (
    "alembic",
    "faiss",
    "fastapi",
    "langchain_openai",
    "numpy",
    "onnxruntime",
    "openpyxl",
    "pypdfium2",
    "rjieba",
    "sqlalchemy",
    "streamlit",
    "tantivy",
    "tokenizers",
    "unstructured",
    "uvicorn",
)
_SETUP = "python3 -m app setup"
_LOW_SPACE = 2 << 30


def run_doctor(context: Context) -> int:
    """Check and report; 1 when something that is needed is missing."""
    checks = list(_checks(context))
    report = DoctorModel(ok=all(each.state != "failed" for each in checks), checks=checks)
    if context.as_json:
        output.as_json(report)
    else:
        heads = ("check", "state", "detail")
        output.table(
            [context.say(f"head.{name}") for name in heads],
            [
                (
                    each.name,
                    context.say(f"check.{each.state}"),
                    each.detail + (f" → {each.hint}" if each.hint else ""),
                )
                for each in checks
            ],
        )
    return 0 if report.ok else 1


def _checks(context: Context) -> Iterator[CheckModel]:
    yield _ok(context.say("check.python"), f"{platform.python_version()} ({sys.executable})")
    yield from _packages(context)
    yield _home(context)
    yield _server(context)
    yield from _models(context)
    yield _engine(context)
    yield _formats(context)


def _packages(context: Context) -> Iterator[CheckModel]:
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if not missing:
        yield _ok(context.say("check.packages"), str(len(_PACKAGES)))
    for name in missing:
        yield CheckModel(
            name=context.say("check.package", name=name),
            state="failed",
            detail=context.say("check.package.missing"),
            hint=_SETUP,
        )


def _home(context: Context) -> CheckModel:
    name = context.say("check.home")
    home = context.settings.home
    existing = next(path for path in (home, *home.resolve().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        detail = context.say("check.home.unwritable", path=home)
        return CheckModel(name=name, state="failed", detail=detail, hint="KB_HOME")
    free = shutil.disk_usage(existing).free
    detail = context.say("check.home.free", path=home, free=output.size_text(free))
    state = "warning" if free < _LOW_SPACE else "ok"
    return CheckModel(name=name, state=state, detail=detail, hint="")


def _server(context: Context) -> CheckModel:
    name = context.say("check.server")
    running = find_server(context.settings.home, context.language)
    if running is None:
        return _ok(name, context.say("check.server.none"))
    running.close()
    return _ok(name, context.say("check.server.running", url=running.address.url))


def _models(context: Context) -> Iterator[CheckModel]:
    """Check the embedder of new knowledge bases and the chat model, or the bundled ones."""
    settings = context.settings
    folder: Path = settings.models
    chat = settings.chat_model or table.CHAT_MODELS[0].name
    for name, kind, needed in ((settings.embedder, "embedder", True), (chat, "chat", False)):
        title = context.say("check.model", kind=context.say(f"model.kind.{kind}"), name=name)
        try:
            found = is_present(table.find(name, folder), folder)
        except KBError as exc:
            yield CheckModel(name=title, state="failed", detail=str(exc), hint="kb models list")
            continue
        if found:
            yield _ok(title, context.say("model.present"))
        else:
            # Without a chat model answers are excerpts; without an embedder there are none.
            yield CheckModel(
                name=title,
                state="failed" if needed else "warning",
                detail=context.say("model.absent"),
                hint=f"kb models pull {name}",
            )


def _engine(context: Context) -> CheckModel:
    from kb.llms.registry import BACKENDS

    name = context.say("check.engine")
    installed = [backend.name for backend in BACKENDS.values() if backend.is_installed()]
    if installed:
        return _ok(name, ", ".join(installed))
    return CheckModel(
        name=name, state="warning", detail=context.say("check.engine.none"), hint=_SETUP
    )


def _formats(context: Context) -> CheckModel:
    from loaders.formats import formats_read

    name = context.say("check.formats")
    readable: list[str] = []
    unreadable: list[str] = []
    for entry in formats_read():
        lacks = [need for need in entry.needs if importlib.util.find_spec(need) is None]
        (unreadable if lacks else readable).append(entry.name)
    if unreadable:
        detail = context.say("check.formats.lacking", names=", ".join(unreadable))
        return CheckModel(name=name, state="failed", detail=detail, hint=_SETUP)
    return _ok(name, ", ".join(readable))


def _ok(name: str, detail: str) -> CheckModel:
    return CheckModel(name=name, state="ok", detail=detail, hint="")
