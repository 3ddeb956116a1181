"""How well files were read: a row for each page, sums with the content, a colour for a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_documents = sa.table(
    "documents",
    sa.column("content_id", sa.Integer()),
    sa.column("state", sa.String()),
    sa.column("health", sa.String()),
)
_contents = sa.table(
    "contents", sa.column("id", sa.Integer()), sa.column("warnings", sa.JSON(none_as_null=True))
)
_HEALTH_OF_STATES = {
    "ready": "green",
    "partial": "amber",
    "failed": "red",
    "unsupported": "red",
}


def upgrade() -> None:
    """Add the tables and columns; documents from before are judged by their state and warnings."""
    op.create_table(
        "page_health",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("readable", sa.Float(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("tables", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"]),
        sa.PrimaryKeyConstraint("content_id", "position"),
    )
    op.add_column("contents", sa.Column("characters", sa.Integer(), nullable=True))
    op.add_column("contents", sa.Column("readable", sa.Float(), nullable=True))
    op.add_column("contents", sa.Column("confidence", sa.Float(), nullable=True))
    op.add_column("contents", sa.Column("ocr_pages", sa.Integer(), nullable=True))
    op.add_column("contents", sa.Column("empty_pages", sa.Integer(), nullable=True))
    op.add_column("contents", sa.Column("table_count", sa.Integer(), nullable=True))
    op.add_column("documents", sa.Column("health", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("warnings", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("documents_by_health", "documents", ["kb_id", "health"], unique=False)
    _judge_documents()


def _judge_documents() -> None:
    connection = op.get_bind()
    for state, health in _HEALTH_OF_STATES.items():
        connection.execute(
            sa.update(_documents).where(_documents.c.state == state).values(health=health)
        )
    warned = [
        row.id
        for row in connection.execute(
            sa.select(_contents.c.id, _contents.c.warnings).where(_contents.c.warnings.is_not(None))
        )
        if row.warnings
    ]
    for content_id in warned:
        connection.execute(
            sa.update(_documents)
            .where(_documents.c.content_id == content_id, _documents.c.state == "ready")
            .values(health="amber")
        )
