"""Alerts, the calls that they hit, what is said of them, and what their rules look at."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0016"
down_revision = "0015"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("resolved_at IS NULL")
_UNSENT = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("seen_count", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("good_since", UTCDateTime()),
        sa.Column("reminded_at", UTCDateTime()),
        sa.Column("acknowledged_at", UTCDateTime()),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("snoozed_until", UTCDateTime()),
        sa.Column("snoozed_by", sa.Text()),
        sa.Column("is_flapping", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("resolved_at", UTCDateTime()),
        sa.Column("calls_hit", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("calls_written", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index(
        "alerts_open",
        "alerts",
        ["key"],
        unique=True,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )
    op.create_index("alerts_by_key", "alerts", ["key", "opened_at"])
    op.create_index("alerts_by_time", "alerts", ["opened_at"])
    op.create_table(
        "alert_calls",
        sa.Column("alert_id", _BIG_ID, nullable=False),
        sa.Column("call_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "call_key"),
    )
    op.create_index("alert_calls_by_call", "alert_calls", ["call_key"])
    op.create_table(
        "alert_notices",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("try_at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claimed_at", UTCDateTime()),
        sa.Column("is_repeat", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("ended_at", UTCDateTime()),
        sa.Column("error", sa.Text()),
    )
    op.create_index("alert_notices_once", "alert_notices", ["topic", "channel"], unique=True)
    op.create_index(
        "alert_notices_unsent",
        "alert_notices",
        ["try_at"],
        postgresql_where=_UNSENT,
        sqlite_where=_UNSENT,
    )
    op.create_index("alert_notices_by_time", "alert_notices", ["created_at"])
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sent_at", UTCDateTime()),
        sa.Column("failed_at", UTCDateTime()),
        sa.Column("error", sa.Text()),
        sa.Column("off_since", UTCDateTime()),
    )
    op.create_table(
        "refused_hooks",
        sa.Column("minute", UTCDateTime(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_table(
        "number_callbacks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("is_here", sa.Boolean(), nullable=False),
        sa.Column("was_here", sa.Boolean(), nullable=False),
        sa.Column("checked_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "account", "number_id"),
    )
    op.add_column("provider_health", sa.Column("is_refusal", sa.Boolean()))
