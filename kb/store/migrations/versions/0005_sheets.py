"""Tables are kept with their cells, so that questions about them can be computed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_contents = sa.table(
    "contents",
    sa.column("live", sa.Boolean()),
    sa.column("dead_since", sa.Float()),
)


def upgrade() -> None:
    """Add the tables; what was read before has none in them until it is read again."""
    op.create_table(
        "sheet_tables",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("header", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("first_column", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("of_sheet", sa.Boolean(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "sheet_tables_by_content", "sheet_tables", ["content_id", "number"], unique=True
    )
    op.create_table(
        "sheet_parts",
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("first_column", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("last_line", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["table_id"], ["sheet_tables.id"]),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"]),
        sa.PrimaryKeyConstraint("table_id", "first_row"),
    )
    op.create_index("sheet_parts_by_line", "sheet_parts", ["content_id", "first_line"])
    # What is half written would go on without the tables of its first half: it begins anew.
    op.get_bind().execute(
        sa.update(_contents).where(_contents.c.live.is_(False)).values(dead_since=0.0)
    )
