"""Counts of a knowledge base come from indexes alone, however many documents it holds."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put what is summed up into the indexes that find it."""
    op.drop_index("documents_by_state", "documents")
    op.create_index("documents_by_state", "documents", ["kb_id", "state", "size"], unique=False)
    op.create_index(
        "contents_by_live", "contents", ["kb_id", "live", "passage_count"], unique=False
    )
