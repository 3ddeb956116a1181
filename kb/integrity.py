"""Proves that a data folder holds together, and repairs what can be made again.

The catalog is the truth. What is derived of it is made anew without embedding anything; a text that
is not whole is read again from its original; what belongs to nothing goes.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import KBError
from kb.ingest.indexing import IndexKeeper
from kb.store.integrity import Integrity
from kb.store.jobs import Jobs
from kb.store.versions import FOLDER as VERSIONS
from kb.store.versions import Versions

logger = logging.getLogger(__name__)

Kind = Literal[
    "catalog_damaged",
    "texts_incomplete",
    "texts_unused",
    "vector_index",
    "keyword_index",
    "staging_left",
    "originals_missing",
    "originals_changed",
    "versions_left",
    "versions_missing",
]

_NAMED = 20
# People may add files meanwhile: what differs is looked at again.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    ``items`` names the first of ``count``; ``repaired`` tells whether it was mended, or is being
    mended by a job that was queued for it.
    """

    kind: Kind
    kb_id: str
    count: int
    items: tuple[str, ...] = ()
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What an examination needs of a workspace."""

    integrity: Integrity
    versions: Versions
    jobs: Jobs
    kb_ids: Callable[[], Sequence[str]]
    folder: Callable[[str], Path]
    indexes: Callable[[str], IndexKeeper]
    read_again: Callable[[str, Sequence[str]], object]


def examine(parts: Parts, *, repair: bool = False, thorough: bool = False) -> list[Finding]:
    """Look at the whole data folder; [] where all is well.

    Args:
        repair: mend what can be made again.
        thorough: read every byte of indexes and originals too.
    """
    faults = parts.integrity.faults()
    found = []
    if faults:
        # Nothing that is made of a damaged catalog would be right.
        return [Finding("catalog_damaged", "", len(faults), tuple(faults[:_NAMED]))]
    for kb_id in parts.kb_ids():
        found += _texts(parts, kb_id, repair=repair)
        found += _indexes(parts, kb_id, repair=repair, thorough=thorough)
        found += _files(parts, kb_id, repair=repair, thorough=thorough)
        found += _versions(parts, kb_id, repair=repair, thorough=thorough)
    for finding in found:
        logger.warning(
            "%s of %s: %d (%s)%s",
            finding.kind,
            finding.kb_id,
            finding.count,
            ", ".join(finding.items),
            ", repaired" if finding.repaired else "",
        )
    return found


def _texts(parts: Parts, kb_id: str, *, repair: bool) -> list[Finding]:
    found = []
    incomplete = parts.integrity.documents_without_text(kb_id)
    if incomplete:
        if repair:
            parts.read_again(kb_id, incomplete)
        named = tuple(incomplete[:_NAMED])
        found.append(Finding("texts_incomplete", kb_id, len(incomplete), named, repair))
    unused = parts.integrity.unused_texts(kb_id)
    if unused:
        if repair:
            parts.integrity.drop_unused_texts(kb_id)
        named = tuple(map(str, unused[:_NAMED]))
        found.append(Finding("texts_unused", kb_id, len(unused), named, repair))
    return found


def _indexes(parts: Parts, kb_id: str, *, repair: bool, thorough: bool) -> list[Finding]:
    keeper = parts.indexes(kb_id)
    wrong: dict[Kind, tuple[int, str]] = {}
    for _try in range(_TRIES):
        keeper.catch_up()
        living, embedded, number = parts.integrity.passage_counts(kb_id)
        counts = {"vector_index": keeper.vectors.count, "keyword_index": keeper.keywords.count}
        wrong = {}
        if counts["vector_index"] != embedded:
            wrong["vector_index"] = abs(counts["vector_index"] - embedded), ""
        if counts["keyword_index"] != living:
            wrong["keyword_index"] = abs(counts["keyword_index"] - living), ""
        if not wrong or not keeper.behind(number):
            break
    if thorough:
        kinds: tuple[Kind, Kind] = ("vector_index", "keyword_index")
        for kind, index in zip(kinds, (keeper.vectors, keeper.keywords), strict=True):
            try:
                index.verify()
            except KBError as exc:
                wrong.setdefault(kind, (0, str(exc)))
    if wrong and repair:
        keeper.rebuild()
    return [
        Finding(kind, kb_id, count, (detail,) if detail else (), repair)
        for kind, (count, detail) in wrong.items()
    ]


def _files(parts: Parts, kb_id: str, *, repair: bool, thorough: bool) -> list[Finding]:
    folder = parts.folder(kb_id)
    found = []
    working = {f"job-{job.job_id}" for job in parts.jobs.page(kb_id=kb_id, active_only=True)}
    left = [path for path in sorted(folder.glob("incoming/job-*")) if path.name not in working]
    if left:
        if repair:
            for path in left:
                shutil.rmtree(path)
        named = tuple(path.name for path in left[:_NAMED])
        found.append(Finding("staging_left", kb_id, len(left), named, repair))
    missing, changed = [], []
    for name, sha256 in parts.integrity.originals(kb_id):
        path = folder / "files" / name
        if not path.is_file():
            missing.append(name)
        elif thorough and sha256 is not None and _sha256(path) != sha256:
            changed.append(name)
    if missing:
        named = tuple(missing[:_NAMED])
        found.append(Finding("originals_missing", kb_id, len(missing), named))
    if changed:
        named = tuple(changed[:_NAMED])
        found.append(Finding("originals_changed", kb_id, len(changed), named))
    return found


def _versions(parts: Parts, kb_id: str, *, repair: bool, thorough: bool) -> list[Finding]:
    if parts.jobs.page(kb_id=kb_id, active_only=True):
        # A file that is being replaced is on its way there.
        return []
    folder = parts.folder(kb_id) / VERSIONS
    kept = dict(parts.versions.originals(kb_id))
    found = []
    left = [path for path in sorted(folder.glob("*")) if path.name not in kept]
    if left:
        if repair:
            for path in left:
                path.unlink()
        named = tuple(path.name for path in left[:_NAMED])
        found.append(Finding("versions_left", kb_id, len(left), named, repair))
    missing = [
        name
        for name, sha256 in sorted(kept.items())
        if not (folder / name).is_file()
        or (thorough and sha256 is not None and _sha256(folder / name) != sha256)
    ]
    if missing:
        if repair:
            parts.versions.forget_originals(kb_id, missing)
        found.append(
            Finding("versions_missing", kb_id, len(missing), tuple(missing[:_NAMED]), repair)
        )
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
