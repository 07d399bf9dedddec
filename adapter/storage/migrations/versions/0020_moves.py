"""What `adapter copy` did with a database, and which web processes are alive."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column("way", sa.Text(), primary_key=True),
        sa.Column("copy_id", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime()),
    )
    op.create_table(
        "copied_tables",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("last_key", sa.Text()),
    )
    op.create_table(
        "web_processes",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
    )
