"""Which tables say that this database was moved to another one, and who is still at work in it?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import UTCDateTime, metadata

# What `adapter copy` did with this database (adapter.storage.moves). way: out | in. copy_id: the same in the
# source and in the target. instance: the name of the source. place: the other database, without user and
# password. done_at: out: all is in the target; in: processes may begin here.
moves = sa.Table(
    "moves",
    metadata,
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("copy_id", sa.Text, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("begun_at", UTCDateTime, nullable=False),
    sa.Column("done_at", UTCDateTime),
)

# How far a copy into this database is (adapter.storage.copied_rows). last_key: JSON, the primary key of the
# last row that is here.
copied_tables = sa.Table(
    "copied_tables",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("last_key", sa.Text),
)

# Which web processes are alive, so that no database is moved under them.
web_processes = sa.Table(
    "web_processes",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seen_at", UTCDateTime, nullable=False),
)
