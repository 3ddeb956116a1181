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
from app.api.models import CheckModel, DoctorModel, FindingModel, FormatModel
from app.client import find_server
from app.messages import of_error
from app.models import is_present
from app.setup.system import install_command
from kb.errors import KBError
from kb.folder import CATALOG
from kb.models import table
from loaders.formats import FORMATS, Format
from loaders.needs import can_ocr, lack_of, lacking_codecs

if TYPE_CHECKING:
    from app.commands import Context

_PACKAGES = (
    "alembic",
    "faiss",
    "fastapi",
    "langchain_openai",
    "lxml",
    "numpy",
    "onnxruntime",
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
# The wheels of Pillow decode all of them; builds of one's own may not.
_PILLOW = "pip install --force-reinstall --only-binary :all: pillow"
_LOW_SPACE = 2 << 30
# The packages of Debian and Ubuntu without what shows windows.
_SYSTEM_PACKAGES = {
    "libreoffice-writer": "libreoffice-writer-nogui",
    "libreoffice-impress": "libreoffice-impress-nogui",
}


def run_doctor(context: Context) -> int:
    """Check and report; 1 when something that is needed is missing."""
    formats = [row for entry in FORMATS for row in _rows(context, entry)]
    findings = _findings(context)
    checks = [
        *_checks(context),
        *_data(context, findings),
        _formats(context, formats),
        _ocr(context),
    ]
    report = DoctorModel(
        ok=all(each.state != "failed" for each in checks),
        checks=checks,
        formats=formats,
        findings=findings if isinstance(findings, list) else [],
    )
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
        output.line()
        columns = ("format", "suffixes", "state", "hint")
        output.table(
            [context.say(f"head.{name}") for name in columns],
            [
                (
                    each.name,
                    " ".join(each.suffixes),
                    context.say(f"format.{each.state}", names=", ".join(each.missing)),
                    each.hint,
                )
                for each in formats
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


def _findings(context: Context) -> list[FindingModel] | KBError:
    """What is amiss in the data folder; nothing where there is none yet."""
    if not (context.settings.home / CATALOG).is_file():
        return []
    try:
        return context.operations().examine(repair=context.options.repair).findings
    except KBError as exc:
        return exc


def _data(context: Context, findings: list[FindingModel] | KBError) -> Iterator[CheckModel]:
    name = context.say("check.data")
    if isinstance(findings, KBError):
        message = of_error(findings, context.language)
        yield CheckModel(name=name, state="failed", detail=message.text, hint=message.hint)
        return
    if not findings:
        yield _ok(name, context.say("check.data.fine"))
    for each in findings:
        state = "warning" if each.repaired else "failed"
        hint = "" if each.repaired else "kb doctor --repair"
        yield CheckModel(name=name, state=state, detail=each.detail, hint=hint)


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


def _format(context: Context, entry: Format) -> FormatModel:
    """Tell whether this machine reads a format, and what to install or do if not."""
    state, hint = "ok", ""
    missing: tuple[str, ...] = ()
    if not entry.loader:
        state = "unsupported"
        hint = context.say("format.unpack" if entry.name == "archive" else "format.convert")
    elif lack := lack_of(entry):
        state, missing = "missing", (*lack.packages, *lack.programs)
        wanted = [_SYSTEM_PACKAGES.get(name, name) for name in lack.programs]
        hint = " && ".join(
            [*([_SETUP] if lack.packages else []), *([install_command(wanted)] if wanted else [])]
        )
    return FormatModel(
        name=entry.name,
        suffixes=list(entry.suffixes),
        state=state,
        missing=list(missing),
        hint=hint,
    )


def _rows(context: Context, entry: Format) -> Iterator[FormatModel]:
    """Tell of a format, and apart of those of its suffixes that are not read with the others."""
    row = _format(context, entry)
    lacking = lacking_codecs(entry.suffixes) if row.state == "ok" else {}
    row.suffixes = [suffix for suffix in row.suffixes if suffix not in lacking]
    yield row
    for suffix, codec in lacking.items():
        yield FormatModel(
            name=suffix,
            suffixes=[suffix],
            state="missing",
            missing=[f"Pillow: {codec}"],
            hint=_PILLOW,
        )


def _formats(context: Context, formats: list[FormatModel]) -> CheckModel:
    name = context.say("check.formats")
    lacking = [each for each in formats if each.state == "missing"]
    if not lacking:
        return _ok(name, ", ".join(each.name for each in formats if each.state == "ok"))
    # What the set-up brings must be here; programs of the system are the person's to install.
    failed = [each for each in lacking if each.hint.startswith(_SETUP)]
    return CheckModel(
        name=name,
        state="failed" if failed else "warning",
        detail=context.say("check.formats.lacking", names=", ".join(each.name for each in lacking)),
        hint=(failed or lacking)[0].hint,
    )


def _ocr(context: Context) -> CheckModel:
    name = context.say("check.ocr")
    if can_ocr():
        return _ok(name, context.say("check.ocr.ok"))
    return CheckModel(
        name=name, state="warning", detail=context.say("check.ocr.missing"), hint=_SETUP
    )


def _ok(name: str, detail: str) -> CheckModel:
    return CheckModel(name=name, state="ok", detail=detail, hint="")
