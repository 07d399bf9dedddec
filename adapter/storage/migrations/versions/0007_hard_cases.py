"""Whether the providers' APIs answer; who took part in conferences, and their recordings."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "provider_health",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("failing_since", UTCDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("worked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("provider", "account"),
    )
    op.create_table(
        "conference_calls",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("conference_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "account", "conference_id", "call_id"),
    )
    op.create_index(
        "conference_calls_by_call", "conference_calls", ["provider", "account", "call_id"]
    )
    op.create_index("conference_calls_by_time", "conference_calls", ["seen_at"])
    op.create_table(
        "conference_recordings",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("conference_id", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "account", "recording_id"),
    )
    op.create_index("conference_recordings_by_time", "conference_recordings", ["received_at"])
