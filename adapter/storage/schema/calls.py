"""Which tables hold the calls: their hooks, their legs, and what was asked for them?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.call import CallState
from adapter.storage.schema.base import BIG_ID, UTCDateTime, metadata

hooks = sa.Table(
    "hooks",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("received_at", UTCDateTime, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # taken | parked
    sa.Column("kind", sa.Text),
    sa.Column("call_key", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("repeats", sa.Integer, nullable=False, server_default="0"),  # how often it came again
    sa.Column("repeated_at", UTCDateTime),
    sa.Index("hooks_by_call", "call_key"),
    sa.Index("hooks_by_time", "received_at"),
    sa.Index(
        "hooks_parked",
        "id",
        postgresql_where=sa.text("state = 'parked'"),
        sqlite_where=sa.text("state = 'parked'"),
    ),
)

# Calls that are to be written; as it stands here, so that planners see that the index is enough.
_STATES = [state.value for state in CallState if state in lifecycle.UNDELIVERED]
UNDELIVERED = f"state IN ({', '.join(repr(value) for value in _STATES)})"
# Calls that wait for an operator, grouped by what they wait for.
TO_DECIDE = "state IN ('held', 'failed')"

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("first_seen_at", UTCDateTime, nullable=False),
    sa.Column("over_at", UTCDateTime),
    sa.Column("started_at", UTCDateTime),
    sa.Column("direction", sa.Text),
    sa.Column("line", sa.Text),
    sa.Column("other", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("talk_seconds", sa.Integer),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("queued_run", sa.Integer, nullable=False),
    sa.Column("due_at", UTCDateTime),
    sa.Column("queued_at", UTCDateTime),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tried_since", UTCDateTime),
    sa.Column("person_kind", sa.Text),
    sa.Column("person_id", sa.Text),
    sa.Column("person_name", sa.Text),
    sa.Column("because", sa.Text),
    sa.Column("event", sa.Text),
    sa.Column("integration_id", sa.Text),
    sa.Column("job_id", sa.Text),
    sa.Column("posted_at", UTCDateTime),
    sa.Column("confirmed_at", UTCDateTime),
    sa.Column("event_id", sa.Text),
    sa.Column("retries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("assigned_kind", sa.Text),
    sa.Column("assigned_id", sa.Text),
    sa.Column("link_version", sa.Integer, nullable=False, server_default="0"),
    # Null until asked; true: it came as after a restored backup; false: by an operator's word it is not.
    sa.Column("may_be_written", sa.Boolean),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Column("waits_for", sa.Text),  # the pause whose end it waits for
    sa.Column("cause", sa.Text),  # adapter.domain.cause; of calls that are held, failed or ignored
    sa.Index("calls_by_time", "first_seen_at"),
    sa.Index("calls_by_state", "state", "first_seen_at"),
    sa.Index("calls_by_outcome", "state", "outcome"),
    sa.Index("calls_by_call_id", "call_id"),
    sa.Index("calls_by_other", "other", "first_seen_at"),
    sa.Index("calls_by_line", "line", "first_seen_at", "state"),
    sa.Index("calls_by_job", "job_id"),
    # For lists by a filter. The most frequent outcome and direction are found along the times.
    sa.Index(
        "calls_by_rare_outcome",
        "outcome",
        "first_seen_at",
        "state",
        postgresql_where=sa.text("outcome <> 'answered'"),
        sqlite_where=sa.text("outcome <> 'answered'"),
    ),
    sa.Index(
        "calls_by_rare_direction",
        "direction",
        "first_seen_at",
        "state",
        postgresql_where=sa.text("direction <> 'inbound'"),
        sqlite_where=sa.text("direction <> 'inbound'"),
    ),
    sa.Index(
        "calls_by_person_kind",
        "person_kind",
        "first_seen_at",
        "state",
        postgresql_where=sa.text("person_kind IS NOT NULL"),
        sqlite_where=sa.text("person_kind IS NOT NULL"),
    ),
    sa.Index(
        "calls_to_decide_by_person",
        "state",
        "person_kind",
        "first_seen_at",
        postgresql_where=sa.text(TO_DECIDE),
        sqlite_where=sa.text(TO_DECIDE),
    ),
    sa.Index(
        "calls_by_cause",
        "state",
        "cause",
        "line",
        "first_seen_at",
        postgresql_where=sa.text(TO_DECIDE),
        sqlite_where=sa.text(TO_DECIDE),
    ),
    sa.Index(
        "calls_unconfirmed",
        "posted_at",
        postgresql_where=sa.text("state = 'posted'"),
        sqlite_where=sa.text("state = 'posted'"),
    ),
    sa.Index(
        "calls_due",
        "due_at",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index(
        "calls_due_new",
        "due_at",
        postgresql_where=sa.text("due_at IS NOT NULL AND job_id IS NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL AND job_id IS NULL"),
    ),
    sa.Index(
        "calls_undelivered",
        "over_at",
        "due_at",
        "tries",
        postgresql_where=sa.text(UNDELIVERED),
        sqlite_where=sa.text(UNDELIVERED),
    ),
    sa.Index(
        "calls_waiting",
        "waits_for",
        "due_at",
        postgresql_where=sa.text("waits_for IS NOT NULL"),
        sqlite_where=sa.text("waits_for IS NOT NULL"),
    ),
)

# Which call a dialled leg belongs to, for hooks that name only the leg.
legs = sa.Table(
    "legs",
    metadata,
    sa.Column("leg_key", sa.Text, primary_key=True),
    sa.Column("call_key", sa.Text, nullable=False),
    sa.Index("legs_by_call", "call_key"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
    sa.Column("call_key", sa.Text, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("finished_at", UTCDateTime),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("answer", sa.Text),
    sa.Column("next", sa.Text),
    sa.Column("doubtful", sa.Boolean, nullable=False),
    sa.Index("attempts_by_call", "call_key", "id"),
    sa.Index("attempts_by_time", "at"),
)

# Which calls took part in a conference, as its hooks told; for recordings that name only the conference.
conference_calls = sa.Table(
    "conference_calls",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("conference_id", sa.Text, primary_key=True),
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("seen_at", UTCDateTime, nullable=False),
    sa.Index("conference_calls_by_call", "provider", "account", "call_id"),
    sa.Index("conference_calls_by_time", "seen_at"),
)

# Recordings of conferences that name no call, until it is known whose they are. facts: JSON of the recording.
conference_recordings = sa.Table(
    "conference_recordings",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("recording_id", sa.Text, primary_key=True),
    sa.Column("conference_id", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("received_at", UTCDateTime, nullable=False),
    sa.Index("conference_recordings_by_time", "received_at"),
)
