"""GET and POST /calls/replay, /replays/<id>: deliver all calls that match again, and show the progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response, abort, request

from adapter.domain.call_filter import CallFilter
from adapter.domain.lines import Lines
from adapter.errors import CountChanged
from adapter.operations.bulk_replay import BulkReplaying, Preview
from adapter.operations.call_filters import PARAMETERS, BadFilter, parse_filter
from adapter.storage.store import Store
from adapter.web.pages.forms import go_back, go_to, number_field
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import current_user, operators_only

PARKED = "parked"


def replay_routes(
    store: Store, replaying: BulkReplaying, lines: Lines, clock: Callable[[], datetime]
) -> Blueprint:
    """Return the routes of bulk replays. Their parameters are those of /calls, or state=parked.

    expected: how many calls match, as the page before said; if that has changed, nothing is done.
    """
    routes = Blueprint("replays", __name__)

    @routes.get("/calls/replay")
    @operators_only
    def preview() -> Response:
        given = parameters(request.args)
        return render("replays.html", preview=previewed(given), given=given, bulk=None)

    @routes.post("/calls/replay")
    @operators_only
    def begin() -> Response:
        given, by = parameters(request.form), current_user().actor()
        expected = number_field("expected")
        if expected is None:
            abort(400, "expected: it is missing. It says how many calls match, as you saw it.")
        try:
            if is_parked(given):
                bulk_id = replaying.begin_parked(expected=expected, by=by)
            else:
                bulk_id = replaying.begin(wanted(given), expected=expected, by=by)
        except CountChanged as error:
            abort(409, f"{error}.")
        return go_to(f"/replays/{bulk_id}")

    @routes.get("/replays/<int:bulk_id>")
    @operators_only
    def progress(bulk_id: int) -> Response:
        bulk = replaying.rows.get(bulk_id) if bulk_id < 2**62 else None
        if bulk is None:
            abort(404, "There is no such bulk replay. Old ones are deleted.")
        is_alive = store.workers.is_one_alive(clock())
        return render(
            "replays.html", bulk=bulk, is_worker_alive=is_alive, zone=lines.defaults.timezone
        )

    @routes.post("/replays/<int:bulk_id>/stop")
    @operators_only
    def stop(bulk_id: int) -> Response:
        is_stopped = bulk_id < 2**62 and replaying.stop(bulk_id, by=current_user().actor())
        notice = "It was stopped. What was planned stays planned."
        return go_back(notice if is_stopped else "It has ended already.", f"/replays/{bulk_id}")

    def previewed(given: Mapping[str, str]) -> Preview:
        return replaying.preview_parked() if is_parked(given) else replaying.preview(wanted(given))

    def wanted(given: Mapping[str, str]) -> CallFilter:
        try:
            return parse_filter(given, lines=lines, role=current_user().role, now=clock())
        except BadFilter as error:
            abort(400, f"{error}.")

    return routes


def parameters(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that say which calls are meant."""
    return {name: given[name] for name in PARAMETERS if given.get(name, "").strip()}


def is_parked(given: Mapping[str, str]) -> bool:
    """Return whether hooks are meant that could not be read. Raise a 400 for a filter that they do not have."""
    if given.get("state", "").strip() != PARKED:
        return False
    if len(given) > 1:
        abort(400, "state: parked hooks take no other filter.")
    return True
