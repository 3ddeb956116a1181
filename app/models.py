"""`kb models`: what models there are, which are here and in use; fetch, convert, verify them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app import output
from app.api.models import ConvertedModel, ModelList, ModelModel
from app.messages import of_stage
from app.strings import Language, text
from kb.conversion import convert
from kb.errors import KBError, NotFoundError
from kb.models import local, pull, table
from kb.models.progress import Progress
from kb.models.table import ChatModel, EmbedderModel, LoadOptions, Model

if TYPE_CHECKING:
    from app.commands import Context

_REPORT_SECONDS = 0.3


class ModelNameMissingError(KBError):
    """The action needs the name of a model. Params: ``action``."""

    code = "model_name_missing"


def run_models(context: Context) -> int:
    """List, fetch, choose, verify or convert models."""
    options = context.options
    folder = context.settings.models
    name: str | None = options.model
    if options.action == "list":
        return _show(context, context.operations().models())
    if name is None and options.action == "verify":
        names = [each.name for each in table.all_models(folder) if is_present(each, folder)]
    elif name is None:
        raise ModelNameMissingError(f"models {options.action} needs a name", action=options.action)
    else:
        names = [name]
    if options.action == "use":
        listed = context.operations().use_model(names[0])
        return _show(context, listed, said=context.say("model.using", name=names[0]))
    if options.action == "convert":
        return _convert(context, names[0])
    for each in names:
        _fetch_or_verify(context, each)
    if context.as_json:
        models = [model_model(table.find(each, folder), folder, used=()) for each in names]
        output.as_json(ModelList(models=models))
    return 0


def _fetch_or_verify(context: Context, name: str) -> None:
    options, folder = context.options, context.settings.models
    progress = _Progress(context.language)
    try:
        if options.action == "verify":
            pull.verify(name, folder=folder, progress=progress)
        elif options.path:
            local.register(
                name,
                options.path,
                folder=folder,
                options=LoadOptions(
                    lora=str(Path(options.lora).expanduser().resolve()) if options.lora else "",
                    quantize=options.quantize,
                    trust_code=options.trust_code,
                ),
                api_key=options.api_key,
                served_as=options.served_as,
                context_length=options.context_length,
            )
        else:
            pull.pull(name, folder=folder, progress=progress, origin=options.origin)
    finally:
        progress.end()
    if not context.as_json:
        key = "model.verified" if options.action == "verify" else "model.pulled"
        output.line(context.say(key, name=name))


def _convert(context: Context, name: str) -> int:
    options, progress = context.options, _Progress(context.language)
    try:
        made = convert(
            name,
            folder=context.settings.models,
            quantize=options.quantize,
            prefix=Path(options.prefix) if options.prefix else None,
            lora=Path(options.lora) if options.lora else None,
            progress=progress,
        )
    finally:
        progress.end()
    if context.as_json:
        output.as_json(
            ConvertedModel(
                model=made.model.name,
                path=str(made.path),
                cosine_mean=made.cosine_mean,
                cosine_least=made.cosine_least,
            )
        )
        return 0
    command = f"kb models use {made.model.name}"
    if isinstance(made.model, EmbedderModel):
        command = f"kb create … --embedder {made.model.name}"
    said = context.say("model.converted", name=made.model.name, path=made.path, command=command)
    output.line(said)
    if made.cosine_mean is not None:
        output.line(
            context.say(
                "model.cosine",
                mean=f"{made.cosine_mean:.4f}",
                least=f"{made.cosine_least:.4f}",
            )
        )
    return 0


def model_list(folder: Path, used: tuple[str, ...]) -> ModelList:
    """List all models; ``used`` are the names in use."""
    return ModelList(
        models=[model_model(model, folder, used=used) for model in table.all_models(folder)]
    )


def model_model(model: Model, folder: Path, *, used: tuple[str, ...]) -> ModelModel:
    """Convert a model of the table."""
    return ModelModel(
        name=model.name,
        kind="chat" if isinstance(model, ChatModel) else "embedder",
        backend=model.backend,
        licence=model.licence,
        size=model.size,
        present=is_present(model, folder),
        used=model.name in used,
    )


def is_present(model: Model, folder: Path) -> bool:
    """Tell whether the files of a model are on this machine, without reading them."""
    return model.backend == "openai" or table.model_path(model, folder).exists()


def checked_chat_model(name: str, folder: Path) -> str:
    """Return the name if it is a chat model's.

    Raises:
        NotFoundError: it is not; an embedder is chosen for each knowledge base on its own.
    """
    found = table.find(name, folder)
    if not isinstance(found, ChatModel):
        raise NotFoundError(
            f"{name} is an embedder, chosen for each knowledge base",
            hint=f"kb create NAME --embedder {name}",
            kind="chat_model",
            name=name,
        )
    return found.name


def _show(context: Context, listed: ModelList, *, said: str = "") -> int:
    if context.as_json:
        output.as_json(listed)
        return 0
    if said:
        output.line(said)
        return 0
    heads = ("model", "kind", "backend", "licence", "size", "state")
    output.table(
        [context.say(f"head.{name}") for name in heads],
        [
            (
                model.name,
                context.say(f"model.kind.{model.kind}"),
                model.backend,
                model.licence,
                output.size_text(model.size),
                context.say(_state(model)),
            )
            for model in listed.models
        ],
    )
    return 0


def _state(model: ModelModel) -> str:
    if not model.present:
        return "model.absent"
    return "model.used" if model.used else "model.present"


class _Progress:
    """A line on stderr that says how far a model is."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language
        self._said = 0.0
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        new_stage = progress.stage != self._stage
        if not new_stage and now - self._said < _REPORT_SECONDS:
            return
        share = f"{progress.done * 100 // progress.total}%" if progress.total else ""
        parts = [progress.model, of_stage(progress.stage, self._language), share]
        if progress.seconds_left is not None:
            parts.append(text("cli.eta", self._language, seconds=round(progress.seconds_left)))
        shown = " ".join(parts)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{shown}")
        elif new_stage:
            sys.stderr.write(shown + "\n")
        sys.stderr.flush()
        self._said, self._stage = now, progress.stage

    def end(self) -> None:
        """Take the line away."""
        if self._stage and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
