"""Which tables do the workers share: budgets, breakers, turns, and what they counted?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import UTCDateTime, metadata

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
    sa.Column("is_refusal", sa.Boolean),  # of the last failure: the provider refused our key
    sa.Column("had_call_at", UTCDateTime),  # about when it last had a call that it was asked for
)
