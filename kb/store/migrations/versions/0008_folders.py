"""Folders that are mirrored, and their files as they were when last taken in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "mirrored_folders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kb_id", sa.String, sa.ForeignKey("knowledge_bases.id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("ignore", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("scanned_at", sa.Float),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("reason_code", sa.String),
        sa.Column("reason_params", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_index("mirrored_folders_by_path", "mirrored_folders", ["kb_id", "path"], unique=True)
    op.create_table(
        "mirrored_files",
        sa.Column("folder_id", sa.Integer, sa.ForeignKey("mirrored_folders.id"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("document_id", sa.Integer, nullable=False),
    )
    op.create_index("mirrored_files_by_document", "mirrored_files", ["document_id"])
