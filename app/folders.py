"""The commands of mirrored folders."""

from __future__ import annotations

from pathlib import Path

from app import output
from app.api.folder_models import LinkRequest, SyncModel, SyncReport, SyncRequest, UnlinkRequest
from app.commands import Context
from app.messages import of_state

_NAMED = 5


def link(context: Context) -> int:
    """Mirror a folder and tell what is in it."""
    options = context.options
    request = LinkRequest(
        removal_share=options.removal_share,
        path=str(Path(options.folder).absolute()),
        ignore="\n".join(options.ignore),
    )
    report = context.operations().link(options.name, request)
    if context.as_json:
        output.as_json(report)
    else:
        _show(context, report)
        output.line(context.say("linked", name=options.name))
    return int(_is_amiss(report))


def unlink(context: Context) -> int:
    """Mirror a folder no more."""
    options = context.options
    request = UnlinkRequest(folder=options.folder, keep=options.keep)
    listed = context.operations().unlink(options.name, request)
    if context.as_json:
        output.as_json(listed)
    else:
        output.line(context.say("unlinked_kept" if options.keep else "unlinked"))
    return 0


def sync(context: Context) -> int:
    """Bring knowledge bases in step with their folders; 1 when something is left or failed."""
    options = context.options
    waits = not options.no_wait and not options.dry_run
    operations = context.operations(run_jobs=waits)
    names = (
        [options.name]
        if options.name
        else [each.name for each in operations.knowledge_bases().knowledge_bases]
    )
    request = SyncRequest(dry_run=options.dry_run, confirm=options.confirm)
    report = SyncReport(dry_run=options.dry_run, folders=[])
    for name in names:
        report.folders += operations.sync(name, request).folders
    failed = False
    if waits:
        progress = output.Progress(context.language)
        try:
            for folder in report.folders:
                if folder.job is not None:
                    job = operations.wait(folder.job, on_progress=progress)
                    bad = ("failed", "partial", "cancelled")
                    failed |= job.state != "done" or any(map(job.counts.get, bad))
        finally:
            progress.end()
    if context.as_json:
        output.as_json(report)
    else:
        _show(context, report)
    return int(failed or _is_amiss(report))


def _is_amiss(report: SyncReport) -> bool:
    return any(
        folder.problem or folder.unreadable or (folder.must_confirm and not report.dry_run)
        for folder in report.folders
    )


def _show(context: Context, report: SyncReport) -> None:
    for folder in report.folders:
        output.line(f"{folder.knowledge_base} ← {folder.path}")
        if folder.problem is not None:
            output.line("  " + folder.problem)
            continue
        output.line(
            "  "
            + context.say(
                "sync.counts",
                added=folder.added,
                changed=folder.changed,
                renamed=folder.renamed,
                removed=folder.removed,
            )
        )
        _name(context, folder)


def _name(context: Context, folder: SyncModel) -> None:
    renamed = [f"{each.before} → {each.now}" for each in folder.renamed_files]
    for mark, files in (
        ("+", folder.added_files),
        ("~", folder.changed_files),
        ("→", renamed),
        ("-", folder.removed_files),
    ):
        for path in files[:_NAMED]:
            output.line(f"  {mark} {path}")
        if len(files) > _NAMED:
            output.line(f"  {mark} …")
    if folder.moving:
        output.line("  " + context.say("sync.moving", count=folder.moving))
    if folder.excluded:
        output.line("  " + context.say("sync.excluded", count=folder.excluded))
    for left_out in folder.excluded_files[:_NAMED]:
        output.line(f"    {left_out.path}: {left_out.reason}")
    if folder.amiss:
        output.line("  " + context.say("sync.amiss", count=folder.amiss))
    for amiss in folder.amiss_files[:_NAMED]:
        state = of_state(amiss.state, context.language)
        output.line(f"    {amiss.path}: {amiss.reason or state}")
    for path in folder.unreadable[:_NAMED]:
        output.line("  " + context.say("sync.unreadable", path=path))
    if folder.must_confirm:
        output.line("  " + context.say("sync.must_confirm", count=folder.removed))
