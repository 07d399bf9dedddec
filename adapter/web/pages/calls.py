"""GET /calls: the calls, newest first, by filters and a search. The same as CSV with format=csv."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from adapter.domain.actor import Role
from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter
from adapter.domain.call_links import Links
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import REPLAYABLE
from adapter.domain.lines import Lines, PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import pretty
from adapter.operations.call_csv import MOST_ROWS, csv_of
from adapter.operations.call_filters import (
    PARAMETERS,
    BadFilter,
    name_of_line,
    parse_cursor,
    parse_filter,
)
from adapter.operations.call_json import shown_text
from adapter.storage.store import Store
from adapter.text.phrases import clock_duration
from adapter.web.pages.shell import number_of_line, render
from adapter.web.sign_in.users import current_user
from adapter.web.slots import Slots

CALLS_ON_PAGE = 50


@dataclass(frozen=True)
class Option:
    """A choice of a filter. words: as people read it."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """A call of the list, as this user may see it. zone: of its line."""

    call: Call
    zone: str
    line_name: str
    talk: str
    person: str
    why: str


@dataclass(frozen=True)
class Shown:
    """The calls of a page, and the addresses of the same list: its newest calls, older ones, and as CSV."""

    rows: Sequence[Row]
    count: str
    is_one: bool
    newest: str | None
    older: str | None
    csv: str
    replay: str


def calls_page(
    store: Store, lines: Lines, links: Links, slots: Slots, clock: Callable[[], datetime]
) -> Blueprint:
    """Return the route GET /calls. Its parameters are those of `parse_filter`, and after, format."""
    routes = Blueprint("calls", __name__)

    @routes.get("/calls")
    def calls() -> Response:
        given = {name: text for name in PARAMETERS if (text := request.args.get(name, "").strip())}
        role, problem = current_user().role, None
        try:
            wanted = parse_filter(given, lines=lines, role=role, now=clock())
            place = parse_cursor(request.args.get("after"))
        except BadFilter as error:
            wanted, place, problem = CallFilter(), None, error
        if problem is None and as_csv():
            return csv(wanted, role)
        shown = None
        if problem is None:
            page = store.call_lists.page(wanted, place, CALLS_ON_PAGE)
            count = store.call_lists.count(wanted)
            shown = Shown(
                rows=[_row(call, lines, role) for call in page.calls],
                count=str(count),
                is_one=count.value == 1,
                newest=_address(given) if place else None,
                older=_address(given, after=page.next.encode()) if page.next else None,
                csv=_address(given, format="csv"),
                replay=urlencode(given),
            )
        return render(
            "calls.html",
            status=400 if problem else 200,
            shown=shown,
            problem=problem,
            given=given,
            choices=_choices(given),
            lines=_lines(given, wanted, lines),
        )

    def csv(wanted: CallFilter, role: Role) -> Response:
        end = slots.begin_long()
        try:
            found = store.call_lists.iterate(wanted, MOST_ROWS)
            pieces = csv_of(found, lines, links, role=role)
            first = next(pieces)  # what is wrong with the database shows before the answer begins
        except BaseException:
            end()
            raise
        disposition = {"Content-Disposition": 'attachment; filename="calls.csv"'}
        whole = itertools.chain([first], pieces)
        response = Response(whole, headers=disposition, content_type="text/csv; charset=utf-8")
        response.call_on_close(end)
        return response

    return routes


def as_csv() -> bool:
    """Return whether CSV is asked for. Raise a 400 for a format that there is not."""
    wanted = request.args.get("format", "").strip()
    if wanted not in ("", "html", "csv"):
        abort(400, "format: it is csv, or not there.")
    return wanted == "csv"


def _row(call: Call, lines: Lines, role: Role) -> Row:
    line = lines.by_number.get(call.line or "")
    person = ""
    if call.person_id:
        person = f"{call.person_name or call.person_id} ({call.person_kind})"
    return Row(
        call=call,
        zone=(line or lines.defaults).timezone,
        line_name=line.name if line else "",
        talk=clock_duration(call.talk_seconds),
        person=person,
        why=shown_text(call.reason if call.state in REPLAYABLE else call.because, role) or "",
    )


def _address(given: Mapping[str, str], **more: str) -> str:
    query = urlencode({**given, **more})
    return f"{request.script_root}/calls{'?' if query else ''}{query}"


def _choices(given: Mapping[str, str]) -> Mapping[str, Sequence[Option]]:
    kinds: Mapping[str, Iterable[StrEnum]] = {
        "state": CallState,
        "outcome": Outcome,
        "direction": Direction,
        "kind": PersonKind,
    }
    found = {
        name: [Option(value, value.replace("_", " "), given.get(name) == value) for value in values]
        for name, values in kinds.items()
    }
    found["cause"] = [Option(each, each.words, given.get("cause") == each) for each in Cause]
    return found


def _lines(given: Mapping[str, str], wanted: CallFilter, lines: Lines) -> Sequence[Option]:
    """Return the lines to choose from, and what is chosen if that is none of them."""
    options = [
        Option(
            name_of_line(line, lines),
            line.name or number_of_line(line.number),
            wanted.lines == frozenset({line.number}),
        )
        for line in lines.by_number.values()
    ]
    if "line" in given and not any(option.is_chosen for option in options):
        numbers = ", ".join(pretty(number) for number in sorted(wanted.lines or ()))
        options.append(Option(given["line"], numbers or given["line"], is_chosen=True))
    return options
