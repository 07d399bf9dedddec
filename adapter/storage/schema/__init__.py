"""Which tables are there? The migrations make them; the store reads and writes them."""

from adapter.storage.schema.alerts import (
    alert_calls,
    alert_channels,
    alert_notices,
    alerts,
    number_callbacks,
    refused_hooks,
)
from adapter.storage.schema.base import UTCDateTime, metadata, refuse_naive
from adapter.storage.schema.calls import (
    UNDELIVERED,
    attempts,
    calls,
    conference_calls,
    conference_recordings,
    hooks,
    legs,
)
from adapter.storage.schema.decisions import bulk_replays, decisions
from adapter.storage.schema.moves import copied_tables, moves, web_processes
from adapter.storage.schema.numbers import callback_changes
from adapter.storage.schema.people import new_leads, people, person_numbers, syncs
from adapter.storage.schema.reports import daily_balances, hourly_counts
from adapter.storage.schema.set_up import set_up_checks, web_addresses
from adapter.storage.schema.sign_in import sign_ins, wrong_passwords
from adapter.storage.schema.workers import (
    breakers,
    budgets,
    jobs,
    leases,
    pauses,
    provider_health,
    reconciled_days,
    secrets,
    totals,
    workers,
)

__all__ = [
    "UNDELIVERED",
    "UTCDateTime",
    "alert_calls",
    "alert_channels",
    "alert_notices",
    "alerts",
    "attempts",
    "breakers",
    "budgets",
    "bulk_replays",
    "callback_changes",
    "calls",
    "conference_calls",
    "conference_recordings",
    "copied_tables",
    "daily_balances",
    "decisions",
    "hooks",
    "hourly_counts",
    "jobs",
    "leases",
    "legs",
    "metadata",
    "moves",
    "new_leads",
    "number_callbacks",
    "pauses",
    "people",
    "person_numbers",
    "provider_health",
    "reconciled_days",
    "refuse_naive",
    "refused_hooks",
    "secrets",
    "set_up_checks",
    "sign_ins",
    "syncs",
    "totals",
    "web_addresses",
    "web_processes",
    "workers",
    "wrong_passwords",
]
