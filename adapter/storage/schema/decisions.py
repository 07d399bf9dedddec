"""What did people decide about calls?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import BIG_ID, UTCDateTime, metadata

# One decision about one call (adapter.domain.decision); kept as long as the call.
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("call_key", sa.Text, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("run", sa.Integer, nullable=False, server_default="0"),
    sa.Index("decisions_by_call", "call_key", "id"),
)

# Many calls that somebody had delivered again at once (adapter.storage.bulk_replays).
# what: calls | parked. filter: JSON of the calls that were meant. place_at, place_key: the call behind which it
# goes on, by when that was first heard of.
# skipped: JSON, how many were left alone by the reason.
bulk_replays = sa.Table(
    "bulk_replays",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("filter", sa.Text, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("expected", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # running | done | stopped
    sa.Column("place_at", UTCDateTime),
    sa.Column("place_key", sa.Text),
    sa.Column("planned", sa.Integer, nullable=False, server_default="0"),
    sa.Column("skipped", sa.Text, nullable=False, server_default="{}"),
    sa.Column("stopped_by", sa.Text),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Index(
        "bulk_replays_running",
        "id",
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    ),
)
