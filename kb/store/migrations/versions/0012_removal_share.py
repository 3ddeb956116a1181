"""Of which share of a folder's files the removal waits for a person is said for each folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; the folders that are there keep what held for all."""
    op.add_column(
        "mirrored_folders",
        sa.Column("removal_share", sa.Float(), nullable=False, server_default="0.2"),
    )
