"""Many calls that are delivered again at once: how far that has come."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0015"
down_revision = "0014"

_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.create_table(
        "bulk_replays",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("place_at", UTCDateTime(), nullable=True),
        sa.Column("place_key", sa.Text(), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("skipped", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "bulk_replays_running",
        "bulk_replays",
        ["id"],
        postgresql_where=_RUNNING,
        sqlite_where=_RUNNING,
    )
