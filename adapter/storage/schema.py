"""Which tables are there? The migrations make them; the store reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from adapter.domain import lifecycle
from adapter.domain.call import CallState


class UTCDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetimes in and out, also on SQLite, which knows no time zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        refuse_naive({"value": value})
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)  # type: ignore[no-any-return]  # SQLAlchemy says Any


def refuse_naive(values: Mapping[str, Any]) -> None:
    """Errors: ValueError if one of these is a time without a zone."""
    for name, value in values.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored ({name}); use an aware one")


metadata = sa.MetaData()
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

hooks = sa.Table(
    "hooks",
    metadata,
    sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
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
    sa.Index("calls_by_time", "first_seen_at"),
    sa.Index("calls_by_state", "state", "first_seen_at"),
    sa.Index("calls_by_outcome", "state", "outcome"),
    sa.Index("calls_by_call_id", "call_id"),
    sa.Index("calls_by_other", "other", "first_seen_at"),
    sa.Index("calls_by_line", "line", "first_seen_at"),
    sa.Index("calls_by_job", "job_id"),
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
    sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
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

# The rate budget of an API key, shared by all workers; times in epoch seconds.
# allowed: the limit that the other side stated; until then the setting's counts.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("allowed", sa.Integer),
    sa.Column("closed_until", sa.Float, nullable=False),
)

# Integrations whose writes fail one after the other; times in epoch seconds.
breakers = sa.Table(
    "breakers",
    metadata,
    sa.Column("integration_id", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.Float, nullable=False),
    sa.Column("open_until", sa.Float, nullable=False),
)

# What the target refuses for now (adapter.storage.pauses); words: for people.
pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("since", UTCDateTime, nullable=False),
    sa.Column("try_at", UTCDateTime, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

# What the workers counted (adapter.storage.totals). labels: JSON.
totals = sa.Table(
    "totals",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("labels", sa.Text, primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
)

# The index of people by phone number, as the target has them; numbers in E.164.
people = sa.Table(
    "people",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("integration_id", sa.Text, nullable=False),
    sa.Column("property_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("number_1", sa.Text),
    sa.Column("number_2", sa.Text),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Column("vendor", sa.Text),
    sa.Column("application_id", sa.Text),
    sa.Index("people_by_number_1", "number_1"),
    sa.Index("people_by_number_2", "number_2"),
)

# More numbers of people than the two above. is_whole: the number is all of its field; else it stands among
# words there ("617-555-0134 (cell)").
person_numbers = sa.Table(
    "person_numbers",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("is_whole", sa.Boolean, nullable=False),
    sa.Index("person_numbers_by_number", "number"),
)

# How far the index has been read. offset: of the first fill, until it is filled. rules: those that it was read
# by (adapter.storage.people_index.RULES). reread_position: of a reading anew by later ones.
syncs = sa.Table(
    "syncs",
    metadata,
    sa.Column("integration_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("is_filled", sa.Boolean, nullable=False),
    sa.Column("known_until", UTCDateTime, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
    sa.Column("begun_at", UTCDateTime),
    sa.Column("rules", sa.Integer, nullable=False, server_default="1"),
    sa.Column("reread_position", sa.Integer),
)

# Leads that we asked for, one per unknown number and integration.
new_leads = sa.Table(
    "new_leads",
    metadata,
    sa.Column("integration_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("call_key", sa.Text, nullable=False),
    sa.Column("asked_at", UTCDateTime, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text),
    sa.Column("lead_id", sa.Text),
    sa.Column("failed", sa.Text),
)

# Not used any more: 0.1.0 kept here what one process did at a time. It is `jobs` now, for all such tasks.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("held_until", UTCDateTime, nullable=False),
)

# Which worker processes are alive, so that the work of a dead one is taken over.
workers = sa.Table(
    "workers",
    metadata,
    sa.Column("executor_id", sa.Text, primary_key=True),
    sa.Column("seen_at", UTCDateTime, nullable=False),
    sa.Column("lines", sa.Text),  # the digest of the lines that it read at its start
)

# Secrets that the adapter made for itself, where the settings give none.
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# The periodic tasks that one worker does at a time: since when, when next, and who is at it.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("first_at", UTCDateTime, nullable=False),
    sa.Column("next_at", UTCDateTime, nullable=False),
    sa.Column("ran_at", UTCDateTime),
    sa.Column("held_by", sa.Text),
    sa.Column("held_until", UTCDateTime),
)

# Days that an unfinished `adapter reconcile` has done, so that it can go on. tally: JSON, calls by state.
reconciled_days = sa.Table(
    "reconciled_days",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("done_at", UTCDateTime, nullable=False),
    sa.Column("tally", sa.Text, nullable=False),
)

# Whether a provider's API answers, by account. failing_since: of the first failure after the last answer.
provider_health = sa.Table(
    "provider_health",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("failing_since", UTCDateTime),
    sa.Column("error", sa.Text),
    sa.Column("worked_at", UTCDateTime),
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
