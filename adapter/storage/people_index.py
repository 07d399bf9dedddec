"""Who has this number, as far as the index knows, and how far has the index been read?"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import inf
from typing import Any

import sqlalchemy as sa

from adapter.domain.lines import PersonKind
from adapter.domain.matching import LONG_AGO, Person
from adapter.storage.schema import people, person_numbers, syncs
from adapter.storage.session import Session

BELIEVE_SECONDS = 1.0  # what is read for every call anew is not read more often
# By which rules people are kept: how their numbers, state and application follow from what the target says.
# Raised when these change: then all people are read anew, and until then what is there is used.
RULES = 2


@dataclass(frozen=True)
class SyncState:
    """How far one kind of people of one integration has been read.

    position, total: of the first fill; later the position among the changes that are being read, which
    was begun at begun_at. known_until: the latest change that the index has; aware UTC.
    rules: those that all of it was read by; reread_position: how far a reading by today's has come.
    """

    integration_id: str
    kind: PersonKind
    position: int = 0
    total: int = 0
    is_filled: bool = False
    known_until: datetime = LONG_AGO
    read_at: datetime = LONG_AGO
    begun_at: datetime | None = None
    rules: int = RULES
    reread_position: int | None = None

    @property
    def is_to_be_reread(self) -> bool:
        """It is whole, but some of it was read by rules of an earlier version."""
        return self.is_filled and self.rules < RULES


class PeopleIndex:
    """People by phone number (E.164), on the calls' database."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Up to when the kinds of an integration that were read whole are known, and when that was read.
        self._filled: dict[str, tuple[Mapping[str, datetime], float]] = {}

    def find(self, number: str, integration_id: str) -> Sequence[Person]:
        """Everybody of this integration with this number in either field, all of it or among words."""
        values = {"number": number, "integration": integration_id}
        with self._session.autocommit() as connection:
            return _people(connection.execute(_WITH_NUMBER, values))

    def find_all(self, numbers: Collection[str], integration_id: str) -> Sequence[Person]:
        """Everybody of this integration with one of these numbers; otherwise as `find`."""
        if not numbers:
            return ()
        values = {"numbers": sorted(numbers), "integration": integration_id}
        with self._session.autocommit() as connection:
            return _people(connection.execute(_WITH_NUMBERS, values))

    def get(self, kind: PersonKind, person_id: str) -> Person | None:
        with self._session.autocommit() as connection:
            rows = connection.execute(_WITH_ID, {"kind": kind.value, "id": person_id})
            return next(iter(_people(rows)), None)

    def named(self, words: str, integration_id: str, *, limit: int) -> Sequence[Person]:
        """People of this integration in whose name these words stand, the latest updated first.

        Of their numbers only those of their own row are told.
        """
        is_named = people.c.name.icontains(words, autoescape=True)
        nothing = (sa.null().label("number"), sa.null().label("is_whole"))
        query = (
            sa.select(people, *nothing)
            .where(is_named, people.c.integration_id == integration_id)
            .order_by(people.c.is_active.desc(), people.c.updated_at.desc(), people.c.id)
            .limit(limit)
        )
        with self._session.autocommit() as connection:
            return _people(connection.execute(query))

    def save(self, found: Iterable[Person]) -> set[str]:
        """Put people in, or bring them up to date; the numbers that they have."""
        known = {(person.kind.value, person.id): person for person in found}
        if not known:
            return set()
        # In one order in every process, so that two that save the same people do not block each other.
        rows = [_row(known[key]) for key in sorted(known)]
        more = [number for key in sorted(known) for number in _more_numbers(known[key])]
        statement = self._session.insert(people)
        newer = {c.name: statement.excluded[c.name] for c in people.columns if not c.primary_key}
        with self._session.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[people.c.kind, people.c.id], set_=newer
                ),
                rows,
            )
            theirs = sa.tuple_(person_numbers.c.kind, person_numbers.c.person_id)
            connection.execute(sa.delete(person_numbers).where(theirs.in_(sorted(known))))
            if more:
                connection.execute(sa.insert(person_numbers), more)
        return set().union(*(person.numbers | person.among_words for person in known.values()))

    def state(self, integration_id: str, kind: PersonKind) -> SyncState:
        query = sa.select(syncs).where(
            syncs.c.integration_id == integration_id, syncs.c.kind == kind.value
        )
        with self._session.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return SyncState(integration_id, kind)
        return SyncState(**{**row._mapping, "kind": PersonKind(row.kind)})

    def save_state(self, state: SyncState) -> None:
        values = {**asdict(state), "kind": state.kind.value}
        statement = self._session.insert(syncs).values(**values)
        with self._session.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[syncs.c.integration_id, syncs.c.kind], set_=values
                )
            )
        self._filled.pop(state.integration_id, None)

    def is_filled(self, integration_id: str, kinds: Iterable[PersonKind]) -> bool:
        """True if every one of these kinds has been read whole."""
        return self.known_until(integration_id, kinds) is not None

    def is_read_by_todays_rules(self, integration_id: str, kinds: Iterable[PersonKind]) -> bool:
        """True if every one of these kinds has been read whole, and by the rules of this version."""
        states = [self.state(integration_id, kind) for kind in kinds]
        return all(state.is_filled and not state.is_to_be_reread for state in states)

    def known_until(self, integration_id: str, kinds: Iterable[PersonKind]) -> datetime | None:
        """Up to when all changes of these kinds are known; None if one has not been read whole.

        As it was at most a second ago. LONG_AGO where an earlier version read them, by other rules.
        """
        wanted = [kind.value for kind in kinds]
        filled, read_at = self._filled.get(integration_id, ({}, -inf))
        is_old = time.monotonic() - read_at > BELIEVE_SECONDS
        if is_old or not all(kind in filled for kind in wanted):
            values = {"integration": integration_id}
            read_at = time.monotonic()
            with self._session.autocommit() as connection:
                rows = connection.execute(_FILLED, values).all()
            filled = {r.kind: r.known_until if r.rules >= RULES else LONG_AGO for r in rows}
            self._filled[integration_id] = filled, read_at
        known: list[datetime | None] = [filled.get(kind) for kind in wanted]
        return None if None in known else min(filter(None, known), default=LONG_AGO)

    def count(self) -> int:
        with self._session.autocommit() as connection:
            query = sa.select(sa.func.count()).select_from(people)
            return int(connection.execute(query).scalar_one())


