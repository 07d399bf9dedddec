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
