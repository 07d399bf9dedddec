"""Which web processes are there, and when was each last alive?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import web_processes
from adapter.storage.session import Session

FORGET_AFTER = timedelta(days=1)


class WebProcesses:
    """The rows of `web_processes`. A process that has ended leaves its row behind."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def beat(self, name: str, now: datetime) -> None:
        """This process is alive."""
        statement = self._session.insert(web_processes).values(name=name, seen_at=now)
        statement = statement.on_conflict_do_update(
            index_elements=[web_processes.c.name], set_={"seen_at": now}
        )
        is_old = web_processes.c.seen_at < now - FORGET_AFTER
        with self._session.begin() as connection:
            connection.execute(statement)
            connection.execute(sa.delete(web_processes).where(is_old))

    def seen_at(self) -> Mapping[str, datetime]:
        """When each was last alive."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(web_processes.c.name, web_processes.c.seen_at))
            return {row.name: row.seen_at for row in rows}
