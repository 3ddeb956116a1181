"""What a document was before it changed or went can be looked up for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the earlier versions; of what was replaced before, nothing is left."""
    op.create_table(
        "document_versions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kb_id", sa.String(), sa.ForeignKey("knowledge_bases.id"), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), sa.ForeignKey("contents.id"), nullable=False),
        sa.Column("sha256", sa.String()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("original", sa.String()),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("ended", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("document_versions_by_document", "document_versions", ["kb_id", "document_id"])
    op.create_index("document_versions_by_path", "document_versions", ["kb_id", "path"])
    op.create_index("document_versions_by_content", "document_versions", ["content_id"])
