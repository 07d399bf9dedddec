"""How are the pages for people joined? `build_pages` puts them all into an application.

It is imported only where somebody can sign in: the pages need libraries that hooks do without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Flask

from adapter.observability.acknowledge_times import acknowledge_times
from adapter.operations.bulk_replay import BulkReplaying
from adapter.operations.inbox import InboxReader
from adapter.operations.lines_report import examine_lines
from adapter.operations.people_search import PeopleSearch
from adapter.web.for_people import ForPeople
from adapter.web.pages.alerts import alerts_page
from adapter.web.pages.call import call_page
from adapter.web.pages.calls import calls_page
from adapter.web.pages.decide import decide_routes
from adapter.web.pages.entrance import entrance
from adapter.web.pages.health import health_page
from adapter.web.pages.inbox import inbox_page
from adapter.web.pages.kept import Kept
from adapter.web.pages.lines import lines_page
from adapter.web.pages.people import people_page
from adapter.web.pages.replays import replay_routes


def build_pages(deps: ForPeople) -> Callable[[Flask], None]:
    """Return what puts the pages into an application. Raise SettingsError as `entrance` does."""
    store, rules = deps.store, deps.rules
    zone = rules.lines.defaults.timezone
    way_in = entrance(
        deps.settings, store, deps.keys, deps.slots, default_zone=zone, clock=deps.clock
    )
    inbox = InboxReader(store, deps.index, deps.target.api, rules.lines)
    findings = Kept(lambda: examine_lines(rules.lines, deps.line_check))
    numbers = Kept(lambda: deps.alerts.numbers.report_if_any())
    pages = [
        *way_in.pages,
        lines_page(store, rules.lines, findings, numbers, deps.clock),
        calls_page(store, rules.lines, deps.links, deps.slots, deps.clock),
        call_page(store, rules, deps.links, inbox, deps.clock),
        *decision_pages(deps, inbox),
        alerts_page(deps.alerts, deps.clock),
        health_page(deps.health_reports, acknowledge_times, findings, numbers),
    ]
    return lambda app: way_in.frame.install(app, pages)


def decision_pages(deps: ForPeople, inbox: InboxReader) -> Sequence[Blueprint]:
    """Return the pages where people decide about calls."""
    store, lines, target, clock = deps.store, deps.rules.lines, deps.target, deps.clock
    replaying = BulkReplaying(store, clock)
    return (
        inbox_page(InboxReader(store, deps.index, target.api, lines), replaying, lines, deps.links),
        decide_routes(store, target, lines),
        people_page(store, PeopleSearch(deps.index, target), lines, clock),
        replay_routes(store, replaying, lines, clock),
    )
