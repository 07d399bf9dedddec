"""How is the report of `adapter.operations.health_report` told to programs?"""

from __future__ import annotations

from datetime import UTC

from adapter.domain.actor import Role
from adapter.operations.call_json import shown_number, shown_text
from adapter.operations.health_report import HealthReport
from adapter.web.api import models


def health_answer(report: HealthReport, role: Role) -> models.Health:
    """Return the report as the API has it."""
    return models.Health(
        at=report.at,
        period=report.period,
        problems={name: shown_text(text, role) or "" for name, text in report.problems.items()},
        not_known=list(report.not_known),
        workers_alive=report.workers_alive,
        waiting=report.undelivered.count,
        oldest_due_at=report.undelivered.due_at,
        retrying=report.undelivered.retrying,
        oldest_unconfirmed_at=report.oldest_unconfirmed_at,
        parked_hooks=report.parked_hooks,
        requests_last_minute=report.budget.used,
        requests_allowed=report.budget.limit,
        breakers=[
            models.HealthBreaker(
                integration_id=each.integration_id,
                failures=each.failures,
                is_open=each.is_open,
                open_until=each.open_until,
            )
            for each in report.breakers
        ],
        calls=report.calls,
        buckets=[
            models.HealthBucket(
                begins_at=each.begins_at.astimezone(UTC),
                by_outcome=dict(each.by_outcome),
                by_state=dict(each.by_state),
            )
            for each in report.buckets
        ],
        shares=dict(report.shares),
        delay=models.HealthDelay(
            half_within_seconds=report.delay.half_within_seconds,
            most_within_seconds=report.delay.most_within_seconds,
            calls=report.delay.calls,
        ),
        balances=[
            models.HealthBalance(
                account=each.account,
                day=each.day,
                provider=each.provider,
                listed=each.listed,
                by_state=dict(each.tally),
                compared_at=each.compared_at,
            )
            for each in report.balances
        ],
        lines=[
            models.HealthLine(
                number=shown_number(line.number, role), name=line.name or None, last_call_at=at
            )
            for line, at in report.last_calls
        ],
        counted_at=report.counted_at,
    )
