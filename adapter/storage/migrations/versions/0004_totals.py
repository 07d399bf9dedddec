"""What the workers counted, and an index of calls that are not delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "totals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels"),
    )
    op.create_index(
        "calls_undelivered",
        "calls",
        ["over_at", "due_at", "tries"],
        postgresql_where=sa.text("state IN ('open', 'delivering')"),
        sqlite_where=sa.text("state IN ('open', 'delivering')"),
    )
