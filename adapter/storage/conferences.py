"""Who took part in a conference, and which recordings of conferences wait for their call?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from adapter.domain.call import Call
from adapter.domain.conferences import SETTLED_AFTER, WaitingRecording
from adapter.domain.merge import join_facts
from adapter.domain.record import CallRecord, Recording, call_key
from adapter.storage.schema import conference_calls, conference_recordings, legs
from adapter.storage.store import Store

_MOST_AT_ONCE = 500


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


class Conferences:
    """Keeps who took part in conferences, and their recordings until it is known whose they are."""

    def __init__(self, store: Store) -> None:
        self._store = store

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

    def joined_at(self, record: CallRecord) -> datetime | None:
        """When the first hook came by which this call took part in a conference; None if none did."""
        table = conference_calls
        query = sa.select(sa.func.min(table.c.seen_at, type_=table.c.seen_at.type)).where(
            table.c.provider == record.provider,
            table.c.account == record.account,
            table.c.call_id == record.call_id,
        )
        with self._store.autocommit() as connection:
            joined: datetime | None = connection.execute(query).scalar_one()
        return joined

    def met_somebody_at(self, record: CallRecord) -> datetime | None:
        """When the first hook came of a conference of this call and another one; None without such a one."""
        mine, other = conference_calls.alias(), conference_calls.alias()
        query = sa.select(sa.func.min(mine.c.seen_at, type_=mine.c.seen_at.type)).where(
            mine.c.provider == record.provider,
            mine.c.account == record.account,
            mine.c.call_id == record.call_id,
            other.c.provider == mine.c.provider,
            other.c.account == mine.c.account,
            other.c.conference_id == mine.c.conference_id,
            other.c.call_id != mine.c.call_id,
        )
        with self._store.autocommit() as connection:
            met: datetime | None = connection.execute(query).scalar_one()
        return met

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

    def waiting(self, now: datetime) -> Iterator[WaitingRecording]:
        """The recordings whose other hooks had time to come, the oldest first."""
        table = conference_recordings
        query = (
            sa.select(table)
            .where(table.c.received_at <= now - SETTLED_AFTER)
            .order_by(table.c.received_at)
            .limit(_MOST_AT_ONCE)
        )
        with self._store.autocommit() as connection:
            rows = list(connection.execute(query))
        for row in rows:
            recording = Recording.model_validate_json(row.facts)
            yield WaitingRecording(
                row.provider, row.account, row.conference_id, recording, row.received_at
            )

    def calls_of(self, recording: WaitingRecording) -> Sequence[Call]:
        """The calls that took part in its conference, as far as they are known."""
        found: dict[str, Call] = {}
        with self._store.begin() as connection:
            parts = connection.execute(
                sa.select(conference_calls.c.call_id).where(
                    conference_calls.c.provider == recording.provider,
                    conference_calls.c.account == recording.account,
                    conference_calls.c.conference_id == recording.conference_id,
                )
            ).scalars()
            for call_id in list(parts):
                key = call_key(recording.provider, recording.account, call_id)
                call = self._store.calls.read(connection, key)
                if call is None:
                    owner = connection.execute(
                        sa.select(legs.c.call_key).where(legs.c.leg_key == key)
                    ).scalar_one_or_none()
                    call = self._store.calls.read(connection, owner) if owner else None
                if call is not None:
                    found[call.key] = call
        return list(found.values())

    def drop(self, connection: sa.Connection, recording: WaitingRecording) -> None:
        """Keep no more of it: it stands in its call's record, or is nobody's."""
        table = conference_recordings
        connection.execute(
            sa.delete(table).where(
                table.c.provider == recording.provider,
                table.c.account == recording.account,
                table.c.recording_id == recording.recording.id,
            )
        )


def _json(recording: Recording) -> str:
    return recording.model_dump_json(exclude_none=True)
