"""How are the parts made and joined? The only place that reads settings and opens things."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from flask import Flask

from adapter.config.lines_file import is_path, read_lines
from adapter.config.lines_watch import LinesWatch, inherited_lines
from adapter.config.setting_problems import setting_problems
from adapter.config.settings import Settings
from adapter.delivery.build import DeliveryDeps, build_delivery
from adapter.delivery.bulk_confirm import BulkConfirmation
from adapter.delivery.run import Delivery
from adapter.delivery.throttle import DispatchThrottle
from adapter.domain.assessment import CallRules
from adapter.domain.call_links import Links
from adapter.domain.due import RecordingLinks, SettlePolicy
from adapter.domain.lines import Lines
from adapter.intake.service import Intake
from adapter.observability.logs import configure_logging
from adapter.operations.alarms import Alarms
from adapter.operations.alerts.build import Alerting
from adapter.operations.health_report import HealthReports
from adapter.providers import twilio
from adapter.providers.base import Provider
from adapter.reconcile.account import ReconcileDeps
from adapter.reconcile.run import Reconciliation
from adapter.storage import engine as database
from adapter.storage import pooler
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.lead_requests import LeadRequests
from adapter.storage.pauses import Pauses
from adapter.storage.people_index import PeopleIndex
from adapter.storage.readiness import lacking
from adapter.storage.store import Store
from adapter.storage.task_leases import TaskLeases
from adapter.storage.web_processes import WebProcesses
from adapter.storage.workers import new_executor_id
from adapter.storage.wrong_passwords import wrong_passwords_since
from adapter.targets import propexo
from adapter.targets.base import Target, TargetDeps
from adapter.web.access import Access
from adapter.web.api.build import build_api
from adapter.web.app import create_app
from adapter.web.first_sign import first_sign
from adapter.web.for_people import PAGE_CONNECTIONS, PAGE_STATEMENT_SECONDS, ForPeople, pages
from adapter.web.health import Health, health_routes
from adapter.web.hooks import hook_routes
from adapter.web.recordings.routes import recording_routes
from adapter.web.slots import Slots
from adapter.web.write_failures import write_failure_routes
from adapter.worker.alert_tasks import web_runner
from adapter.worker.build import WorkDeps, build_work
from adapter.worker.periodic import PeriodicRunner
from adapter.worker.pulse import Pulse
from adapter.worker.tasks import periodic_tasks

if TYPE_CHECKING:
    from adapter.worker.process import Worker

# How many connections to the database a process has at the most: its threads get no more done with more.
# docs/decisions/0006-database-connections.md
CONNECTIONS = 5

# A telephony provider is added here and in a package of its own (docs/adding-a-provider.md).
PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = {"twilio": twilio.build}
# There is one target, so no setting chooses it yet.
TARGETS: Mapping[str, Callable[[TargetDeps], Target]] = {"propexo": propexo.build}
TARGET = "propexo"


@dataclass(frozen=True)
class Container:
    """The parts of one process; each is made when it is first used.

    monotonic: seconds by a clock that does not jump. given_lines: in the place of what the file says now.
    statement_seconds: how long a statement may take; None: as long as it takes.
    """

    settings: Settings
    pool_size: int = 10
    pool_seconds: float = 5.0
    monotonic: Callable[[], float] = time.monotonic
    given_lines: Lines | None = None
    statement_seconds: float | None = None

    @cached_property
    def store(self) -> Store:
        engine = database.open_engine(
            self.settings.database_url,
            pool_size=self.pool_size,
            pool_seconds=self.pool_seconds,
            statement_seconds=self.statement_seconds,
        )
        return Store(engine)

    @cached_property
    def lines(self) -> Lines:
        settings = self.settings
        return self.given_lines or read_lines(settings.adapter_lines, settings.line_defaults)

    @cached_property
    def lines_watch(self) -> LinesWatch | None:
        """None if the lines stand in a setting: an environment does not change."""
        source, defaults = self.settings.adapter_lines, self.settings.line_defaults
        return LinesWatch(source, defaults, self.lines) if is_path(source) else None

    @cached_property
    def links(self) -> Links:
        prefixes = (provider.call_id_prefix for provider in self.providers.values())
        return Links(
            self.settings.public_base_url or "http://localhost",
            lambda: self.secret_keys,
            call_id_prefix=next(filter(None, prefixes), None),
        )

    @cached_property
    def rules(self) -> CallRules:
        policy = SettlePolicy(
            settle_seconds=self.settings.settle_seconds,
            recording_wait_seconds=self.settings.recording_wait_seconds,
            links=RecordingLinks(self.settings.recording_links),
        )
        return CallRules(self.lines, policy)

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        """The telephony providers, by name."""
        return {name: build(self.settings) for name, build in PROVIDERS.items()}

    @cached_property
    def intake(self) -> Intake:
        return Intake(
            store=self.store,
            providers=self.providers,
            rules=self.rules,
            call_days=self.settings.call_days,
        )

    @cached_property
    def pauses(self) -> Pauses:
        return Pauses(self.store, _now)

    @cached_property
    def index(self) -> PeopleIndex:
        return PeopleIndex(self.store)

    @cached_property
    def target(self) -> Target:
        return TARGETS[TARGET](self.target_deps)

    @property
    def target_deps(self) -> TargetDeps:
        return TargetDeps(
            settings=self.settings,
            store=self.store,
            pauses=self.pauses,
            index=self.index,
            lines=lambda: self.lines,
            learned=lambda numbers: self.store.runs.wake_held(
                numbers, since=_now() - timedelta(days=self.settings.held_days), now=_now()
            ),
            clock=_now,
        )

    @cached_property
    def bulk(self) -> BulkConfirmation:
        return BulkConfirmation(store=self.store, target=self.target.api, clock=_now)

    @cached_property
    def executor_id(self) -> str:
        return new_executor_id(self.settings.dyno)

    @cached_property
    def periodic(self) -> PeriodicRunner:
        """What this worker does besides deliveries."""
        work = build_work(
            WorkDeps(
                settings=self.settings,
                store=self.store,
                target=self.target,
                pauses=self.pauses,
                intake=self.intake,
                bulk=self.bulk,
                reconciliation=self.reconciliation,
                lines_watch=self.lines_watch,
                rate_limit=self.settings.propexo_rate_limit,
                alerts=self.alerts,
                pulse=self.pulse,
                environ=os.environ,
                clock=_now,
            )
        )
        leases = TaskLeases(self.store, self.executor_id)
        return PeriodicRunner(leases, periodic_tasks(work), clock=_now)

    @cached_property
    def alerts(self) -> Alerting:
        """What tells people that something is wrong."""
        return Alerting(
            settings=self.settings,
            store=self.store,
            providers=list(self.providers.values()),
            lines=lambda: self.lines,
            clock=_now,
            wrong_passwords=partial(wrong_passwords_since, self.store),
        )

    @cached_property
    def pulse(self) -> Pulse:
        return Pulse(self.monotonic)

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """It has no accounts where no credentials are set."""
        rate = self.settings.propexo_rate_limit
        return Reconciliation(
            list(self.providers.values()),
            ReconcileDeps(
                store=self.store,
                intake=self.intake,
                rules=self.rules,
                clock=_now,
                seconds_apart=120 / rate if rate else 0.0,  # half of the rate is left to new calls
            ),
        )

    @cached_property
    def breakers(self) -> Breakers:
        return Breakers(self.store)

    @cached_property
    def leads(self) -> LeadRequests:
        return LeadRequests(self.store)

    @cached_property
    def throttle(self) -> DispatchThrottle:
        return DispatchThrottle()

    @cached_property
    def delivery(self) -> Delivery:
        return build_delivery(
            DeliveryDeps(
                store=self.store,
                rules=self.rules,
                target=self.target.api,
                providers=self.providers,
                links=self.links,
                fold=self.intake.add,
                bulk=self.bulk,
                breakers=self.breakers,
                leads=self.leads,
                throttle=self.throttle,
                clock=_now,
                monotonic=self.monotonic,
                visible_seconds=self.settings.propexo_visible_seconds,
            )
        )

    @cached_property
    def access(self) -> Access:
        token = self.settings.metrics_token
        return Access(token.get_secret_value() if token else None)

    @cached_property
    def health(self) -> Health:
        needed = {"database": lambda: lacking(self.store.engine)}
        return Health(self.store, needed, self.alarms.by_name())

    @cached_property
    def alarms(self) -> Alarms:
        return Alarms(self.store, self.pauses, _now)

    @cached_property
    def health_reports(self) -> HealthReports:
        return HealthReports(
            store=self.store,
            alarms=self.alarms,
            clock=_now,
            lines=self.lines,
            rate_limit=self.settings.propexo_rate_limit,
            rate_limit_name=self.target.name,
            setting_problems=setting_problems(self.settings, os.environ, {}),
        )

    @cached_property
    def secret_keys(self) -> list[str]:
        """Those that sign links and sessions, the first one new ones."""
        from_settings = [key.get_secret_value() for key in self.settings.secret_key]
        return from_settings or [self.store.secrets.get_or_set("links", secrets.token_urlsafe(32))]


def web_app(settings: Settings | None = None) -> Flask:
    """The web application. Errors: SettingsError if hooks could not be trusted.

    settings: None in a process of gunicorn, which has the lines that gunicorn read at its start.
    """
    is_server = settings is None
    given_lines = inherited_lines() if is_server else None
    settings = settings or read_settings()
    settings.require_for_web()
    container = Container(settings, pool_size=CONNECTIONS, given_lines=given_lines)
    if container.lines_watch:
        container.lines_watch.watch()
    if is_server:
        first_sign(WebProcesses(container.store), container.executor_id, _now())
        web_runner(container.alerts, container.executor_id).start()
    people = _for_people(container)
    return create_app(
        hook_routes(container.intake),
        write_failure_routes(container.store, container.target),
        recording_routes(container.store, container.links, container.providers, container.lines),
        health_routes(
            container.health,
            container.access,
            rate_limit=settings.propexo_rate_limit,
            rate_limit_name=container.target.name,
            line_labels=container.lines.labels,
        ),
        *build_api(people),
        pages=pages(people),
    )


def _for_people(container: Container) -> ForPeople:
    """What pages and the API work with: parts of their own, with connections of their own."""
    parts = Container(
        container.settings,
        pool_size=PAGE_CONNECTIONS,
        given_lines=container.lines,
        statement_seconds=PAGE_STATEMENT_SECONDS,
    )
    return ForPeople(
        settings=parts.settings,
        store=parts.store,
        rules=parts.rules,
        links=parts.links,
        index=parts.index,
        target=parts.target,
        health_reports=parts.health_reports,
        line_check=container.target.line_check,
        keys=lambda: parts.secret_keys,
        slots=Slots(),
        alerts=parts.alerts,
        clock=_now,
    )


def worker(settings: Settings | None = None) -> Worker:
    """The worker. Errors: SettingsError if nothing could be written."""
    from adapter.worker.process import Worker  # with the queue library, which web does without

    settings = settings or read_settings()
    settings.require_for_worker()
    # What was accepted is noted even if a frozen process kept all the others waiting.
    container = Container(settings, CONNECTIONS, pool_seconds=pooler.FROZEN_SECONDS + 5.0)
    container.alerts.refuse_unusable()
    return Worker(
        store=container.store,
        deliver=container.delivery.run,
        throttle=container.throttle,
        periodic=container.periodic,
        executor_id=container.executor_id,
        concurrency=settings.worker_concurrency,
        lines=container.lines.digest,
        pulse=container.pulse,
    )


def read_settings(*, log: bool = True) -> Settings:
    """The settings of this process's environment; logging is set up by them."""
    settings = Settings.from_environ(os.environ)
    if log:
        configure_logging(settings.log_format)
    return settings


_now = partial(datetime.now, UTC)
