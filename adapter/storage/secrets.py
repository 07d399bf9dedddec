"""Which secrets did the database itself make, the same for every process that uses it?"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex

import sqlalchemy as sa

from adapter.storage.schema import secrets
from adapter.storage.session import Session


class Secrets:
    """The rows of `secrets`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_or_set(self, name: str, fresh: str) -> str:
        """The secret of this name, the same in every process; `fresh` becomes it if there is none."""
        statement = self._session.insert(secrets).values(name=name, value=fresh)
        with self._session.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing(index_elements=[secrets.c.name]))
            query = sa.select(secrets.c.value).where(secrets.c.name == name)
            return str(connection.execute(query).scalar_one())

    def instance(self) -> str:
        """A name of this database that may be shown: the same for every process that uses it."""
        secret = self.get_or_set("instance", token_hex(32))
        return sha256(secret.encode()).hexdigest()[:16]
