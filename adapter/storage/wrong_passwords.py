"""How many wrong passwords were tried, and from where? All web processes share these counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import wrong_passwords
from adapter.storage.session import Session

KEPT = timedelta(hours=25)


@dataclass(frozen=True)
class Tries:
    """Wrong passwords from one place. last_at: when the newest was tried, None if there was none."""

    count: int = 0
    last_at: datetime | None = None


def wrong_passwords_since(session: Session, when: datetime) -> int:
    """Return how many sign-ins failed since then: wrong passwords, and tries refused during a pause."""
    query = sa.select(sa.func.coalesce(sa.func.sum(wrong_passwords.c.tries), 0)).where(
        wrong_passwords.c.at >= when
    )
    with session.autocommit() as connection:
        return int(connection.execute(query).scalar_one())


class WrongPasswords:
    """The rows of `wrong_passwords`.

    source: who is counted together: an address, or a browser that has signed in before. peer: the other end of
    the connection, which is a proxy's for all that came through it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, source: str, peer: str, at: datetime) -> None:
        """Count a wrong password. Delete what is too old to count."""
        self.prune(at)
        with self._session.begin() as connection:
            connection.execute(
                sa.insert(wrong_passwords).values(at=at, source=source, peer=peer, tries=1)
            )

    def add_refused(self, count: int, at: datetime) -> None:
        """Count tries that were refused unread, for the alert only: they lengthen no pause."""
        with self._session.begin() as connection:
            connection.execute(
                sa.insert(wrong_passwords).values(at=at, source=None, peer=None, tries=count)
            )

    def of_source(self, source: str, since: datetime) -> Tries:
        """Return the tries from this source since then."""
        at = wrong_passwords.c.at
        query = sa.select(sa.func.count(), sa.func.max(at, type_=at.type)).where(
            wrong_passwords.c.source == source, at >= since
        )
        with self._session.autocommit() as connection:
            count, last_at = connection.execute(query).one()
        return Tries(int(count), last_at)

    def nth_last_of_peer(self, peer: str, nth: int, since: datetime) -> datetime | None:
        """Return when the nth newest try by way of this peer was; None if there were fewer since then."""
        query = (
            sa.select(wrong_passwords.c.at)
            .where(wrong_passwords.c.peer == peer, wrong_passwords.c.at >= since)
            .order_by(wrong_passwords.c.at.desc())
            .offset(nth - 1)
            .limit(1)
        )
        with self._session.autocommit() as connection:
            at: datetime | None = connection.execute(query).scalar_one_or_none()
        return at

    def forgive(self, source: str) -> None:
        """Let the source begin anew. Its tries still count for the alert."""
        with self._session.begin() as connection:
            connection.execute(
                sa.update(wrong_passwords)
                .where(wrong_passwords.c.source == source)
                .values(source=None)
            )

    def prune(self, now: datetime) -> None:
        """Delete what is too old to count."""
        with self._session.begin() as connection:
            connection.execute(sa.delete(wrong_passwords).where(wrong_passwords.c.at < now - KEPT))
