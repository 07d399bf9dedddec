"""Whose turn is it to do what one worker does at a time? One row for each task, taken by compare-and-set.

The table is called `jobs`, as in 0.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.storage.schema import jobs
from adapter.storage.session import Session


@dataclass(frozen=True)
class TaskLease:
    """A task's row. first_at: when the task was first planned here. ran_at: when its last good run began.

    held_until: until then one worker has the task; None if nobody has it.
    """

    name: str
    first_at: datetime
    next_at: datetime
    ran_at: datetime | None
    held_until: datetime | None = None

    @property
    def free_at(self) -> datetime:
        """The moment from which a worker can take the task, as far as is known now."""
        return max(self.next_at, self.held_until) if self.held_until else self.next_at


class TaskLeases:
    """The tasks' rows. owner: the name of this process."""

    def __init__(self, session: Session, owner: str) -> None:
        self._session = session
        self._owner = owner

    def plan(self, planned: Mapping[str, datetime], now: datetime) -> None:
        """Make the rows that are not there yet. planned: when each task is due for the first time."""
        with self._session.begin() as connection:
            for name, next_at in planned.items():
                statement = self._session.insert(jobs).values(
                    name=name, first_at=now, next_at=next_at
                )
                connection.execute(statement.on_conflict_do_nothing(index_elements=[jobs.c.name]))

    def all(self) -> Mapping[str, TaskLease]:
        """Every row by its name."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(*_COLUMNS)).all()
        return {row.name: TaskLease(*row) for row in rows}

    def take(self, name: str, *, now: datetime, until: datetime) -> TaskLease | None:
        """Return the task if it is due and nobody has it. It is ours until then, or until it is renewed."""
        is_free = sa.or_(jobs.c.held_until.is_(None), jobs.c.held_until <= now)
        statement = (
            sa.update(jobs)
            .where(jobs.c.name == name, jobs.c.next_at <= now, is_free)
            .values(held_by=self._owner, held_until=until)
            .returning(*_COLUMNS)
        )
        with self._session.autocommit() as connection:
            row = connection.execute(statement).one_or_none()
        return TaskLease(*row) if row else None

    def renew(self, name: str, *, until: datetime) -> bool:
        """Keep a task that takes long. Return False if it is not ours any more."""
        return self._update_ours(name, held_until=until)

    def finish(self, name: str, *, next_at: datetime, ran_at: datetime | None) -> None:
        """End our run; the task is due again then. ran_at: when the run began, if it went well."""
        good = {"ran_at": ran_at} if ran_at is not None else {}
        self._update_ours(name, next_at=next_at, held_by=None, held_until=None, **good)

    def bring_forward(self, name: str, latest: datetime) -> None:
        """Let the task be due at the latest then."""
        statement = sa.update(jobs).where(jobs.c.name == name, jobs.c.next_at > latest)
        with self._session.autocommit() as connection:
            connection.execute(statement.values(next_at=latest))

    def drop(self, name: str) -> None:
        """End our run of a task that does not come again."""
        with self._session.autocommit() as connection:
            connection.execute(sa.delete(jobs).where(self._is_ours(name)))

    def _update_ours(self, name: str, **values: object) -> bool:
        statement = sa.update(jobs).where(self._is_ours(name)).values(**values)
        with self._session.autocommit() as connection:
            return connection.execute(statement).rowcount > 0

    def _is_ours(self, name: str) -> sa.ColumnElement[bool]:
        return sa.and_(jobs.c.name == name, jobs.c.held_by == self._owner)


_COLUMNS = (jobs.c.name, jobs.c.first_at, jobs.c.next_at, jobs.c.ran_at, jobs.c.held_until)


def begun_at(session: Session) -> datetime | None:
    """When the first task was planned here, and so when this database began to be used."""
    with session.autocommit() as connection:
        begun: datetime | None = connection.execute(
            sa.select(sa.func.min(jobs.c.first_at))
        ).scalar_one()
    return begun
