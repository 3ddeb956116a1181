"""Articles of statutes are found by their numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the keys of groups, where a passage has one."""
    op.create_index(
        "passages_by_group", "passages", ["group_key"], sqlite_where=sa.text("group_key != ''")
    )
