"""Whose is the recording of a conference? Its hook names only the conference.

It goes to a call only where exactly one call of the conference has a person who is not ours: with two
of them, nobody could say on whose record it may stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.merge import join_facts
from adapter.domain.parties import PartyKind
from adapter.domain.record import CallRecord, Recording, call_key
from adapter.observability.logs import logger
from adapter.storage.schema import conference_calls, conference_recordings, legs
from adapter.storage.store import Store

# Hooks come in any order: those about who took part are waited for after the recording's.
SETTLED_AFTER = timedelta(seconds=15)
# A recording of which no call became known is given up.
GIVEN_UP_AFTER = timedelta(hours=1)

log = logger("adapter.conferences")


class Part(Protocol):
    """A hook that names a conference and a call that took part in it."""

    @property
    def provider(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def conference_call(self) -> tuple[str, str] | None: ...


class RecordingHook(Protocol):
    """A hook about the recording of a conference."""

    @property
    def provider(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def conference_id(self) -> str: ...
    @property
    def recording(self) -> Recording: ...


@dataclass(frozen=True)
class SettledRecording:
    """A conference's recording. facts: it in its call's record; None if it is nobody's."""

    provider: str
    account: str
    recording_id: str
    facts: CallRecord | None = None


class Conferences:
    """Keeps who took part in conferences, and their recordings until it is known whose they are."""

    def __init__(self, store: Store, rules: CallRules) -> None:
        self._store = store
        self._rules = rules

    def add_call(self, hook: Part, at: datetime) -> None:
        """Note that a call took part in a conference."""
        if hook.conference_call is None:
            return
        conference_id, call_id = hook.conference_call
        statement = self._store.insert(conference_calls).values(
            provider=hook.provider,
            account=hook.account,
            conference_id=conference_id,
            call_id=call_id,
            seen_at=at,
        )
        with self._store.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def add_recording(self, hook: RecordingHook, at: datetime) -> None:
        """Keep what a hook tells of a recording, joined with what was told before."""
        table = conference_recordings
        key = {
            "provider": hook.provider,
            "account": hook.account,
            "recording_id": hook.recording.id,
        }
        mine = sa.and_(*(table.c[name] == value for name, value in key.items()))
        values = {"conference_id": hook.conference_id, "facts": _json(hook.recording)}
        statement = self._store.insert(table).values(**key, **values, received_at=at)
        with self._store.begin() as connection:
            # Inserted or locked, so that two hooks of one recording are joined one after the other.
            row = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[table.c[name] for name in key],
                    set_={"conference_id": hook.conference_id},
                ).returning(table.c.facts)
            ).one()
            joined = join_facts(Recording.model_validate_json(row.facts), hook.recording)
            connection.execute(sa.update(table).where(mine).values(facts=_json(joined)))

    def settled(self, now: datetime) -> Iterator[SettledRecording]:
        """The recordings of which it is known by now whose they are, or that they are nobody's."""
        for row in self._waiting(now):
            calls = self._calls_with_a_person(row)
            if not calls and now - row.received_at < GIVEN_UP_AFTER:
                continue
            settled = SettledRecording(row.provider, row.account, row.recording_id)
            if len(calls) == 1:
                recording = Recording.model_validate_json(row.facts)
                facts = CallRecord(
                    provider=row.provider,
                    account=row.account,
                    call_id=calls[0].call_id,
                    recordings={recording.id: recording},
                )
                settled = replace(settled, facts=facts)
            else:
                log.info(
                    "a conference's recording belongs to no call",
                    recording=row.recording_id,
                    calls=len(calls),
                )
            yield settled

    def drop(self, connection: sa.Connection, settled: SettledRecording) -> None:
        """Keep no more of it: it stands in its call's record, or is nobody's."""
        table = conference_recordings
        connection.execute(
            sa.delete(table).where(
                table.c.provider == settled.provider,
                table.c.account == settled.account,
                table.c.recording_id == settled.recording_id,
            )
        )

    def _waiting(self, now: datetime) -> list[sa.Row[tuple[object, ...]]]:
        table = conference_recordings
        query = (
            sa.select(table)
            .where(table.c.received_at <= now - SETTLED_AFTER)
            .order_by(table.c.received_at)
            .limit(500)
        )
        with self._store.autocommit() as connection:
            return list(connection.execute(query))

    def _calls_with_a_person(self, row: sa.Row[tuple[object, ...]]) -> list[Call]:
        """The calls of this conference whose other side may be a person of the PMS."""
        found: dict[str, Call] = {}
        with self._store.begin() as connection:
            parts = connection.execute(
                sa.select(conference_calls.c.call_id).where(
                    conference_calls.c.provider == row.provider,
                    conference_calls.c.account == row.account,
                    conference_calls.c.conference_id == row.conference_id,
                )
            ).scalars()
            for call_id in list(parts):
                key = call_key(row.provider, row.account, call_id)
                call = self._store.calls.read(connection, key)
                if call is None:
                    owner = connection.execute(
                        sa.select(legs.c.call_key).where(legs.c.leg_key == key)
                    ).scalar_one_or_none()
                    call = self._store.calls.read(connection, owner) if owner else None
                if call is not None:
                    found[call.key] = call
        return [call for call in found.values() if self._has_person(call)]

    def _has_person(self, call: Call) -> bool:
        return self._rules.assess(call.record).parties.other.kind is PartyKind.NUMBER


def _json(recording: Recording) -> str:
    return recording.model_dump_json(exclude_none=True)
