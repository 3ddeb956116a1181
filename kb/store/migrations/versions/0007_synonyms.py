"""Words that a knowledge base takes for one another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of synonyms: the words of a group have its position in common."""
    op.create_table(
        "synonyms",
        sa.Column("kb_id", sa.String, sa.ForeignKey("knowledge_bases.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("words", sa.JSON, nullable=False),
    )
