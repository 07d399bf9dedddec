"""Whose turn is it to do what only one worker does at a time? One row a job, taken by compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import jobs
from adapter.storage.store import Store

LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class JobRow:
    """first_at: when this job was first planned here; ran_at: when its last good run began."""

    name: str
    first_at: datetime
    next_at: datetime
    ran_at: datetime | None


class Jobs:
    """The jobs' rows. owner: the name of this process."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner

    def plan(self, planned: Mapping[str, datetime], now: datetime) -> None:
        """Make the rows of jobs that are not known yet. planned: when each is due for the first time."""
        with self._store.begin() as connection:
            for name, next_at in planned.items():
                statement = self._store.insert(jobs).values(
                    name=name, first_at=now, next_at=next_at
                )
                connection.execute(statement.on_conflict_do_nothing(index_elements=[jobs.c.name]))

    def due(self, now: datetime) -> list[str]:
        """Which jobs could be taken now, the longest due first."""
        query = sa.select(jobs.c.name).where(_is_free(now)).order_by(jobs.c.next_at)
        with self._store.begin() as connection:
            return list(connection.execute(query).scalars())

    def take(self, name: str, now: datetime) -> JobRow | None:
        """The job, if it is due and nobody has it; it is ours until the lease ends or is renewed."""
        statement = (
            sa.update(jobs)
            .where(jobs.c.name == name, _is_free(now))
            .values(held_by=self._owner, held_until=now + LEASE)
            .returning(jobs.c.name, jobs.c.first_at, jobs.c.next_at, jobs.c.ran_at)
        )
        with self._store.begin() as connection:
            row = connection.execute(statement).one_or_none()
        return JobRow(*row) if row else None

    def renew(self, name: str, now: datetime) -> bool:
        """Keep a job that takes long; False if it is not ours any more."""
        return self._update_mine(name, held_until=now + LEASE)

    def finish(self, name: str, *, next_at: datetime, ran_at: datetime | None) -> None:
        """It is over, and due again then. ran_at: when it began, if it went well."""
        good = {"ran_at": ran_at} if ran_at is not None else {}
        self._update_mine(name, next_at=next_at, held_by=None, held_until=None, **good)

    def drop(self, name: str) -> None:
        """It is over, and does not come again."""
        mine = sa.and_(jobs.c.name == name, jobs.c.held_by == self._owner)
        with self._store.begin() as connection:
            connection.execute(sa.delete(jobs).where(mine))

    def _update_mine(self, name: str, **values: object) -> bool:
        mine = sa.and_(jobs.c.name == name, jobs.c.held_by == self._owner)
        with self._store.begin() as connection:
            return connection.execute(sa.update(jobs).where(mine).values(**values)).rowcount > 0


def begun_at(store: Store) -> datetime | None:
    """When the first job was planned here, and so when this database began to be used."""
    with store.autocommit() as connection:
        begun: datetime | None = connection.execute(
            sa.select(sa.func.min(jobs.c.first_at))
        ).scalar_one()
    return begun


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        jobs.c.next_at <= now, sa.or_(jobs.c.held_until.is_(None), jobs.c.held_until < now)
    )
