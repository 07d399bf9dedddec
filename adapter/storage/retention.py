"""What is old enough to be thrown away? In small batches, so that hooks never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import HookState
from adapter.domain.lifecycle import IN_PROGRESS
from adapter.storage.alert_notices import Notices
from adapter.storage.alerts import Alerts
from adapter.storage.bulk_replays import BulkState
from adapter.storage.calls import state_in
from adapter.storage.schema import (
    alert_calls,
    attempts,
    bulk_replays,
    calls,
    conference_calls,
    decisions,
    hooks,
    legs,
    new_leads,
)
from adapter.storage.session import Session
from adapter.storage.sign_ins import SignIns
from adapter.storage.wrong_passwords import WrongPasswords

BATCH = 500


@dataclass(frozen=True)
class Keep:
    """How many days each kind of row is kept."""

    hook_days: int = 30
    attempt_days: int = 90
    call_days: int = 1825
    workflow_days: int = 7


class Retention:
    """Prunes the database. prune_workflows: deletes finished runs older than a time; how many that were."""

    def __init__(
        self,
        session: Session,
        keep: Keep,
        prune_workflows: Callable[[datetime], int] = lambda before: 0,
    ) -> None:
        self._session = session
        self._keep = keep
        self._prune_workflows = prune_workflows

    def prune(
        self, now: datetime, after_batch: Callable[[], None] = lambda: None
    ) -> Mapping[str, int]:
        """Delete what is older than it is kept; how many rows of each kind that were.

        Parked hooks stay until they are replayed. Attempts that may have got through stay as long as
        their call: without them a replay would post blindly. Calls that are under way stay too.
        """
        keep = self._keep
        old_hooks = sa.and_(
            hooks.c.received_at < now - timedelta(days=keep.hook_days),
            hooks.c.state != HookState.PARKED.value,
        )
        old_attempts = sa.and_(
            attempts.c.at < now - timedelta(days=keep.attempt_days), attempts.c.doubtful.is_(False)
        )
        old_alerts = now - timedelta(days=keep.attempt_days)
        old_workflows = now - timedelta(days=keep.workflow_days)
        SignIns(self._session).prune(now)
        WrongPasswords(self._session).prune(now)
        with self._session.begin() as connection:
            connection.execute(
                sa.delete(conference_calls).where(
                    conference_calls.c.seen_at < now - timedelta(days=keep.hook_days)
                )
            )
            connection.execute(
                sa.delete(bulk_replays).where(
                    bulk_replays.c.updated_at < now - timedelta(days=keep.attempt_days),
                    bulk_replays.c.state != BulkState.RUNNING.value,
                )
            )
        return {
            "hooks": self._delete(hooks, hooks.c.received_at, old_hooks, after_batch),
            "attempts": self._delete(attempts, attempts.c.at, old_attempts, after_batch),
            "workflows": self._until_empty(
                lambda: self._prune_workflows(old_workflows), after_batch
            ),
            "alerts": self._until_empty(
                lambda: Alerts(self._session).prune(old_alerts, BATCH), after_batch
            ),
            "notices": self._until_empty(
                lambda: Notices(self._session).prune(old_alerts, BATCH), after_batch
            ),
            "calls": self._until_empty(
                lambda: self._delete_calls(now - timedelta(days=keep.call_days)), after_batch
            ),
        }

    def _delete(
        self,
        table: sa.Table,
        age: sa.ColumnElement[Any],
        condition: sa.ColumnElement[bool],
        after_batch: Callable[[], None],
    ) -> int:
        picked = sa.select(table.c.id).where(condition).order_by(age).limit(BATCH)

        def batch() -> int:
            with self._session.begin() as connection:
                gone = connection.execute(sa.delete(table).where(table.c.id.in_(picked)))
            return gone.rowcount

        return self._until_empty(batch, after_batch)

    def _delete_calls(self, before: datetime) -> int:
        """A batch of the oldest calls, with all that belongs to them."""
        old = (
            sa.select(calls.c.key)
            .where(calls.c.first_seen_at < before, ~state_in(IN_PROGRESS))
            .order_by(calls.c.first_seen_at)
            .limit(BATCH)
        )
        with self._session.begin() as connection:
            keys = list(connection.execute(old).scalars())
            for table in (legs, attempts, decisions, hooks, new_leads, alert_calls):
                theirs: sa.ColumnElement[bool] = table.c.call_key.in_(keys)
                if table is hooks:
                    theirs = sa.and_(theirs, hooks.c.state != HookState.PARKED.value)
                connection.execute(sa.delete(table).where(theirs))
            connection.execute(sa.delete(calls).where(calls.c.key.in_(keys)))
        return len(keys)

    @staticmethod
    def _until_empty(batch: Callable[[], int], after_batch: Callable[[], None]) -> int:
        deleted = 0
        while True:
            count = batch()
            deleted += count
            after_batch()
            if count == 0:
                return deleted
