"""Who is signed in to the pages? One row for each session.

So signing out ends a session for every copy of its cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.storage.schema import sign_ins
from adapter.storage.session import Session


@dataclass(frozen=True)
class SignIn:
    """A session. way: how its user signed in, `password` or `oidc`. name: who it is, for the record."""

    way: str
    name: str


class SignIns:
    """The rows of `sign_ins`. id: a digest of the secret that the cookie carries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, id: str, sign_in: SignIn, *, now: datetime, until: datetime) -> None:
        """Store a session that ends at `until`. Delete those that have ended."""
        self.prune(now)
        with self._session.begin() as connection:
            connection.execute(
                sa.insert(sign_ins).values(
                    id=id, way=sign_in.way, name=sign_in.name, begun_at=now, ends_at=until
                )
            )

    def find(self, id: str, now: datetime) -> SignIn | None:
        """Return the session; None if there is none, or if it has ended."""
        query = sa.select(sign_ins.c.way, sign_ins.c.name).where(
            sign_ins.c.id == id, sign_ins.c.ends_at > now
        )
        with self._session.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        return SignIn(row.way, row.name) if row else None

    def end(self, id: str) -> None:
        """Delete the session."""
        with self._session.begin() as connection:
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.id == id))

    def prune(self, now: datetime) -> None:
        """Delete the sessions that have ended."""
        with self._session.begin() as connection:
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.ends_at <= now))
