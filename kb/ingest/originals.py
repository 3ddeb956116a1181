"""Where originals go when something else takes their place, or their documents are removed."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kb.store.removals import Removals
from kb.store.versions import FOLDER as VERSIONS
from kb.store.versions import Versions
from kb.types import DocumentRecord

logger = logging.getLogger(__name__)


def free_path(folder: Path, name: str) -> Path:
    """A path in ``folder`` for ``name`` that nothing stands on yet."""
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return path


def move_to_bin(original: Path, folder: Path, document: str) -> Path | None:
    """Move an original to the bin; None where there is none to move."""
    if not original.is_file():
        return None
    target = _bin_path(folder, document)
    _move(original, target)
    return target


def remove_document(
    removals: Removals, folder: Path, record: DocumentRecord, *, removed_by: str
) -> None:
    """Take a document out of the knowledge base in ``folder``, and its original to the bin.

    What is to be done is noted first: were the process to die in between, there would else be a
    document without an original, or an original that nobody knows of.
    """
    original = folder / "files" / record.document
    if not original.is_file():
        left = removals.remove(
            record.kb_id, record.document_id, bin_path=None, removed_by=removed_by
        )
        _drop_files(folder, left)
        return
    target = _bin_path(folder / "bin", record.document)
    bin_path = str(target)
    removals.plan(record.kb_id, record.document_id, bin_path=bin_path, removed_by=removed_by)
    try:
        _move(original, target)
    except OSError:
        removals.drop(record.document_id)
        raise
    left = removals.remove(
        record.kb_id, record.document_id, bin_path=bin_path, removed_by=removed_by
    )
    _drop_files(folder, left)


def expire_versions(versions: Versions, folder: Callable[[str], Path]) -> None:
    """Delete earlier versions that were kept for long enough."""
    for kb_id, name in versions.expire(time.time()):
        _drop_files(folder(kb_id), [name])


def complete_removals(removals: Removals, folder: Callable[[str], Path]) -> None:
    """Complete what was begun when the process died; ``folder`` is that of a knowledge base."""
    for plan in removals.planned():
        original, target = folder(plan.kb_id) / "files" / plan.document, Path(plan.bin_path)
        try:
            if original.is_file() and not target.exists():
                _move(original, target)
        except OSError as exc:
            logger.warning("%s cannot be moved to the bin: %s", original, exc)
            continue
        left = removals.remove(
            plan.kb_id, plan.document_id, bin_path=plan.bin_path, removed_by=plan.removed_by
        )
        _drop_files(folder(plan.kb_id), left)
        logger.info("document %s of %s is removed at last", plan.document_id, plan.kb_id)


def _drop_files(folder: Path, names: Sequence[str]) -> None:
    """Delete files of earlier versions; one that cannot be deleted is found by the examination."""
    for name in names:
        try:
            (folder / VERSIONS / name).unlink(missing_ok=True)
        except OSError as exc:
            logger.warning("the earlier version %s of %s stays: %s", name, folder.name, exc)


def _bin_path(folder: Path, document: str) -> Path:
    return free_path(folder / time.strftime("%Y%m%d-%H%M%S"), document)


def _move(original: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(original, target)
