"""Which requests does the API answer? What they do stands in `adapter.operations` and `adapter.storage`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from adapter.config.api_tokens import ApiToken, token_named
from adapter.domain.actor import Actor, Role
from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.lines import Lines
from adapter.errors import (
    CountChanged,
    DecidedMeanwhile,
    SettingsError,
    StoreRefused,
    StoreUnavailable,
)
from adapter.operations import decisions
from adapter.operations.bulk_replay import why_skipped
from adapter.operations.call_filters import BadFilter, parse_cursor, parse_filter
from adapter.operations.call_json import call_json, shown_number, shown_text
from adapter.operations.health_report import HealthReports, Period
from adapter.operations.inbox import InboxReader
from adapter.operations.lines_report import Finding, lines_report
from adapter.operations.replay import WILL_BE, replay_call
from adapter.storage.store import Store
from adapter.targets.base import Target
from adapter.web.api import models
from adapter.web.api.health import health_answer
from adapter.web.api.openapi import PREFIX, openapi
from adapter.web.api.problems import Refused, bug, http_problem, problem, refused, unavailable
from adapter.web.inputs import refuse_unfit
from adapter.web.sign_in.client_address import ClientAddresses
from adapter.web.slots import Slots

MOST_CALLS = 200
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class ApiDeps:
    """What the API works with. findings: what the target says of each line; None while it is asked."""

    tokens: Sequence[ApiToken]
    store: Store
    lines: Lines
    links: Links
    target: Target
    inbox: InboxReader
    findings: Callable[[], Mapping[str, Finding] | None]
    health_reports: HealthReports
    slots: Slots
    addresses: ClientAddresses
    clock: Callable[[], datetime]


def api_routes(deps: ApiDeps) -> Blueprint:
    """Return the routes below /api/v1."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    for error, handler in _HANDLERS.items():
        routes.register_error_handler(error, handler)

    @routes.before_request
    def admit() -> None:
        token = _token(deps.tokens)
        if request.method == "POST" and token.role is not Role.OPERATOR:
            raise Refused(403, "this token may read, and not decide")
        deps.slots.take()
        refuse_unfit()
        g.token = token

    @routes.get("/calls")
    def list_calls() -> Response:
        role = _role()
        wanted = parse_filter(request.args, lines=deps.lines, role=role, now=deps.clock())
        place = parse_cursor(request.args.get("after"))
        page = deps.store.call_lists.page(wanted, place, _limit())
        calls = [show(call) for call in page.calls]
        return jsonify({"calls": calls, "next": page.next.encode() if page.next else None})

    @routes.get("/calls/<name>")
    def show_call(name: str) -> Response:
        return jsonify(show(named(name)))

    @routes.post("/calls/<name>/assign")
    def assign(name: str) -> Response:
        call, wish = named(name), _body(models.Assign)
        unchecked = decisions.assign(
            deps.store,
            call,
            kind=wish.kind,
            person_id=wish.person_id,
            target=deps.target,
            lines=deps.lines,
            by=actor(),
            alike=alike(call, wish),
            may_ask=False,
        )
        check = "; the id is checked before that" if unchecked else ""
        kind = wish.kind.value
        words = f"it will be written on the record of {kind} {wish.person_id}{check}."
        return done(call, words + decisions.without_worker(deps.store))

    @routes.post("/calls/<name>/ignore")
    def ignore(name: str) -> Response:
        call, wish = named(name), _body(models.Decision)
        decisions.ignore(deps.store, call, by=actor(), alike=alike(call, wish))
        return done(call, "it will not be written; replaying it undoes that")

    @routes.post("/calls/<name>/create-lead")
    def create_lead(name: str) -> Response:
        call, wish = named(name), _body(models.Decision)
        decisions.create_lead(deps.store, call, by=actor(), alike=alike(call, wish))
        words = "a lead will be made of the caller, and it is written there."
        return done(call, words + decisions.without_worker(deps.store))

    @routes.post("/calls/<name>/replay")
    def replay(name: str) -> Response:
        call, wish = named(name), _body(models.Replay)
        if wish.again and wish.same_number:
            raise Refused(400, "again is about one call: leave same_number out")
        words = replay_call(deps.store, call, again=wish.again, by=actor(), alike=alike(call, wish))
        if words != WILL_BE:
            now = deps.store.calls.get(call.key) or call
            why = why_skipped(now.state, is_forgotten=now.record.is_forgotten) or words
            raise Refused(409, f"call {call.call_id} was not delivered again: {why}")
        words = "it will be delivered again."
        return done(call, words + decisions.without_worker(deps.store))

    @routes.get("/inbox")
    def inbox() -> Response:
        try:
            page = deps.inbox.page(request.args.get("after"))
        except ValueError:
            raise BadFilter("after", "it is no place in the inbox") from None
        role = _role()
        groups = [
            models.InboxGroup(
                state=each.group.state,
                cause=each.group.cause,
                cause_words=each.group.cause.words if each.group.cause else None,
                line=shown_number(each.group.line, role),
                line_name=(each.line.name or None) if each.line else None,
                count=each.group.count,
                first_seen_at=each.group.first_at,
                last_seen_at=each.group.last_at,
                example=shown_text(each.group.example, role),
            )
            for each in page.groups
        ]
        parked = [
            models.ParkedHooks(
                provider=each.provider,
                error=shown_text(each.error, role),
                count=each.count,
                first_seen_at=each.first_at,
                last_seen_at=each.last_at,
            )
            for each in page.parked
        ]
        whole = models.InboxPage(groups=groups, parked=parked, next=page.next)
        return jsonify(models.as_json(whole))

    @routes.get("/lines")
    def list_lines() -> Response:
        report = lines_report(deps.store, deps.lines, deps.findings(), deps.clock)
        role = _role()
        found = [
            models.Line(
                number=shown_number(status.line.number, role),
                name=status.line.name or None,
                pms=status.finding.pms if status.finding and status.finding.pms != "?" else None,
                property_id=status.line.property_id,
                problems=_problems_of(status.finding),
                last_call_at=status.last_call_at,
                calls=status.count.calls,
                held=status.count.held,
            )
            for status in report.lines
        ]
        return jsonify(models.as_json(models.LineList(lines=found)))

    @routes.get("/health")
    def health() -> Response:
        try:
            period = Period(request.args.get("period", Period.DAY.value))
        except ValueError:
            raise BadFilter("period", f"it is one of {', '.join(Period)}") from None
        report = deps.health_reports.report(period)
        return jsonify(models.as_json(health_answer(report, _role())))

    @routes.get("/openapi.json")
    def document() -> Response:
        return jsonify(openapi())

    def actor() -> Actor:
        token: ApiToken = g.token
        return Actor(f"api:{token.name}", deps.addresses.of(request).address)

    def named(name: str) -> Call:
        """The one call with this id or key."""
        calls = deps.store.calls.find(name)
        if not calls:
            raise Refused(
                404, "no call has this id, or it was deleted, as calls are after CALL_DAYS"
            )
        if len(calls) > 1:
            keys = ", ".join(call.key for call in calls)
            words = f"{len(calls)} accounts have a call with this id; name one of them: {keys}"
            raise Refused(409, words, calls=[show(call) for call in calls])
        return calls[0]

    def show(call: Call) -> dict[str, Any]:
        return call_json(call, deps.lines, deps.links, role=_role())

    def done(call: Call, words: str) -> Response:
        return jsonify({"done": words, "call": show(deps.store.calls.get(call.key) or call)})

    def alike(call: Call, wish: models.Decision) -> decisions.Alike | None:
        if not wish.same_number or wish.expected is None:
            return None
        return decisions.Alike(decisions.lines_alike(call, deps.lines), wish.expected)

    return routes


