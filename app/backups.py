"""The commands that write and restore backups; they work on the data folder itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from app import output
from app.api.models import RestoreModel
from app.commands import Context
from app.convert import backup_model
from kb.backup.manifest import Manifest

_NAMED = 5


def back_up(context: Context) -> int:
    """Write all knowledge bases into one file; 1 when an original was not there."""
    from kb.backup.writing import write_backup

    started = time.monotonic()
    target = Path(context.options.file).absolute()
    manifest = write_backup(
        context.settings.home, target, progress=_progress(context, "backup_progress")
    )
    _end_progress()
    size = target.stat().st_size
    if context.as_json:
        output.as_json(backup_model(manifest, target, time.monotonic() - started))
    else:
        _say(context, "backed_up", manifest, size=output.size_text(size), file=str(target))
        if manifest.missing:
            named = context.name_of("list.separator").join(manifest.missing[:_NAMED])
            output.line(context.say("backup_missing", count=len(manifest.missing), names=named))
    return 1 if manifest.missing else 0


def restore(context: Context) -> int:
    """Make the data folder what it was when a backup was written."""
    from kb.backup.restoring import restore_backup

    started = time.monotonic()
    source = Path(context.options.file).absolute()
    manifest = restore_backup(
        source,
        context.settings.home,
        replace=context.options.replace,
        progress=_progress(context, "restore_progress"),
    )
    _end_progress()
    if context.as_json:
        output.as_json(
            RestoreModel(
                file=str(source),
                home=str(context.settings.home),
                knowledge_bases=len(manifest.knowledge_bases),
                documents=manifest.documents,
                seconds=round(time.monotonic() - started, 2),
            )
        )
    else:
        _say(context, "restored", manifest, home=str(context.settings.home))
    return 0


def _say(context: Context, key: str, manifest: Manifest, **params: object) -> None:
    output.line(
        context.say(
            key,
            knowledge_bases=len(manifest.knowledge_bases),
            documents=manifest.documents,
            **params,
        )
    )


def _progress(context: Context, key: str) -> Callable[[int, int], None]:
    """Tell a person at a terminal how far it is, twice a second."""
    shown = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if sys.stderr.isatty() and now - shown > 0.5:
            shown = now
            sizes = {"done": output.size_text(done), "total": output.size_text(total)}
            sys.stderr.write(f"\r\x1b[K{context.say(key, **sizes)}")
            sys.stderr.flush()

    return tell


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
