"""Data folders of any size, made of one: real passages, their vectors with a little noise.

Written through the store's own functions, the indexes by their own replay. The first copy of each
document is the document itself; in later ones half of the lines are those of other documents, so
that words are as rare as in a company's files, and the vectors point a little elsewhere.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from kb.settings import Settings
from kb.store.contents import ContentBatch, ContentFacts
from kb.store.rows import place_of
from kb.store.tables import contents, passages, vectors
from kb.text.windows import join
from kb.types import Line, Passage
from kb.workspace import Workspace

_EMBEDDER = "e5-small"
_LONGEST = 120
"""Passages of a copy; longer documents give several."""


@dataclass(frozen=True)
class Source:
    """A document, or a stretch of one."""

    knowledge_base: str
    title: str
    format: str
    lines: Sequence[Line]
    passages: Sequence[Passage]
    vectors: NDArray[np.float32]


def sources(home: Path) -> list[Source]:
    """Read the live documents of a data folder."""
    workspace = Workspace.open(Settings(home=home), run_jobs=False)
    found = []
    try:
        for record in workspace.knowledge_bases():
            with workspace._database.read() as connection:
                rows = connection.execute(
                    select(contents).where(contents.c.kb_id == record.kb_id, contents.c.live)
                ).all()
            for row in rows:
                found += _parts(workspace, record.name, row.id, row.title or "", row.format)
    finally:
        workspace.close()
    return found


def _parts(
    workspace: Workspace, name: str, content_id: int, title: str, kind: str
) -> Iterator[Source]:
    with workspace._database.read() as connection:
        rows = connection.execute(
            select(passages, vectors.c.vector)
            .join(vectors, vectors.c.passage_id == passages.c.id)
            .where(passages.c.content_id == content_id)
            .order_by(passages.c.id)
        ).all()
    for start in range(0, len(rows), _LONGEST):
        part = rows[start : start + _LONGEST]
        first, last = part[0].first_line, max(row.last_line for row in part)
        matrix = np.frombuffer(b"".join(row.vector for row in part), np.float16)
        yield Source(
            name,
            title,
            kind,
            workspace._passages.lines(content_id, first, last),
            [
                Passage(
                    row.first_line - first,
                    row.last_line - first,
                    row.text,
                    row.heading,
                    row.group_key,
                    place_of(row),
                )
                for row in part
            ],
            matrix.reshape(len(part), -1).astype(np.float32),
        )


def build(home: Path, found: Sequence[Source], bases: int, count: int, noise: float) -> None:
    """Write ``bases`` knowledge bases of ``count`` passages each, unless the folder is there.

    Args:
        noise: length of what is added to a vector of length 1.
    """
    if (home / "catalog.db").exists():
        return
    chance = random.Random(1)  # noqa: S311 - no secret
    numbers = np.random.default_rng(1)
    pool = [line.text for source in found for line in source.lines if len(line.text) > 8]
    homes = sorted({source.knowledge_base for source in found})
    workspace = Workspace.open(Settings(home=home), run_jobs=False)
    started = time.monotonic()
    try:
        copies = itertools.count(1)
        for number in range(bases):
            own = homes[number] if number < len(homes) else ""
            name = own or f"库{number}"
            workspace.create(name, embedder=_EMBEDDER)
            originals = [(source, 0) for source in found if source.knowledge_base == own]
            again = ((chance.choice(found), next(copies)) for _ in itertools.count())
            written = 0
            for source, copy in itertools.chain(originals, again):
                if written >= count:
                    break
                _write(
                    workspace,
                    name,
                    source if not copy else _varied(source, pool, chance),
                    copy,
                    numbers,
                    noise,
                )
                written += len(source.passages)
            workspace._knowledge_base(workspace._find(name))._indexes.catch_up()
            print(f"{name}: {written} passages, {time.monotonic() - started:.0f} s", flush=True)
        for number in range(bases):
            record = workspace.knowledge_bases()[number]
            keeper = workspace.engines.indexes(record.kb_id)
            keeper.vectors.compact()
            if keeper.vectors.is_due():
                keeper.vectors.tend(lambda: False)
        print(f"indexes: {time.monotonic() - started:.0f} s", flush=True)
    finally:
        workspace.close()


def _varied(source: Source, pool: Sequence[str], chance: random.Random) -> Source:
    lines = [
        line
        if line.is_heading or line.group or chance.random() < 0.5
        else replace(line, text=chance.choice(pool))
        for line in source.lines
    ]
    said = [
        replace(passage, text=join(lines[passage.first_line : passage.last_line + 1])[:250])
        for passage in source.passages
    ]
    return replace(source, lines=lines, passages=said)


def _write(
    workspace: Workspace,
    name: str,
    source: Source,
    copy: int,
    numbers: np.random.Generator,
    noise: float,
) -> None:
    kb_id = workspace._find(name).kb_id
    title = f"{source.title} {copy}" if copy else source.title
    sha256 = f"{copy}-{id(source)}"
    rows = source.vectors
    if copy:
        rows = rows + noise / np.sqrt(rows.shape[1]) * numbers.standard_normal(rows.shape)
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    content_id = workspace._contents.open(kb_id, sha256, _EMBEDDER, title=title)
    batch = ContentBatch(lines=source.lines, passages=source.passages, vectors=rows)
    workspace._contents.append(content_id, batch, _EMBEDDER)
    workspace._contents.finish(content_id, ContentFacts(source.format, None, None))
    # A long document was read in several parts, which are documents of their own here.
    path = f"{title}-{content_id}.{source.format}"
    document_id = workspace._documents.begin(
        kb_id, path, size=1, mtime=0, source="added", created_by=""
    )
    workspace._documents.publish(
        document_id, content_id, "ready", None, sha256=sha256, size=1, mtime=0
    )
