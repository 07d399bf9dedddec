"""Who has this number, as far as the index knows, and how far has the index been read?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf

import sqlalchemy as sa

from adapter.calls.lines import PersonKind
from adapter.calls.matching import LONG_AGO, Person
from adapter.calls.store import Store
from adapter.calls.tables import people, syncs

BELIEVE_SECONDS = 1.0  # what is read for every call anew is not read more often


@dataclass(frozen=True)
class SyncState:
    """How far one kind of people of one integration has been read.

    position, total: of the first fill; later the position among the changes that are being read, which
    was begun at begun_at. known_until: the latest change that the index has; aware UTC.
    """

    integration_id: str
    kind: PersonKind
    position: int = 0
    total: int = 0
    is_filled: bool = False
    known_until: datetime = LONG_AGO
    read_at: datetime = LONG_AGO
    begun_at: datetime | None = None


class PeopleIndex:
    """People by phone number (E.164), on the calls' database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Up to when the kinds of an integration that were read whole are known, and when that was read.
        self._filled: dict[str, tuple[Mapping[str, datetime], float]] = {}

    def find(self, number: str, integration_id: str) -> Sequence[Person]:
        """Everybody of this integration with this number in either field."""
        values = {"number": number, "integration": integration_id}
        with self._store.autocommit() as connection:
            return [_person(row) for row in connection.execute(_WITH_NUMBER, values)]

    def get(self, kind: PersonKind, person_id: str) -> Person | None:
        query = sa.select(people).where(people.c.kind == kind.value, people.c.id == person_id)
        with self._store.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        return _person(row) if row else None

    def save(self, found: Iterable[Person]) -> set[str]:
        """Put people in, or bring them up to date; the numbers that they have."""
        # In one order in every process, so that two that save the same people do not block each other.
        rows = sorted(
            (_row(person) for person in found), key=lambda r: (str(r["kind"]), str(r["id"]))
        )
        if not rows:
            return set()
        statement = self._store.insert(people)
        newer = {c.name: statement.excluded[c.name] for c in people.columns if not c.primary_key}
        with self._store.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[people.c.kind, people.c.id], set_=newer
                ),
                rows,
            )
        return {str(n) for row in rows for n in (row["number_1"], row["number_2"]) if n}

    def state(self, integration_id: str, kind: PersonKind) -> SyncState:
        query = sa.select(syncs).where(
            syncs.c.integration_id == integration_id, syncs.c.kind == kind.value
        )
        with self._store.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return SyncState(integration_id, kind)
        return SyncState(**{**row._mapping, "kind": PersonKind(row.kind)})

    def save_state(self, state: SyncState) -> None:
        values = {**asdict(state), "kind": state.kind.value}
        statement = self._store.insert(syncs).values(**values)
        with self._store.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[syncs.c.integration_id, syncs.c.kind], set_=values
                )
            )
        self._filled.pop(state.integration_id, None)

    def is_filled(self, integration_id: str, kinds: Iterable[PersonKind]) -> bool:
        """True if every one of these kinds has been read whole."""
        return self.known_until(integration_id, kinds) is not None

    def known_until(self, integration_id: str, kinds: Iterable[PersonKind]) -> datetime | None:
        """Up to when all changes of these kinds are known; None if one has not been read whole.

        As it was at most a second ago.
        """
        wanted = [kind.value for kind in kinds]
        filled, read_at = self._filled.get(integration_id, ({}, -inf))
        is_old = time.monotonic() - read_at > BELIEVE_SECONDS
        if is_old or not all(kind in filled for kind in wanted):
            values = {"integration": integration_id}
            read_at = time.monotonic()
            with self._store.autocommit() as connection:
                filled = {row.kind: row.known_until for row in connection.execute(_FILLED, values)}
            self._filled[integration_id] = filled, read_at
        known: list[datetime | None] = [filled.get(kind) for kind in wanted]
        return None if None in known else min(filter(None, known), default=LONG_AGO)

    def count(self) -> int:
        with self._store.autocommit() as connection:
            query = sa.select(sa.func.count()).select_from(people)
            return int(connection.execute(query).scalar_one())


# Run for every call, and so built once (adapter.calls.store).
_INTEGRATION: sa.BindParameter[str] = sa.bindparam("integration")
_NUMBER: sa.BindParameter[str] = sa.bindparam("number")
_WITH_NUMBER = sa.select(people).where(
    sa.or_(people.c.number_1 == _NUMBER, people.c.number_2 == _NUMBER),
    people.c.integration_id == _INTEGRATION,
)
_FILLED = sa.select(syncs.c.kind, syncs.c.known_until).where(
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


def _person(row: sa.Row[tuple[object, ...]]) -> Person:
    values = dict(row._mapping)
    numbers = frozenset(n for n in (values.pop("number_1"), values.pop("number_2")) if n)
    return Person(**{**values, "kind": PersonKind(values["kind"]), "numbers": numbers})
