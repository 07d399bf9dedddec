"""How is what a worker does besides deliveries joined? `build_work` makes what its periodic tasks call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.config.lines_watch import LOOK_SECONDS, LinesWatch
from adapter.config.setting_problems import setting_problems
from adapter.config.settings import Settings
from adapter.delivery.bulk_confirm import BulkConfirmation
from adapter.intake.service import Intake
from adapter.observability.metrics import TALLY
from adapter.operations.alerts.build import Alerting
from adapter.operations.bulk_replay import BulkReplaying, BulkReplayTask
from adapter.operations.own_address import AddressWatch
from adapter.operations.set_up_checks import WorkerChecks
from adapter.reconcile.run import Reconciliation
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.pauses import Pauses
from adapter.storage.retention import Keep, Retention
from adapter.storage.store import Store
from adapter.storage.totals import Flush, Totals
from adapter.targets.base import Target
from adapter.worker.pulse import Pulse
from adapter.worker.resume_paused import ResumePaused
from adapter.worker.tasks import HeldOnceMore, Work


@dataclass(frozen=True, kw_only=True)
class WorkDeps:
    """What the periodic tasks work with. lines_watch: None if the lines stand in a setting.

    rate_limit: requests to the target a minute; 0: no limit.
    """

    settings: Settings
    store: Store
    target: Target
    pauses: Pauses
    intake: Intake
    bulk: BulkConfirmation
    reconciliation: Reconciliation
    lines_watch: LinesWatch | None
    rate_limit: int
    alerts: Alerting
    pulse: Pulse
    environ: Mapping[str, str]
    clock: Callable[[], datetime]


def build_work(deps: WorkDeps) -> Work:
    """Return what the periodic tasks call. It opens nothing."""
    settings, store, target, clock = deps.settings, deps.store, deps.target, deps.clock
    stale_after = timedelta(seconds=settings.people_sync_seconds)
    kinds = ("hook_days", "attempt_days", "call_days", "workflow_days")
    keep = Keep(**{kind: getattr(settings, kind) for kind in kinds})
    return Work(
        confirm=deps.bulk.work,
        confirm_every=timedelta(seconds=settings.confirm_seconds),
        attach_conference_recordings=lambda: deps.intake.attach_conference_recordings(clock()),
        resume_paused=build_resume_paused(deps.pauses, target, clock).work,
        flush_totals=Flush(Totals(store), TALLY.take, TALLY.put_back).work,
        hourly_counts=HourlyCounts(store),
        watch_lines=target.line_check.warn,
        watch_lines_file=deps.lines_watch.look if deps.lines_watch else None,
        lines_file_every=timedelta(seconds=LOOK_SECONDS),
        sync_people=(lambda: target.people.step(stale_after)) if stale_after else None,
        sync_every=min(stale_after, timedelta(seconds=15)),
        reconciliation=deps.reconciliation,
        retention=Retention(store, keep, lambda before: _prune_workflows(store, before)),
        held=_held_once_more(deps),
        bulk_replay=BulkReplayTask(
            BulkReplaying(store, clock), deps.intake, seconds_apart=_seconds_apart(deps)
        ),
        alerts=deps.alerts,
        pulse=deps.pulse,
        checks=WorkerChecks(
            store=store,
            address=settings.public_base_url,
            settings=lambda: setting_problems(settings, deps.environ, {}),
            clock=clock,
        ),
        watch_address=AddressWatch(settings, store).look,
    )


def _seconds_apart(deps: WorkDeps) -> float:
    """Of calls that are not new. One costs three requests; half of the rate is left to new calls."""
    return 360 / deps.rate_limit if deps.rate_limit else 0.0


def build_resume_paused(
    pauses: Pauses, target: Target, clock: Callable[[], datetime]
) -> ResumePaused:
    """Return what lets calls go on that wait for the target."""
    return ResumePaused(pauses, target.key_pause, target.try_key, clock=clock)


def _held_once_more(deps: WorkDeps) -> HeldOnceMore:
    people = deps.target.people
    has_index = deps.settings.people_sync_seconds > 0
    return HeldOnceMore(
        deps.store,
        people.is_complete if has_index else lambda: True,
        seconds_apart=_seconds_apart(deps),
    )


def _prune_workflows(store: Store, before: datetime) -> int:
    from adapter.worker.dbos_queue import prune_workflows  # with the queue library

    return prune_workflows(store.engine, before)
