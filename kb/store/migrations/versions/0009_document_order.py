"""Documents are listed in the order of their names, numbers counting as numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kb.names import sort_key

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_documents = sa.table(
    "documents",
    sa.column("id", sa.Integer()),
    sa.column("path", sa.Text()),
    sa.column("sort_key", sa.Text()),
)


def upgrade() -> None:
    """Add the key with its index, and give one to each document."""
    op.add_column("documents", sa.Column("sort_key", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_documents.c.id, _documents.c.path)).all()
    if rows:
        connection.execute(
            sa.update(_documents)
            .where(_documents.c.id == sa.bindparam("number"))
            .values(sort_key=sa.bindparam("key")),
            [{"number": row.id, "key": sort_key(row.path)} for row in rows],
        )
    op.create_index("documents_by_sort_key", "documents", ["kb_id", "sort_key"])
