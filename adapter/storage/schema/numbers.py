"""What did we change at the providers' numbers?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import BIG_ID, UTCDateTime, metadata

# A change of a callback, kept before the provider is asked for it (adapter.domain.callback). set_at: the
# provider's id of what has the callback, not a phone number. kind: connect | tunnel | disconnect.
# confirmed_at: when the new value was read back.
callback_changes = sa.Table(
    "callback_changes",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("set_at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("old_url", sa.Text, nullable=False),
    sa.Column("old_method", sa.Text, nullable=False),
    sa.Column("new_url", sa.Text, nullable=False),
    sa.Column("new_method", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("confirmed_at", UTCDateTime),
    sa.Index("callback_changes_by_place", "provider", "account", "set_at", "id"),
)
