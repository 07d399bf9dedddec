"""How is the API joined? `build_api` makes its routes, where programs have tokens."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from adapter.config.api_tokens import api_tokens
from adapter.operations.inbox import InboxReader
from adapter.operations.lines_report import examine_lines
from adapter.web.api.routes import ApiDeps, api_routes
from adapter.web.for_people import ForPeople
from adapter.web.pages.kept import Kept
from adapter.web.sign_in.client_address import ClientAddresses


def build_api(parts: ForPeople) -> Sequence[Blueprint]:
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
        addresses=ClientAddresses(parts.settings.known_proxies),
        clock=parts.clock,
    )
    return (api_routes(deps),)
