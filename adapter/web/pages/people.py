"""GET /people: who is meant by a name, an e-mail address, a number or an id? Found by `PeopleSearch`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, request

from adapter.domain.lines import Line, Lines
from adapter.operations.call_filters import BadFilter, parse_filter
from adapter.operations.decisions import count_alike
from adapter.operations.people_search import FoundPeople, PeopleSearch
from adapter.storage.store import Store
from adapter.web.pages.forms import call_named
from adapter.web.pages.login import local_path
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import current_user, operators_only

_LONGEST = 200


def people_page(
    store: Store, search: PeopleSearch, lines: Lines, clock: Callable[[], datetime]
) -> Blueprint:
    """Return the route GET /people?q=&line=. With call= each person found has a button that assigns that call.

    seen, back: handed on to that button.
    """
    routes = Blueprint("people_page", __name__)

    @routes.get("/people")
    @operators_only
    def people() -> Response:
        name, text = request.args.get("call", ""), request.args.get("q", "").strip()
        if len(text) > _LONGEST:
            abort(400, f"q: it is longer than {_LONGEST} characters.")
        call = call_named(store, name) if name else None
        line = line_of(request.args.get("line", "") or (call.line if call else "") or "")
        found = search.search(text, line) if text and line else FoundPeople(())
        return render(
            "people.html",
            q=text,
            line=line,
            call=call,
            seen=request.args.get("seen", "")[:9],
            alike=count_alike(store, call, lines) if call else 0,
            back=local_path(request.args.get("back")),
            found=found,
            target=search.target_label,
            zone=(line or lines.defaults).timezone,
        )

    def line_of(text: str) -> Line | None:
        if not text:
            return lines.defaults if lines.defaults.integration_id else next(iter(lines), None)
        given = {"line": text}
        try:
            wanted = parse_filter(given, lines=lines, role=current_user().role, now=clock())
        except BadFilter as error:
            abort(400, f"{error}.")
        return lines.of(min(wanted.lines or {""}))

    return routes
