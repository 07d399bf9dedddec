"""How is the API joined? `build_api` makes its routes, where programs have tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint

from adapter.config.api_tokens import api_tokens
from adapter.config.settings import Settings
from adapter.domain.call_links import Links
from adapter.domain.lines import Lines
from adapter.operations.health_report import HealthReports
from adapter.operations.inbox import InboxReader
from adapter.operations.lines_report import examine_lines
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.targets.base import LineCheck, Target
from adapter.web.api.routes import ApiDeps, api_routes
from adapter.web.pages.kept import Kept
from adapter.web.slots import Slots


@dataclass(frozen=True, kw_only=True)
class ApiParts:
    """What the API is made of. store, slots, line_check: as of `adapter.web.pages.build.PageDeps`."""

    settings: Settings
    store: Store
    lines: Lines
    links: Links
    index: PeopleIndex
    target: Target
    line_check: LineCheck
    health_reports: HealthReports
    slots: Slots
    clock: Callable[[], datetime]


def build_api(parts: ApiParts) -> Sequence[Blueprint]:
    """Return the routes of the API; none without API_TOKENS. Raise SettingsError if these are wrong."""
    tokens = api_tokens(parts.settings)
    if not tokens:
        return ()
    findings = Kept(lambda: examine_lines(parts.lines, parts.line_check))
    deps = ApiDeps(
        tokens=tokens,
        store=parts.store,
        lines=parts.lines,
        links=parts.links,
        target=parts.target,
        inbox=InboxReader(parts.store, parts.index, parts.target.api, parts.lines),
        findings=findings.get,
        health_reports=parts.health_reports,
        slots=parts.slots,
        clock=parts.clock,
    )
    return (api_routes(deps),)
