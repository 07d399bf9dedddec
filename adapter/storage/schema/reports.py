"""Which tables hold what pages show and nothing else reads?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import UTCDateTime, metadata

# Calls by hour (adapter.storage.hourly_counts). hour: hours since 1970, UTC. by: a Counted.
hourly_counts = sa.Table(
    "hourly_counts",
    metadata,
    sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("by", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),
    sa.Column("calls", sa.Integer, nullable=False),
)

# How whole days compared with the provider's list. provider: as people write it. listed: the provider's calls
# of the day; tally: JSON, how many of them had each state then.
daily_balances = sa.Table(
    "daily_balances",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("listed", sa.Integer, nullable=False),
    sa.Column("tally", sa.Text, nullable=False),
    sa.Column("compared_at", UTCDateTime, nullable=False),
)
