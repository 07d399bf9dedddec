"""The public address that web tells, and what a worker finds wrong with the set-up."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "web_addresses",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "set_up_checks",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("checked_at", UTCDateTime(), nullable=False),
    )
