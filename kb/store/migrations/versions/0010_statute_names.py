"""Articles are looked up by the names of their statutes, not among all of their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kb.store.statutes import record_names
from kb.text.statute_names import document_name, short_name

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_documents = sa.table(
    "documents",
    sa.column("id", sa.Integer()),
    sa.column("path", sa.Text()),
    sa.column("statute_name", sa.Text()),
)
_passages = sa.table(
    "passages", sa.column("content_id", sa.Integer()), sa.column("group_key", sa.Text())
)


def upgrade() -> None:
    """Add the names of what is there, and let the index of groups tell the contents too."""
    op.create_table(
        "statute_names",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("content_id", sa.Integer, sa.ForeignKey("contents.id"), primary_key=True),
        sa.Column("is_heading", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("statute_names_by_content", "statute_names", ["content_id"])
    op.add_column(
        "documents", sa.Column("statute_name", sa.Text(), nullable=False, server_default="")
    )
    op.create_index("documents_by_statute_name", "documents", ["statute_name", "content_id"])
    op.drop_index("passages_by_group", "passages")
    op.create_index(
        "passages_by_group",
        "passages",
        ["group_key", "content_id"],
        sqlite_where=sa.text("group_key != ''"),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(_documents.c.id, _documents.c.path)).all()
    if rows:
        connection.execute(
            sa.update(_documents)
            .where(_documents.c.id == sa.bindparam("number"))
            .values(statute_name=sa.bindparam("name")),
            [{"number": row.id, "name": short_name(document_name(row.path))} for row in rows],
        )
    with_groups = sa.select(_passages.c.content_id).where(_passages.c.group_key != "").distinct()
    for content_id in connection.execute(with_groups).scalars().all():
        record_names(connection, content_id)
