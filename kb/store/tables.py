"""The catalog's tables as SQLAlchemy Core sees them; `migrations` creates them.

The columns page, boxes, sheet, row_number, column_letter and paragraph are a `kb.types.Place`;
``reason_code`` and ``reason_params`` are a `kb.types.Reason`. Times are seconds since the epoch.
A content is what a file says, stored once for each knowledge base; documents point to it, so that
the same file under two names costs one parse and one embedding. It is ``live`` when documents
may be answered from it; until then it is being written, afterwards it waits to be purged, or is
that of an earlier version, whose pages are kept. A ``dead_since`` that lies ahead is that of one
whose writing broke off and may be gone on with. Its ``warnings`` are codes; those of a document are
codes with params, judged with its ``health``.
"""

from __future__ import annotations

from sqlalchemy import JSON as _JSON
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

# None is NULL, not the JSON word null.
JSON = _JSON(none_as_null=True)


def _place() -> list[Column[object]]:
    return [
        Column("page", Integer),
        Column("boxes", JSON),
        Column("sheet", Text),
        Column("row_number", Integer),
        Column("column_letter", String),
        Column("paragraph", Integer),
    ]


def _reason() -> list[Column[object]]:
    return [Column("reason_code", String), Column("reason_params", JSON)]


users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Float, nullable=False),
)

options = Table(
    "options",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSON),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)

