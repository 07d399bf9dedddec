"""Which tables has the sign-in to the pages?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import BIG_ID, UTCDateTime, metadata

# Who is signed in to the pages (adapter.storage.sign_ins). id: a digest; the secret itself is in the cookie.
sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("begun_at", UTCDateTime, nullable=False),
    sa.Column("ends_at", UTCDateTime, nullable=False),
    sa.Index("sign_ins_by_end", "ends_at"),
)

# Sign-ins that failed (adapter.storage.wrong_passwords). source: null where only the alert counts them.
wrong_passwords = sa.Table(
    "wrong_passwords",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("peer", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("wrong_passwords_by_time", "at"),
    sa.Index("wrong_passwords_by_source", "source", "at"),
    sa.Index("wrong_passwords_by_peer", "peer", "at"),
)
