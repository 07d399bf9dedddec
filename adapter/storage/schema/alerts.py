"""Which tables keep alerts, and what their rules look at?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import BIG_ID, UTCDateTime, metadata

# As the indexes have it, so that planners see that an index is enough.
OPEN = "resolved_at IS NULL"
UNSENT = "state IN ('waiting', 'sending')"

# One row for each time that an alert was open (adapter.domain.alert_life.Alert).
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("opened_at", UTCDateTime, nullable=False),
    sa.Column("seen_at", UTCDateTime, nullable=False),
    sa.Column("seen_count", sa.Integer, nullable=False, server_default="1"),
    sa.Column("good_since", UTCDateTime),
    sa.Column("reminded_at", UTCDateTime),
    sa.Column("acknowledged_at", UTCDateTime),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("snoozed_until", UTCDateTime),
    sa.Column("snoozed_by", sa.Text),
    sa.Column("is_flapping", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("resolved_at", UTCDateTime),
    sa.Column("calls_hit", sa.Integer, nullable=False, server_default="0"),
    sa.Column("calls_written", sa.Integer, nullable=False, server_default="0"),
    sa.Column("began_at", UTCDateTime),  # the trouble, if that is known
    # One alert of a key is open at a time, whoever opens it.
    sa.Index(
        "alerts_open",
        "key",
        unique=True,
        postgresql_where=sa.text(OPEN),
        sqlite_where=sa.text(OPEN),
    ),
    sa.Index("alerts_by_key", "key", "opened_at"),
    sa.Index("alerts_by_time", "opened_at"),
)

# Which calls an alert hit.
alert_calls = sa.Table(
    "alert_calls",
    metadata,
    sa.Column("alert_id", BIG_ID, primary_key=True),
    sa.Column("call_key", sa.Text, primary_key=True),
    sa.Index("alert_calls_by_call", "call_key"),
)

# What is to be said in one channel, once. topic: what it is about; a topic is said once in a channel.
# state: waiting | sending | sent | failed | unknown. kind: as the page and the logs name it.
alert_notices = sa.Table(
    "alert_notices",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("try_at", UTCDateTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("claimed_at", UTCDateTime),
    sa.Column("is_repeat", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("ended_at", UTCDateTime),
    sa.Column("error", sa.Text),
    sa.Index("alert_notices_once", "topic", "channel", unique=True),
    sa.Index(
        "alert_notices_unsent",
        "try_at",
        postgresql_where=sa.text(UNSENT),
        sqlite_where=sa.text(UNSENT),
    ),
    sa.Index("alert_notices_by_time", "created_at"),
)

# The channels that alerts go to. id: made of the address, which is a secret and is not kept. off_since: it
# refused for good, and is left alone.
alert_channels = sa.Table(
    "alert_channels",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("sent_at", UTCDateTime),
    sa.Column("failed_at", UTCDateTime),
    sa.Column("error", sa.Text),
    sa.Column("off_since", UTCDateTime),
)

# How many hooks were refused with 403, by the minute.
refused_hooks = sa.Table(
    "refused_hooks",
    metadata,
    sa.Column("minute", UTCDateTime, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

# Where the provider's numbers call back to. number_id: the provider's id, not the number.
number_callbacks = sa.Table(
    "number_callbacks",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("number_id", sa.Text, primary_key=True),
    sa.Column("is_here", sa.Boolean, nullable=False),
    sa.Column("was_here", sa.Boolean, nullable=False),
    sa.Column("checked_at", UTCDateTime, nullable=False),
)