def _problems_of(finding: Finding | None) -> list[str] | None:
    if finding is None:
        return None
    return [finding.failure] if finding.failure else list(finding.problems)


def _token(tokens: Sequence[ApiToken]) -> ApiToken:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    token = token_named(tokens, given.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Refused(401, "send a token of API_TOKENS as bearer token")
    return token


def _role() -> Role:
    token: ApiToken = g.token
    return token.role


def _limit() -> int:
    text = request.args.get("limit", "50")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    if not is_number or not 1 <= int(text) <= MOST_CALLS:
        raise BadFilter("limit", f"it is a whole number from 1 to {MOST_CALLS}")
    return int(text)


def _body(model: type[Body]) -> Body:
    """Return what was sent. An empty body is an empty object."""
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and not request.is_json:
        raise Refused(415, "send JSON, with the content type application/json")
    try:
        return model.model_validate_json(request.get_data() or b"{}")
    except ValidationError as error:
        raise Refused(400, "; ".join(map(_fault, error.errors()))) from error


def _fault(found: ErrorDetails) -> str:
    """Return what is wrong with a body, after where it is."""
    words = found["msg"].removeprefix("Value error, ")
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {words}" if place else words


# Errors ---------------------------------------------------------------------------------------------


def _refused(error: Refused) -> Response:
    answer = refused(error)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _bad_filter(error: BadFilter) -> Response:
    return problem(400, error.fact, parameter=error.parameter)


def _not_decided(error: SettingsError) -> Response:
    return problem(409 if isinstance(error, DecidedMeanwhile | CountChanged) else 422, str(error))


_HANDLERS: dict[type[Exception], Callable[[Any], Response]] = {
    Refused: _refused,
    BadFilter: _bad_filter,
    SettingsError: _not_decided,
    HTTPException: http_problem,
    StoreUnavailable: unavailable,
    StoreRefused: unavailable,
    Exception: bug,
}