knowledge_bases = Table(
    "knowledge_bases",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("embedder", String, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("top_k", Integer, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("prompt", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("change_number", Integer, nullable=False),
    Column("deleted_at", Float),
)

# Words that mean the same, a group in each row.
synonyms = Table(
    "synonyms",
    metadata,
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("words", JSON, nullable=False),
)

contents = Table(
    "contents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), nullable=False),
    Column("sha256", String, nullable=False),
    Column("embedder", String, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("format", String),
    Column("encoding", String),
    Column("title", Text),
    Column("page_count", Integer),
    Column("line_count", Integer, nullable=False),
    Column("passage_count", Integer, nullable=False),
    Column("missing_code", String),
    Column("missing_params", JSON),
    Column("warnings", JSON),
    Column("characters", Integer),
    Column("readable", Float),
    Column("confidence", Float),
    Column("ocr_pages", Integer),
    Column("empty_pages", Integer),
    Column("table_count", Integer),
    Column("created_at", Float, nullable=False),
    Column("dead_since", Float),
    Index("contents_by_sha", "kb_id", "sha256"),
    Index("contents_by_live", "kb_id", "live", "passage_count"),
)

content_ranges = Table(
    "content_ranges",
    metadata,
    Column("content_id", Integer, ForeignKey("contents.id"), primary_key=True),
    Column("first_passage_id", Integer, primary_key=True),
    Column("passage_count", Integer, nullable=False),
)

# By which names the articles of a content may be asked for, in their short form.
statute_names = Table(
    "statute_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content_id", Integer, ForeignKey("contents.id"), primary_key=True),
    # A title or heading; otherwise a line near the beginning, which may have a name in it.
    Column("is_heading", Boolean, nullable=False),
    Index("statute_names_by_content", "content_id"),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), nullable=False),
    Column("path", Text, nullable=False),
    # Follows from the path, as does the next one: `kb.store.rows.path_values`.
    Column("sort_key", Text, nullable=False, server_default=""),
    Column("statute_name", Text, nullable=False, server_default=""),
    Column("content_id", Integer, ForeignKey("contents.id")),
    Column("state", String, nullable=False),
    *_reason(),
    Column("health", String),
    Column("warnings", JSON),
    Column("format", String),
    Column("sha256", String),
    Column("size", Integer, nullable=False),
    Column("mtime", Float),
    Column("source", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("documents_by_path", "kb_id", "path", unique=True),
    Index("documents_by_sort_key", "kb_id", "sort_key"),
    Index("documents_by_statute_name", "statute_name", "content_id"),
    Index("documents_by_content", "content_id"),
    Index("documents_by_state", "kb_id", "state", "size"),
    Index("documents_by_health", "kb_id", "health"),
    sqlite_autoincrement=True,
)

# What documents were before they changed or went; a content that only these point to keeps its
# pages and nothing else.
document_versions = Table(
    "document_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), nullable=False),
    # The document may be gone.
    Column("document_id", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_id", Integer, ForeignKey("contents.id"), nullable=False),
    Column("sha256", String),
    Column("size", Integer, nullable=False),
    # Its file in the folder of earlier versions; NULL where it was not ours to keep.
    Column("original", String),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("ended", String, nullable=False),
    Index("document_versions_by_document", "kb_id", "document_id"),
    Index("document_versions_by_path", "kb_id", "path"),
    Index("document_versions_by_content", "content_id"),
    sqlite_autoincrement=True,
)

mirrored_folders = Table(
    "mirrored_folders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), nullable=False),
    # "" for the drop folder, whose place depends on that of the data folder.
    Column("path", Text, nullable=False),
    Column("ignore", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("created_by", String, nullable=False),
    Column("scanned_at", Float),
    Column("files", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("removal_share", Float, nullable=False, server_default="0.2"),
    *_reason(),
    Index("mirrored_folders_by_path", "kb_id", "path", unique=True),
    sqlite_autoincrement=True,
)

mirrored_files = Table(
    "mirrored_files",
    metadata,
    Column("folder_id", Integer, ForeignKey("mirrored_folders.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    Column("document_id", Integer, nullable=False),
    Index("mirrored_files_by_document", "document_id"),
)

binned_documents = Table(
    "binned_documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kb_id", String, nullable=False),
    Column("document_id", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("bin_path", Text),
    Column("sha256", String),
    Column("owner", String, nullable=False),
    Column("removed_at", Float, nullable=False),
    Column("removed_by", String, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("content_id", Integer, ForeignKey("contents.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("page", Integer),
    Column("sheet", Text),
    Column("text", Text, nullable=False),
)

page_health = Table(
    "page_health",
    metadata,
    Column("content_id", Integer, ForeignKey("contents.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("page", Integer),
    Column("sheet", Text),
    Column("characters", Integer, nullable=False),
    Column("readable", Float, nullable=False),
    Column("source", String, nullable=False),
    Column("confidence", Float),
    Column("tables", Integer, nullable=False),
)

lines = Table(
    "lines",
    metadata,
    Column("content_id", Integer, ForeignKey("contents.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("glue", String, nullable=False),
    Column("heading", Text, nullable=False),
    Column("is_heading", Boolean, nullable=False),
    Column("group_key", Text, nullable=False),
    *_place(),
)

passages = Table(
    "passages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content_id", Integer, ForeignKey("contents.id"), nullable=False),
    Column("first_line", Integer, nullable=False),
    Column("last_line", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    *_place(),
    Index("passages_by_content", "content_id", "first_line"),
    # Articles of statutes and rows of sheets; of most passages there is nothing to look up.
    Index("passages_by_group", "group_key", "content_id", sqlite_where=text("group_key != ''")),
)

sheet_tables = Table(
    "sheet_tables",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content_id", Integer, ForeignKey("contents.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("sheet", Text),
    Column("page", Integer),
    Column("header", JSON, nullable=False),
    Column("first_row", Integer, nullable=False),
    Column("first_column", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("of_sheet", Boolean, nullable=False),
    Column("row_count", Integer, nullable=False),
    Index("sheet_tables_by_content", "content_id", "number", unique=True),
)

sheet_parts = Table(
    "sheet_parts",
    metadata,
    Column("table_id", Integer, ForeignKey("sheet_tables.id"), primary_key=True),
    Column("first_row", Integer, primary_key=True),
    Column("last_row", Integer, nullable=False),
    Column("first_column", Integer, nullable=False),
    Column("content_id", Integer, ForeignKey("contents.id"), nullable=False),
    Column("first_line", Integer, nullable=False),
    Column("last_line", Integer, nullable=False),
    Column("rows", LargeBinary, nullable=False),
    Index("sheet_parts_by_line", "content_id", "first_line"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("passage_id", Integer, primary_key=True),
    Column("embedder", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("action", String, nullable=False),
    Column("content_id", Integer, nullable=False),
    Column("first_passage_id", Integer, nullable=False),
    Column("passage_count", Integer, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kb_id", String, ForeignKey("knowledge_bases.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    *_reason(),
    Column("payload", JSON, nullable=False),
    Column("owner", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("cancel_requested", Boolean, nullable=False),
    Index("jobs_by_state", "state", "created_at"),
)

job_items = Table(
    "job_items",
    metadata,
    Column("job_id", String, ForeignKey("jobs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("document_id", Integer),
    Column("sha256", String),
    Column("state", String, nullable=False),
    Column("stage", String, nullable=False),
    *_reason(),
    Column("attempts", Integer, nullable=False),
    Column("pages", Integer),
    Column("passages", Integer, nullable=False),
    Column("seconds", Float),
    Index("job_items_by_state", "job_id", "state", "position"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("kb_ids", JSON, nullable=False),
    Column("owner", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation_id", String, ForeignKey("conversations.id"), nullable=False),
    Column("role", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("answer", JSON),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("messages_by_conversation", "conversation_id", "id"),
)

# What readers thought of an answer.
feedback = Table(
    "feedback",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True),
    Column("verdict", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Float, nullable=False),
)

# Which documents a stored answer shows: a right that is withdrawn later must reach old answers too.
message_sources = Table(
    "message_sources",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kb_id", String, nullable=False),
    Column("document_id", Integer, nullable=False),
    Column("passage_id", Integer, nullable=False),
    Index("message_sources_by_document", "kb_id", "document_id"),
)
