"""How does a transaction on PostgreSQL wait for the server as seldom as possible?

BEGIN travels with the first statement. A statement whose result nobody needs yet is kept back (Later), and
travels with the next one, or with COMMIT. The server still does one after the other, each with a snapshot
of its own. docs/decisions/0015-round-trips.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg import pq
from psycopg.cursor import Cursor

_IDLE = pq.TransactionStatus.IDLE


class Later:
    """A statement that was kept back. Its result can be read when the transaction is over, or went on."""

    def __init__(self, statement: str, values: Mapping[str, Any] | Sequence[Any] | None) -> None:
        self.statement = statement
        self.values = values
        self.cursor: Cursor[Any] | None = None

    @property
    def rowcount(self) -> int:
        return self._done.rowcount

    def rows(self) -> list[Any]:
        return self._done.fetchall() if self._done.description else []

    @property
    def _done(self) -> Cursor[Any]:
        if self.cursor is None:
            raise RuntimeError("the statement was not sent yet: its transaction is not over")
        return self.cursor


class FewTripsCursor(Cursor[Any]):
    """Sends what its connection kept back together with its own statement."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        connection = self.connection
        assert isinstance(connection, FewTripsConnection)  # nosec B101 - it makes no others
        if connection.keeps_back(query):
            connection.keep(query, params)
            return self
        if not connection.has_more_to_send:
            return super().execute(query, params, **options)
        if not params and _is_script(query):
            connection.flush()
            return super().execute(query, params, **options)
        with connection.pipeline():
            connection.send_kept()
            super().execute(query, params, **options)
        return self


class FewTripsConnection(psycopg.Connection[Any]):
    """A connection of psycopg's that sends as much at once as it can. Made by `connect`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = FewTripsCursor
        self._kept: list[Later] = []
        self._prelude: str | None = None  # a first statement, of no use without others
        self._is_keeping = False
        # Then no BEGIN is sent, so that the server makes the statement a transaction of its own.
        self._is_alone = False
        self._begun_in: object = None  # the pipeline by which BEGIN is under way

    @property
    def has_more_to_send(self) -> bool:
        """True if a statement would not travel alone."""
        if self.autocommit:
            return False
        return bool(self._kept) or self.info.transaction_status == _IDLE

    def keep(self, statement: str, values: Any = None) -> Later:
        """Keep back a statement of this transaction."""
        later = Later(statement, values)
        self._kept.append(later)
        return later

    def run_alone(self, statement: str, values: Mapping[str, Any]) -> Cursor[Any]:
        """Run a statement as a transaction of its own. No transaction is under way."""
        self._is_alone = True
        try:
            return Cursor(self).execute(statement, values, prepare=True)
        finally:
            self._is_alone = False

    def begin_with(self, statement: str) -> None:
        """This statement is the first of the transaction, if there will be any."""
        self._prelude = statement

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """In this block statements are kept back, but for those that return rows."""
        self._is_keeping = True
        try:
            yield
        finally:
            self._is_keeping = False

    def keeps_back(self, query: Any) -> bool:
        return self._is_keeping and not self.autocommit and not _returns_rows(query)

    def send_kept(self) -> None:
        """Send what was kept back. In a pipeline: nothing is waited for."""
        kept, self._kept = self._kept, []
        if self._prelude is not None:
            kept.insert(0, Later(self._prelude, None))
            self._prelude = None
        for later in kept:
            later.cursor = Cursor(self)
            later.cursor.execute(later.statement, later.values)

    def _start_query(self) -> Any:
        """Begin a transaction if there is none.

        In a pipeline psycopg's own way waits for the answer to BEGIN.
        """
        if self._is_alone:
            return
        if self._pipeline is None:
            yield from super()._start_query()
            return
        is_begun = self._pipeline is self._begun_in or self.info.transaction_status != _IDLE
        if not self.autocommit and not is_begun:
            self._begun_in = self._pipeline
            yield from self._exec_command(self._get_tx_start_command())

    def flush(self) -> None:
        """Send what was kept back, and wait for it."""
        if self._kept or self._prelude:
            with self.pipeline():
                self.send_kept()

    def commit(self) -> None:
        if not self._kept:
            self._prelude = None
            return super().commit()
        with self.pipeline():
            self.send_kept()
            Cursor(self).execute("COMMIT")  # its own commit() may not have seen the BEGIN under way

    def rollback(self) -> None:
        self._kept, self._prelude = [], None
        if self._pipeline is None and self.info.transaction_status == _IDLE:
            return  # psycopg would find that out by a detour, each time the pool takes a connection back
        super().rollback()


def _returns_rows(query: Any) -> bool:
    return not isinstance(query, str) or "RETURNING" in query or query.lstrip().startswith("SELECT")


def _is_script(query: Any) -> bool:
    """True if it may be several statements, which only travel alone."""
    return not isinstance(query, str) or ";" in query
