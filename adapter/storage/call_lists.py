"""Which calls fit a filter? Pages of them, newest first, how many there are, and all of them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter, Count, Cursor, Search
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.storage.schema import calls
from adapter.storage.session import Session

COUNTED_AT_MOST = 10_000
BATCH = 500
# So many digits of a number stand in an index.
ENDING = 4
# Of a name that more calls have, a page is found along the times soon enough.
RARE = 3000
# Between the words of a name.
MARKS = "/<>@._'&:-"


@dataclass(frozen=True)
class Page:
    """Some calls of a list. next: where the list goes on, None at its end."""

    calls: Sequence[Call]
    next: Cursor | None


class CallLists:
    """Lists of calls by a filter."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, wanted: CallFilter, after: Cursor | None = None, limit: int = 50) -> Page:
        """The calls that come after this place, newest first."""
        which = [*self.conditions(wanted), *(_behind(after) if after else ())]
        if self._is_rare(wanted):
            # All that match are found first: along the times the whole table might be read for them.
            found = sa.select(calls.c.key, calls.c.first_seen_at).where(*which).offset(0).subquery()
            newest = sa.select(found.c.key).order_by(
                found.c.first_seen_at.desc(), found.c.key.desc()
            )
            which = [calls.c.key.in_(newest.limit(limit + 1))]
        query = sa.select(calls).where(*which).order_by(*_NEWEST_FIRST)
        with self._session.autocommit() as connection:
            rows = connection.execute(query.limit(limit + 1)).all()
        some = [Call.of(row._mapping) for row in rows[:limit]]
        return Page(some, _place_of(some[-1]) if len(rows) > limit else None)

    def _is_rare(self, wanted: CallFilter) -> bool:
        """Whether a name is searched for that few calls have. PostgreSQL guesses that one in fifty has it."""
        has_words = wanted.search is not None and bool(wanted.search.words)
        return has_words and self._session.is_postgresql and not self.count(wanted, RARE).is_more

    def count(self, wanted: CallFilter, most: int = COUNTED_AT_MOST) -> Count:
        """How many there are, counted up to this number."""
        some = sa.select(sa.literal(1)).select_from(calls).where(*self.conditions(wanted))
        query = sa.select(sa.func.count()).select_from(some.limit(most + 1).subquery())
        with self._session.autocommit() as connection:
            value = int(connection.execute(query).scalar_one())
        return Count(min(value, most), is_more=value > most)

    def exact_count(self, wanted: CallFilter) -> int:
        """How many there are, however many."""
        query = sa.select(sa.func.count()).select_from(calls).where(*self.conditions(wanted))
        with self._session.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def iterate(self, wanted: CallFilter, most: int) -> Iterator[Call]:
        """So many of the calls, newest first, each once. They are read in batches, which nothing locks."""
        after: Cursor | None = None
        while most > 0:
            page = self.page(wanted, after, min(BATCH, most))
            yield from page.calls
            most -= len(page.calls)
            after = page.next
            if after is None:
                return

    def conditions(self, wanted: CallFilter) -> Sequence[sa.ColumnElement[bool]]:
        """What is true of the calls that are meant."""
        return [*_facts(wanted), *self._search(wanted.search)]

    def _search(self, search: Search | None) -> Iterator[sa.ColumnElement[bool]]:
        if search is None:
            return
        fitting: list[sa.ColumnElement[bool]] = []
        if search.numbers:
            fitting.append(calls.c.other.in_(sorted(search.numbers)))
        if search.ending is not None:
            fitting.append(self._ends_in(search.ending))
        if search.id is not None:
            ids = (calls.c.call_id, calls.c.key, calls.c.job_id)
            fitting += [column == search.id for column in ids]
        if search.words:
            fitting.append(self._is_named(search.words))
        yield sa.or_(sa.false(), *fitting)

    def _ends_in(self, digits: str) -> sa.ColumnElement[bool]:
        last = digits[-ENDING:]
        if self._session.is_postgresql:
            ending = sa.func.right(calls.c.other, sa.literal_column(str(ENDING)))
        else:
            ending = sa.func.substr(calls.c.other, sa.literal_column(str(-ENDING)))
        return sa.and_(ending == last, calls.c.other.endswith(digits, autoescape=True))

    def _is_named(self, words: Sequence[str]) -> sa.ColumnElement[bool]:
        """Each of these is the beginning of a word of the person's name."""
        if self._session.is_postgresql:
            query = sa.func.to_tsquery(_SIMPLE, " & ".join(f"'{word}':*" for word in words))
            plain = sa.func.translate(calls.c.person_name, *_MARKS_TO_BLANKS)
            name = sa.func.to_tsvector(_SIMPLE, plain)
            return sa.and_(calls.c.person_name.isnot(None), name.bool_op("@@")(query))
        spaced = sa.literal(" ") + calls.c.person_name
        for mark in MARKS:
            spaced = sa.func.replace(spaced, mark, " ")
        return sa.and_(*(spaced.icontains(f" {word}", autoescape=True) for word in words))


_SIMPLE: sa.ColumnElement[Any] = sa.literal_column("'simple'::regconfig")
# As they stand in the index (migration 0014).
_MARKS_TO_BLANKS: list[sa.ColumnElement[str]] = [
    sa.literal_column("'" + text.replace("'", "''") + "'") for text in (MARKS, " " * len(MARKS))
]
_NEWEST_FIRST = (calls.c.first_seen_at.desc(), calls.c.key.desc())


def _facts(wanted: CallFilter) -> Iterator[sa.ColumnElement[bool]]:
    # The values of closed lists stand in the statement: planners have to see which index of some calls fits.
    if wanted.state is None:
        yield calls.c.state != _fixed(CallState.FOLDED)
    else:
        yield calls.c.state == _fixed(wanted.state)
    if wanted.outcome is not None:
        yield calls.c.outcome == _fixed(wanted.outcome)
        if wanted.outcome is not Outcome.ANSWERED:
            yield calls.c.outcome != _fixed(Outcome.ANSWERED)
    if wanted.cause is not None:
        yield calls.c.cause == _fixed(wanted.cause)
    if wanted.lines is not None:
        yield calls.c.line.in_(sorted(wanted.lines))
    if wanted.kind is not None:
        yield calls.c.person_kind == _fixed(wanted.kind)
    if wanted.direction is not None:
        yield calls.c.direction == _fixed(wanted.direction)
        if wanted.direction is not Direction.INBOUND:
            yield calls.c.direction != _fixed(Direction.INBOUND)
    if wanted.since is not None:
        yield calls.c.first_seen_at >= wanted.since
    if wanted.until is not None:
        yield calls.c.first_seen_at < wanted.until


def _fixed(value: str) -> sa.BindParameter[str]:
    return sa.bindparam(None, str(value), sa.Text, literal_execute=True)


def _behind(place: Cursor) -> Sequence[sa.ColumnElement[bool]]:
    at = sa.literal(place.first_seen_at, calls.c.first_seen_at.type)
    older = sa.tuple_(calls.c.first_seen_at, calls.c.key) < sa.tuple_(at, sa.literal(place.key))
    return calls.c.first_seen_at <= at, older


def _place_of(call: Call) -> Cursor:
    return Cursor(call.first_seen_at, call.key)
