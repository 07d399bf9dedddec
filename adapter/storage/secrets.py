"""Which secrets did the database itself make, the same for every process that uses it?"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex

import sqlalchemy as sa

from adapter.storage.schema import secrets
from adapter.storage.session import Session

_INSTANCE = "instance"


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

    def known_instance(self) -> str | None:
        """The same name as of `instance`, without making one."""
        query = sa.select(secrets.c.value).where(secrets.c.name == _INSTANCE)
        with self._session.autocommit() as connection:
            secret = connection.execute(query).scalar_one_or_none()
        return _shown(secret) if secret else None

    def instance(self) -> str:
        """A name of this database that may be shown: the same for every process that uses it."""
        return _shown(self.get_or_set(_INSTANCE, token_hex(32)))


def _shown(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:16]
