"""What did a process find wrong with its set-up, and when did it look?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.storage.schema import set_up_checks
from adapter.storage.session import Session


@dataclass(frozen=True)
class SetUpCheck:
    """The result of a check. problems: by name, what is wrong and what to do; empty if all is well."""

    problems: Mapping[str, str]
    checked_at: datetime


class SetUpChecks:
    """The rows of `set_up_checks`: the newest result of each check."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, name: str, problems: Mapping[str, str], now: datetime) -> None:
        """Keep what this check found. Raise StoreUnavailable."""
        values = {"problems": json.dumps(dict(problems)), "checked_at": now}
        statement = self._session.insert(set_up_checks).values(name=name, **values)
        with self._session.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def by_name(self) -> Mapping[str, SetUpCheck]:
        """Return the newest result of each check. Raise StoreUnavailable."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(set_up_checks)).all()
        return {row.name: SetUpCheck(json.loads(row.problems), row.checked_at) for row in rows}
