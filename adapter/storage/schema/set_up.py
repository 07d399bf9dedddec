"""Which tables tell processes what another one knows of the set-up?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import UTCDateTime, metadata

# The public address that web told last (adapter.storage.web_address). told_by: the variable it had it from.
web_addresses = sa.Table(
    "web_addresses",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("told_by", sa.Text, nullable=False),
    sa.Column("told_at", UTCDateTime, nullable=False),
)

# What a worker found wrong (adapter.storage.set_up_checks). problems: JSON, sentences by name.
set_up_checks = sa.Table(
    "set_up_checks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("problems", sa.Text, nullable=False),
    sa.Column("checked_at", UTCDateTime, nullable=False),
)
