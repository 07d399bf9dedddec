"""How many calls there were in each hour, and how each day compared with the provider's list."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "hourly_counts",
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
    )
    op.create_table(
        "daily_balances",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("tally", sa.Text, nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
    )
