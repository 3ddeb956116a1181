"""Catalogs of every version of the schema, as text, for the test that upgrades each of them.

``tests/data/schemas/NNNN.sql`` is what a catalog of version NNNN holds: the tables as its
migrations left them, with rows in every table. Before a migration is added, the dump of the newest
version so far is made, while the code still writes what that version wrote:

1. See that `rows` fills every table and column of the newest version, so that what the new
   migration might lose is there. A column that only newer versions have is left out by itself.
2. ``python -m tests.kb.store.schemas`` writes the dumps that are not there yet, and no others: one
   that was written once says what was in use, so it never changes.
3. Add the migration, and to `tests/kb/store/test_upgrades.py` what a person must find afterwards.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from kb.models.table import find_embedder
from kb.names import sort_key
from kb.settings import PROJECT
from kb.store.migrations import HEAD, upgrade
from kb.text.statute_names import document_name, short_name
from tests.kb.hashing import open_hashing

FOLDER = PROJECT / "tests" / "data" / "schemas"
VERSIONS = PROJECT / "kb" / "store" / "migrations" / "versions"

EMBEDDER = "e5-small"
QUESTION = "住宿费每晚最多多少元？"
ANSWER = "每晚不超过500元。"
LINES = ("差旅管理办法", "住宿费每晚不超过500元。", "年假为十天。")
SCANNED = "病假须附医院证明。"
CELLS = (["部门", "人数"], ["财务部", "12"])
Row = Mapping[str, Any]


def versions() -> list[str]:
    """List the versions of the schema, oldest first."""
    return sorted(
        found[0] for path in VERSIONS.glob("*.py") if (found := re.match(r"\d+", path.name))
    )


def dump_path(version: str) -> Path:
    """Return where the dump of a version stands."""
    return FOLDER / f"{version}.sql"


def rows() -> dict[str, list[Row]]:
    """Return the rows of every table: a knowledge base of six documents, a talk, jobs.

    A table stands after those that its rows point to; JSON is given as values.
    """
    who = {"owner": "zhang", "created_by": "zhang"}
    texts = [*LINES, SCANNED, "部门：财务部；人数：12", "旧版本的内容。"]
    places: list[Row] = [{"page": 1, "boxes": [[0.1, 0.1, 0.9, 0.2]]}] * 3
    places += [{"page": 2, "boxes": None}, {"sheet": "人数", "row_number": 2, "column_letter": "A"}]
    places += [{"paragraph": 1}]
    owners = [1, 1, 1, 2, 3, 4]
    firsts = [0, 1, 2, 0, 0, 0]
    model = find_embedder(EMBEDDER, FOLDER)
    matrix = open_hashing(model, folder=FOLDER, threads=1).embed_passages(texts)
    return {
        "users": [{"id": "zhang", "name": "张三", "created_at": 1.0}],
        "options": [{"name": "chat_model", "value": "qwen2.5-coder-0.5b"}],
        "counters": [{"name": "passage", "value": 6}, {"name": "sheet_table", "value": 1}],
        "knowledge_bases": [
            {
                "id": "制度",
                "name": "规章制度",
                "description": "公司制度",
                "embedder": EMBEDDER,
                "dim": model.dim,
                "top_k": 7,
                "threshold": 0.4,
                "prompt": "knowledge_base",
                **who,
                "created_at": 10.0,
                "updated_at": 11.0,
                "change_number": 5,
                "deleted_at": None,
            }
        ],
        "synonyms": [
            {"kb_id": "制度", "position": 0, "words": ["年假", "带薪年休假"]},
            {"kb_id": "制度", "position": 1, "words": ["住宿费", "房费"]},
        ],
        "contents": [
            _content(1, "a1", title="差旅管理办法", format="pdf", page_count=1, count=3),
            _content(
                2,
                "b2",
                title="病假",
                format="pdf",
                page_count=3,
                count=1,
                missing_code="page_limit",
                missing_params={"pages": 3, "read": 2},
                warnings=["garbled_text"],
                confidence=0.91,
                ocr_pages=1,
            ),
            _content(3, "c3", title="人数", format="xlsx", page_count=None, count=1, table_count=1),
            _content(4, "d4", title="旧", format="txt", page_count=None, count=1, dead_since=40.0),
        ],
        "content_ranges": [
            {"content_id": content, "first_passage_id": first, "passage_count": count}
            for content, first, count in ((1, 1, 3), (2, 4, 1), (3, 5, 1), (4, 6, 1))
        ],
        "documents": [
            _document(1, "差旅/办法.pdf", "ready", 1, "a1", "pdf", **who),
            _document(2, "办法（副本）.pdf", "ready", 1, "a1", "pdf", **who),
            _document(
                3,
                "病假.pdf",
                "partial",
                2,
                "b2",
                "pdf",
                reason_code="page_limit",
                reason_params={"pages": 3, "read": 2},
                health="amber",
                warnings=[{"code": "garbled_text", "params": {}}],
                **who,
            ),
            _document(4, "人数.xlsx", "ready", 3, "c3", "xlsx", **who),
            _document(
                5,
                "坏.zip",
                "unsupported",
                None,
                "e5",
                None,
                reason_code="archive_file",
                health="red",
                **who,
            ),
            _document(6, "新.txt", "queued", None, None, None, health=None, **who),
        ],
        "statute_names": [
            {"name": LINES[0], "content_id": 1, "is_heading": True},
            {"name": LINES[1].rstrip("。"), "content_id": 1, "is_heading": False},
        ],
        "document_versions": [
            {
                "id": 1,
                "kb_id": "制度",
                "document_id": 1,
                "path": "差旅/办法.pdf",
                "number": 1,
                "content_id": 4,
                "sha256": "d0",
                "size": 20,
                "original": "1.pdf",
                "since": 12.0,
                "until": 20.0,
                "ended": "changed",
            }
        ],
        "binned_documents": [
            {
                "id": 1,
                "kb_id": "制度",
                "document_id": 7,
                "path": "旧.txt",
                "bin_path": "/srv/zhiku/制度/bin/20260101-000000/旧.txt",
                "sha256": "d4",
                "owner": "zhang",
                "removed_at": 40.0,
                "removed_by": "li",
            }
        ],
        "pages": [
            {"content_id": 1, "position": 0, "page": 1, "text": "\n".join(LINES)},
            {"content_id": 2, "position": 0, "page": 2, "text": SCANNED},
            {"content_id": 3, "position": 0, "sheet": "人数", "text": texts[4]},
        ],
        "page_health": [
            {
                "content_id": 2,
                "position": number,
                "page": number + 1,
                "characters": 9,
                "readable": 1.0,
                "source": source,
                "confidence": confidence,
                "tables": 0,
            }
            for number, (source, confidence) in enumerate((("text", None), ("ocr", 0.91)))
        ],
        "lines": [
            {
                "content_id": owner,
                "position": position,
                "text": text,
                "glue": "\n",
                "heading": LINES[0] if owner == 1 and position else "",
                "is_heading": text == LINES[0],
                "group_key": "第一条" if text == LINES[1] else "",
                **place,
            }
            for owner, position, text, place in zip(owners, firsts, texts, places, strict=True)
        ],
        "passages": [
            {
                "id": number,
                "content_id": owner,
                "first_line": position,
                "last_line": position,
                "text": text,
                "heading": LINES[0] if owner == 1 and position else "",
                "group_key": "第一条" if text == LINES[1] else "",
                **place,
            }
            for number, (owner, position, text, place) in enumerate(
                zip(owners, firsts, texts, places, strict=True), 1
            )
        ],
        "vectors": [
            {"passage_id": number, "embedder": EMBEDDER, "vector": vector.astype("<f2").tobytes()}
            for number, vector in enumerate(matrix, 1)
        ],
        "sheet_tables": [
            {
                "id": 1,
                "content_id": 3,
                "number": 0,
                "title": "人数",
                "heading": "",
                "sheet": "人数",
                "page": None,
                "header": CELLS[0],
                "first_row": 2,
                "first_column": 1,
                "width": 2,
                "of_sheet": True,
                "row_count": 1,
            }
        ],
        "sheet_parts": [
            {
                "table_id": 1,
                "first_row": 2,
                "last_row": 2,
                "first_column": 1,
                "content_id": 3,
                "first_line": 0,
                "last_line": 0,
                "rows": zlib.compress(json.dumps([[CELLS[1]], [1]], ensure_ascii=False).encode()),
            }
        ],
        "changes": [
            {
                "kb_id": "制度",
                "number": number,
                "action": action,
                "content_id": content,
                "first_passage_id": first,
                "passage_count": count,
            }
            for number, (action, content, first, count) in enumerate(
                (
                    ("add", 1, 1, 3),
                    ("add", 2, 4, 1),
                    ("add", 3, 5, 1),
                    ("add", 4, 6, 1),
                    ("remove", 4, 6, 1),
                ),
                1,
            )
        ],
        "jobs": [
            _job("0a1b2c", "done", 1, 1, started_at=20.0, finished_at=21.0, **who),
            _job("3d4e5f", "queued", 0, 1, **who),
        ],
        "job_items": [
            _item("0a1b2c", "差旅/办法.pdf", "ready", document_id=1, sha256="a1", passages=3),
            _item("3d4e5f", "新.txt", "queued", document_id=None, sha256=None, passages=0),
        ],
        "mirrored_folders": [
            {
                "id": number,
                "kb_id": "制度",
                "path": path,
                "ignore": "*.bak",
                "active": active,
                "created_at": 12.0,
                "created_by": "zhang",
                "scanned_at": 13.0,
                "files": files,
                "waiting": 0,
                "reason_code": None,
                "reason_params": None,
            }
            for number, path, active, files in ((1, "", False, 0), (2, "/mnt/share", False, 1))
        ],
        "mirrored_files": [
            {
                "folder_id": 2,
                "path": "差旅/办法.pdf",
                "size": 100,
                "mtime_ns": 5_000_000_000,
                "sha256": "a1",
                "document_id": 1,
            }
        ],
        "conversations": [
            {
                "id": "talk1",
                "title": QUESTION,
                "kb_ids": ["制度"],
                **who,
                "created_at": 30.0,
                "updated_at": 31.0,
            }
        ],
        "messages": [
            _message(1, "user", QUESTION, None),
            _message(2, "assistant", ANSWER, _answer()),
        ],
        "message_sources": [
            {"message_id": 2, "number": 1, "kb_id": "制度", "document_id": 1, "passage_id": 2}
        ],
        "feedback": [{"message_id": 2, "verdict": "up", "created_by": "zhang", "created_at": 32.0}],
    }


def write_dump(version: str) -> Path:
    """Make a catalog of a version, fill it, and write it down."""
    path = dump_path(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".db")
    try:
        engine = create_engine(f"sqlite+pysqlite:///{scratch}")
        with engine.begin() as connection:
            upgrade(connection, version)
        engine.dispose()
        with closing(sqlite3.connect(scratch)) as catalog:
            _fill(catalog)
            path.write_text("\n".join([*catalog.iterdump(), ""]), encoding="utf-8")
    finally:
        scratch.unlink(missing_ok=True)
    return path


def load_dump(version: str, target: Path) -> None:
    """Make a catalog of what was written down of a version; its journal is that of a server."""
    with closing(sqlite3.connect(target)) as catalog:
        catalog.executescript(dump_path(version).read_text(encoding="utf-8"))
        catalog.execute("PRAGMA journal_mode = WAL")


def _fill(catalog: sqlite3.Connection) -> None:
    for table, given in rows().items():
        columns = [each[1] for each in catalog.execute(f"PRAGMA table_info({table})")]
        for row in given:
            known = {name: value for name, value in row.items() if name in columns}
            if not known:
                continue
            names, marks = ", ".join(known), ", ".join("?" * len(known))
            values = [_stored(value, name) for name, value in known.items()]
            catalog.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608
    catalog.commit()


def _stored(value: object, name: str) -> object:
    # The only value that stands on its own in a column of JSON.
    if isinstance(value, (list, dict)) or (name == "value" and isinstance(value, str)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def _content(number: int, sha256: str, *, count: int, **facts: object) -> Row:
    return {
        "id": number,
        "kb_id": "制度",
        "sha256": sha256,
        "embedder": EMBEDDER,
        "live": "dead_since" not in facts,
        "encoding": None,
        "line_count": count,
        "passage_count": count,
        "characters": 9 * count,
        "readable": 1.0,
        "confidence": None,
        "ocr_pages": 0,
        "empty_pages": 0,
        "table_count": 0,
        "created_at": 15.0,
        **facts,
    }


def _document(
    number: int,
    path: str,
    state: str,
    content_id: int | None,
    sha256: str | None,
    kind: str | None,
    **facts: object,
) -> Row:
    return {
        "id": number,
        "kb_id": "制度",
        "path": path,
        "sort_key": sort_key(path),
        "statute_name": short_name(document_name(path)),
        "content_id": content_id,
        "state": state,
        "health": "green",
        "format": kind,
        "sha256": sha256,
        "size": 100 * number,
        "mtime": 5.0,
        "source": "added",
        "created_at": 15.0 + number,
        "updated_at": 16.0 + number,
        **facts,
    }


def _job(number: str, state: str, done: int, total: int, **facts: object) -> Row:
    return {
        "id": number,
        "kb_id": "制度",
        "kind": "add",
        "state": state,
        "stage": "",
        "done": done,
        "total": total,
        "payload": {},
        "created_at": 19.0,
        "cancel_requested": False,
        **facts,
    }


def _item(job: str, document: str, state: str, **facts: object) -> Row:
    return {
        "job_id": job,
        "position": 0,
        "path": f"/mnt/share/{document}",
        "document": document,
        "state": state,
        "stage": "",
        "attempts": 0,
        **facts,
    }


def _message(number: int, role: str, text: str, answer: Row | None) -> Row:
    return {
        "id": number,
        "conversation_id": "talk1",
        "role": role,
        "text": text,
        "answer": answer,
        "created_by": "zhang",
        "created_at": 30.0 + number,
    }


def _answer() -> Row:
    hit = {
        "rank": 1,
        "passage_id": 2,
        "kb_id": "制度",
        "kb_name": "规章制度",
        "document_id": 1,
        "document": "差旅/办法.pdf",
        "text": LINES[1],
        "passage_text": LINES[1],
        "heading": LINES[0],
        "group": "第一条",
        "place": {
            "page": 1,
            "boxes": [[0.1, 0.1, 0.9, 0.2]],
            "sheet": None,
            "row": None,
            "column": None,
            "paragraph": None,
        },
        "score": 0.8,
    }
    return {
        "question": QUESTION,
        "standalone_question": QUESTION,
        "answer": ANSWER,
        "refused": False,
        "answerable": 0.9,
        "threshold": 0.4,
        "citations": [{"number": 1, "hit": hit}],
        "sentences": [{"text": ANSWER, "supported": True, "citations": [1]}],
        "sql": None,
        "model": "qwen2.5-coder-0.5b",
        "conversation": "talk1",
        "milliseconds": {"retrieve": 20.0, "first_token": 900.0, "total": 2000.0},
        "extractive": False,
    }


def _missing_dumps(known: Sequence[str]) -> list[str]:
    return [version for version in known if not dump_path(version).exists()]


if __name__ == "__main__":
    for each in _missing_dumps([version for version in versions() if version <= HEAD]):
        write_dump(each)
