"""Was this database moved to another one, or is a copy of another one being made in it? (`adapter copy`)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from adapter.errors import SettingsError
from adapter.storage.fence import lower_fence, raise_fence
from adapter.storage.schema import copied_tables, moves
from adapter.storage.session import Session
from adapter.storage.trouble import named

Way = Literal["out", "in"]


@dataclass(frozen=True)
class Move:
    """One end of a copy. The fields are the columns of `moves` (adapter.storage.schema.moves)."""

    way: Way
    copy_id: str
    instance: str
    place: str
    begun_at: datetime
    done_at: datetime | None = None


class Moves:
    """The rows of `moves`: at most one for each way."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, way: Way) -> Move | None:
        with self._session.autocommit() as connection:
            return _get(connection, way)

    def move_out(self, move: Move) -> None:
        """Note where this database goes, and refuse every other change of it from now on, as one."""
        with self._session.begin() as connection:
            _put(connection, move)
            raise_fence(connection, move.place)

    def undo(self) -> Move | None:
        """Let this database be changed again. Return where it went; None if it went nowhere."""
        with self._session.begin() as connection:
            # It goes first, so that SQLite begins the transaction with it.
            move = _get(connection, "out")
            connection.execute(sa.delete(moves).where(moves.c.way == "out"))
            lower_fence(connection)
        return move

    def move_in(self, connection: sa.Connection, move: Move, tables: list[str]) -> None:
        """Note that a copy begins here; nothing of these tables is here yet."""
        _put(connection, move)
        connection.execute(sa.delete(copied_tables))
        connection.execute(sa.insert(copied_tables), [{"name": name, "rows": 0} for name in tables])

    def end(self, move: Move, now: datetime) -> bool:
        """Note that this end is done; False if it is another copy's by now, or was undone."""
        with self._session.begin() as connection:
            is_ours = sa.and_(moves.c.way == move.way, moves.c.copy_id == move.copy_id)
            if move.way == "in":
                connection.execute(sa.delete(copied_tables))
            ended = connection.execute(sa.update(moves).where(is_ours).values(done_at=now))
            return ended.rowcount > 0


def _get(connection: sa.Connection, way: Way) -> Move | None:
    row = connection.execute(sa.select(moves).where(moves.c.way == way)).one_or_none()
    return Move(**row._mapping) if row else None


def _put(connection: sa.Connection, move: Move) -> None:
    connection.execute(sa.delete(moves).where(moves.c.way == move.way))
    connection.execute(sa.insert(moves).values(**vars(move)))


def place_of(url: str | sa.URL) -> str:
    """Return which database this is, without user and password: its kind, and its file or name and server."""
    parsed = sa.make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return f"SQLite {Path(parsed.database or '').absolute()}"
    server = f"{parsed.host or parsed.query.get('host') or 'local'}:{parsed.port or 5432}"
    return f"PostgreSQL {parsed.database} on {server}"


def refuse_moved(engine: sa.Engine, setting: str = "DATABASE_URL") -> None:
    """Check that processes may work with this database.

    Errors: SettingsError if it was moved to another one, or a copy into it is not finished.
    """
    if not sa.inspect(engine).has_table(moves.name):
        return
    place = named(engine.url, setting)
    with engine.connect() as connection:
        out, into = _get(connection, "out"), _get(connection, "in")
    if into and into.done_at is None:
        raise SettingsError(
            f"{place} holds an unfinished copy of {into.place}: finish it by the same adapter copy --to "
            "as before; until then nothing may work with it"
        )
    if out and out.done_at is None:
        raise SettingsError(
            f"{place} is on its way to {out.place}: run adapter copy --to again, which goes on; "
            "or go back by adapter copy --undo"
        )
    if out:
        raise SettingsError(
            f"{place} was moved to {out.place} at {out.done_at:%Y-%m-%d %H:%M} UTC: let {setting} name that "
            "one; to go back on purpose, stop what runs there and run adapter copy --undo"
        )
