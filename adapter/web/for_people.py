"""What do the pages and the API work with? They share it, and hooks do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from adapter.config.oidc import oidc_settings
from adapter.config.settings import Settings
from adapter.domain.assessment import CallRules
from adapter.domain.call_links import Links
from adapter.domain.lines import Lines
from adapter.operations.alerts.build import Alerting
from adapter.operations.health_report import HealthReports
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.targets.base import LineCheck, Target
from adapter.web.slots import Slots

# The connections of pages and the API in a web process, beside those of the hooks, and how long a statement may
# take.
PAGE_CONNECTIONS = 2
PAGE_STATEMENT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ForPeople:
    """What pages and API work with.

    store: with connections of their own, whose statements may not take long.
    keys: those that sign sessions, the first one new ones.
    slots: how many requests of both may be at work.
    line_check: it asks the target, in a thread of its own and by other connections.
    """

    settings: Settings
    store: Store
    rules: CallRules
    links: Links
    index: PeopleIndex
    target: Target
    health_reports: HealthReports
    line_check: LineCheck
    keys: Callable[[], Sequence[str]]
    slots: Slots
    alerts: Alerting
    clock: Callable[[], datetime]

    @property
    def lines(self) -> Lines:
        return self.rules.lines


def pages(parts: ForPeople) -> Callable[[Flask], None] | None:
    """Return what puts the pages into an application; None where nobody could sign in.

    Raise SettingsError if the settings of the sign-in are wrong.
    """
    if parts.settings.admin_password is None and oidc_settings(parts.settings) is None:
        return None
    from adapter.web.pages.build import build_pages  # with libraries that hooks do without

    return build_pages(parts)