# Run for every call, and so built once (adapter.storage.store).
_INTEGRATION: sa.BindParameter[str] = sa.bindparam("integration")
_NUMBER: sa.BindParameter[str] = sa.bindparam("number")
_MORE = person_numbers.c
_IS_THEIRS = sa.and_(_MORE.kind == people.c.kind, _MORE.person_id == people.c.id)
# Two queries in one round trip: with an OR over both tables PostgreSQL would read them whole.
_WITH_NUMBER = sa.union_all(
    sa.select(people, sa.null().label("number"), sa.null().label("is_whole")).where(
        sa.or_(people.c.number_1 == _NUMBER, people.c.number_2 == _NUMBER),
        people.c.integration_id == _INTEGRATION,
    ),
    sa.select(people, _MORE.number, _MORE.is_whole)
    .join_from(person_numbers, people, _IS_THEIRS)
    .where(_MORE.number == _NUMBER, people.c.integration_id == _INTEGRATION),
)
_NUMBERS: sa.BindParameter[Any] = sa.bindparam("numbers", expanding=True)
_WITH_NUMBERS = sa.union_all(
    sa.select(people, sa.null().label("number"), sa.null().label("is_whole")).where(
        sa.or_(people.c.number_1.in_(_NUMBERS), people.c.number_2.in_(_NUMBERS)),
        people.c.integration_id == _INTEGRATION,
    ),
    sa.select(people, _MORE.number, _MORE.is_whole)
    .join_from(person_numbers, people, _IS_THEIRS)
    .where(_MORE.number.in_(_NUMBERS), people.c.integration_id == _INTEGRATION),
)
_WITH_ID = (
    sa.select(people, _MORE.number, _MORE.is_whole)
    .join_from(people, person_numbers, _IS_THEIRS, isouter=True)
    .where(people.c.kind == sa.bindparam("kind"), people.c.id == sa.bindparam("id"))
)
_FILLED = sa.select(syncs.c.kind, syncs.c.known_until, syncs.c.rules).where(
    syncs.c.integration_id == _INTEGRATION, syncs.c.is_filled
)


def _row(person: Person) -> dict[str, object]:
    numbers = [*sorted(person.numbers)[:2], None, None]
    values = {c.name: getattr(person, c.name, None) for c in people.columns}
    return {
        **values,
        "kind": person.kind.value,
        "number_1": numbers[0],
        "number_2": numbers[1],
    }


def _more_numbers(person: Person) -> list[dict[str, object]]:
    """The numbers for which the person's own row has no room."""
    whole = dict.fromkeys(sorted(person.numbers)[2:], True)
    among_words = dict.fromkeys(sorted(person.among_words - person.numbers), False)
    key = {"kind": person.kind.value, "person_id": person.id}
    return [
        {**key, "number": n, "is_whole": is_whole} for n, is_whole in (whole | among_words).items()
    ]


def _people(rows: Iterable[sa.Row[Any]]) -> list[Person]:
    """The people of these rows; of the numbers beyond their own row those that the rows name."""
    found: dict[tuple[str, str], Person] = {}
    for row in rows:
        values = dict(row._mapping)
        more, is_whole = values.pop("number"), values.pop("is_whole")
        whole = {values.pop("number_1"), values.pop("number_2"), more if is_whole else None}
        values["kind"] = PersonKind(values["kind"])
        person = found.setdefault((row.kind, row.id), Person(**values))
        numbers = person.numbers | {number for number in whole if number}
        among_words = person.among_words | ({more} if more and not is_whole else set())
        found[row.kind, row.id] = replace(
            person, numbers=numbers, among_words=among_words - numbers
        )
    return list(found.values())
