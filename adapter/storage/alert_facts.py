"""What do the rules of alerts look at? Read from the tables; cheap also with a million calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.domain.alert_facts import Compared, Facts, HeldCalls, SilentApi, Writes
from adapter.domain.alert_rules import HELD_LONG, PASSWORDS_WITHIN, REFUSED_WITHIN, WRITES_WITHIN
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import ACCEPTED
from adapter.observability.metrics import (
    RECONCILE_AT,
    RECONCILE_MISSED,
    RECONCILE_REFUSED,
    RECONCILE_UNHEARD,
)
from adapter.storage.api_health import ApiHealth, ApiState
from adapter.storage.calls import state_in
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.hooks import Hooks
from adapter.storage.number_callbacks import NumberCallbacks
from adapter.storage.pauses import Pauses
from adapter.storage.refused_hooks import RefusedHooks
from adapter.storage.schema import calls, jobs, totals, workers
from adapter.storage.schema.calls import TO_DECIDE
from adapter.storage.session import Session
from adapter.storage.standing import Standing

# A call that failed now came so long ago at the most: after a day of trying it is given up.
_FAILED_CAME_WITHIN = timedelta(days=3)
_UNKNOWN = "unknown"

WrongPasswords = Callable[[datetime], int]


class AlertFacts:
    """Reads the facts.

    wrong_passwords: how many there were since a moment; None where nobody signs in by password.
    """

    def __init__(self, session: Session, wrong_passwords: WrongPasswords | None = None) -> None:
        self._session = session
        self._wrong_passwords = wrong_passwords
        self._standing = Standing(session)

    def read(self, now: datetime, *, last_sign: datetime | None) -> Facts:
        """Return the facts of now. last_sign: see `last_sign_of_workers`. Raise StoreUnavailable."""
        silent = [silent_api(state, now) for state in ApiHealth(self._session).states()]
        return Facts(
            now=now,
            last_sign=last_sign,
            oldest_due=self._standing.undelivered().due_at,
            newest_hook=Hooks(self._session).newest_at(),
            hooks_refused=self.hooks_refused(now),
            parked=self._standing.parked(),
            pauses={p.name: p.since for p in Pauses(self._session, lambda: now).all().values()},
            silent_apis=[api for api in silent if api is not None],
            breakers={
                row.integration_id: row.failures
                for row in self._standing.breakers()
                if row.failures >= Breakers.FAILURES
            },
            writes=self.writes(now),
            held=self.held(now),
            compared=self.compared(),
            numbers_elsewhere=NumberCallbacks(self._session).elsewhere(),
            wrong_passwords=(
                self._wrong_passwords(now - PASSWORDS_WITHIN) if self._wrong_passwords else None
            ),
        )

    def hooks_refused(self, now: datetime) -> int:
        """Return how many hooks were refused within REFUSED_WITHIN."""
        return RefusedHooks(self._session).since(now - REFUSED_WITHIN)

    def last_sign_of_workers(self) -> datetime | None:
        """Return when any worker last gave a sign: it was alive, or did one of the tasks. None: never."""
        signs = sa.union_all(
            sa.select(sa.func.max(workers.c.seen_at).label("at")),
            sa.select(sa.func.max(jobs.c.ran_at)).where(jobs.c.name == "confirm"),
        ).subquery()
        # The type is lost in a union on SQLite.
        at = sa.type_coerce(sa.func.max(signs.c.at), workers.c.seen_at.type)
        found: datetime | None = self._one(sa.select(at))[0]
        return found

    def held(self, now: datetime) -> Mapping[str, HeldCalls]:
        """Return the held calls by cause."""
        is_long = calls.c.first_seen_at < now - HELD_LONG
        query = (
            sa.select(calls.c.cause, sa.func.count(), sa.func.sum(sa.case((is_long, 1), else_=0)))
            .where(sa.text(TO_DECIDE), calls.c.state == CallState.HELD.value)
            .group_by(calls.c.cause)
        )
        found = {row[0]: HeldCalls(row[1], int(row[2])) for row in self._rows(query)}
        return {cause: held for cause, held in found.items() if cause is not None}

    def writes(self, now: datetime) -> Mapping[str, Writes]:
        """Return what became of the writes of WRITES_WITHIN, by integration, where some failed."""
        since = now - WRITES_WITHIN
        integration = sa.func.coalesce(calls.c.integration_id, _UNKNOWN)
        cause = sa.func.coalesce(calls.c.cause, Cause.OTHER.value)
        query = (
            sa.select(integration, cause, sa.func.count())
            .where(
                calls.c.state == CallState.FAILED.value,
                calls.c.first_seen_at > now - _FAILED_CAME_WITHIN,
                calls.c.updated_at >= since,
            )
            .group_by(integration, cause)
        )
        failed: dict[str, dict[str, int]] = {}
        for row in self._rows(query):
            failed.setdefault(row[0], {})[row[1]] = row[2]
        if not failed:
            return {}
        accepted = (
            sa.select(integration, sa.func.count())
            .where(
                state_in(ACCEPTED),
                calls.c.first_seen_at > since,
            )
            .group_by(integration)
        )
        written = {row[0]: row[1] for row in self._rows(accepted)}
        return {name: Writes(written.get(name, 0), causes) for name, causes in failed.items()}

    def compared(self) -> Compared | None:
        """Return what the last comparison with the providers' lists found; None if there was none."""
        names = (RECONCILE_AT, RECONCILE_MISSED, RECONCILE_UNHEARD, RECONCILE_REFUSED)
        query = sa.select(totals.c.name, totals.c.value).where(totals.c.name.in_(names))
        values = {row.name: row.value for row in self._rows(query)}
        if RECONCILE_AT not in values:
            return None
        return Compared(
            at=datetime.fromtimestamp(values[RECONCILE_AT], UTC),
            missed=int(values.get(RECONCILE_MISSED, 0)),
            unheard=int(values.get(RECONCILE_UNHEARD, 0)),
            refused=int(values.get(RECONCILE_REFUSED, 0)),
        )

    def _rows(self, query: Any) -> list[Any]:
        with self._session.autocommit() as connection:
            return list(connection.execute(query).all())

    def _one(self, query: Any) -> Any:
        return self._rows(query)[0]


def silent_api(state: ApiState, now: datetime) -> SilentApi | None:
    """Return what the rules look at of a provider's API; None if it answers."""
    if state.failing_since is None:
        return None
    return SilentApi(
        provider=state.provider,
        account=state.account[:6],
        since=state.failing_since,
        is_refusal=bool(state.is_refusal),
        is_unreachable=state.is_unreachable(now),
    )
