"""Which worker processes are there, and when was each last alive?"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import workers
from adapter.storage.session import Session

# A worker that was silent for so long is dead, and its work is taken over.
DEAD_AFTER = timedelta(seconds=30)


def new_executor_id(host: str | None) -> str:
    """Return a name for this worker process. host: what the host calls it; None: the machine's name.

    It is unique. A host's own name would be stable, but during a deploy two processes have it at once, and the
    new one would begin again what the old one is doing (docs/decisions/0002-executor-ids.md).
    """
    return f"{host or socket.gethostname()}:{uuid.uuid4().hex[:8]}"


class Workers:
    """The rows of `workers`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def beat(self, executor_id: str, now: datetime, lines: str | None = None) -> None:
        """This worker is alive. lines: the digest of those that it works with."""
        values = {"seen_at": now, "lines": lines}
        statement = self._session.insert(workers).values(executor_id=executor_id, **values)
        with self._session.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=[workers.c.executor_id], set_=values)
            )

    def seen_at(self) -> Mapping[str, datetime]:
        """When each worker was last alive."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(workers.c.executor_id, workers.c.seen_at))
            return {row.executor_id: row.seen_at for row in rows}

    def is_one_alive(self, now: datetime) -> bool:
        """True if a worker has given a sign of life lately."""
        return any(now - seen < DEAD_AFTER for seen in self.seen_at().values())

    def count_with_other_lines(self, digest: str, since: datetime) -> int:
        """How many workers were alive since then and work with other lines than these."""
        query = sa.select(sa.func.count()).where(
            workers.c.seen_at > since, workers.c.lines != digest
        )
        with self._session.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def drop(self, executor_id: str) -> None:
        with self._session.autocommit() as connection:
            connection.execute(sa.delete(workers).where(workers.c.executor_id == executor_id))
