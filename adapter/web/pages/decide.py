"""POST /calls/<call id>/...: what an operator decides about one call, by a button of a page.

What each does stands in `adapter.operations.decisions` and `adapter.operations.replay`. Nothing outside is
asked.
"""

from __future__ import annotations

from typing import NoReturn

from flask import Blueprint, Response, abort

from adapter.domain.call import Call
from adapter.domain.lines import Lines, PersonKind
from adapter.errors import CountChanged, DecidedMeanwhile, SettingsError
from adapter.operations import decisions
from adapter.operations.bulk_replay import why_skipped
from adapter.operations.replay import WILL_BE, replay_call
from adapter.storage.store import Store
from adapter.targets.base import Target
from adapter.web.pages.forms import call_named, go_back, is_ticked, number_field, text_field
from adapter.web.sign_in.users import current_user, operators_only


def decide_routes(store: Store, target: Target, lines: Lines) -> Blueprint:
    """Return the routes POST /calls/<call id>/{assign,ignore,create-lead,replay,revoke-link}.

    Fields: kind and person_id (assign), again (replay), same_number with expected (all but revoke-link).
    seen: the run of the call that the page showed. back: the page to go on with.
    """
    routes = Blueprint("decide", __name__)

    @routes.post("/calls/<name>/assign")
    @operators_only
    def assign(name: str) -> Response:
        call = call_named(store, name)
        kind, person_id = _kind(text_field("kind")), text_field("person_id")
        try:
            unchecked = decisions.assign(
                store,
                call,
                kind=kind,
                person_id=person_id,
                target=target,
                lines=lines,
                by=current_user().actor(),
                seen=number_field("seen"),
                alike=alike(call),
                may_ask=False,
            )
        except SettingsError as error:
            refuse(error)
        check = " The id is checked before that." if unchecked else ""
        words = f"{title(call)} will be written on the record of {kind} {person_id}.{check}"
        return go_back(words + decisions.without_worker(store))

    @routes.post("/calls/<name>/ignore")
    @operators_only
    def ignore(name: str) -> Response:
        call = call_named(store, name)
        try:
            decisions.ignore(
                store,
                call,
                by=current_user().actor(),
                seen=number_field("seen"),
                alike=alike(call),
            )
        except SettingsError as error:
            refuse(error)
        return go_back(f"{title(call)} will not be written. Replaying it undoes that.")

    @routes.post("/calls/<name>/create-lead")
    @operators_only
    def create_lead(name: str) -> Response:
        call = call_named(store, name)
        try:
            decisions.create_lead(
                store,
                call,
                by=current_user().actor(),
                seen=number_field("seen"),
                alike=alike(call),
            )
        except SettingsError as error:
            refuse(error)
        words = f"A lead will be made of the caller of {title(call)}, and it is written there."
        return go_back(words + decisions.without_worker(store))

    @routes.post("/calls/<name>/replay")
    @operators_only
    def replay(name: str) -> Response:
        call = call_named(store, name)
        by, seen, again = current_user().actor(), number_field("seen"), is_ticked("again")
        try:
            done = replay_call(
                store, call, again=again, by=by, seen=seen, alike=None if again else alike(call)
            )
        except SettingsError as error:
            refuse(error)
        if done != WILL_BE:
            now = store.calls.get(call.key) or call
            why = why_skipped(now.state, is_forgotten=now.record.is_forgotten)
            abort(409, f"Call {call.call_id} was not delivered again: {why or done}.")
        second = ", also if it is written already" if again else ""
        words = f"{title(call)} will be delivered again{second}."
        return go_back(words + decisions.without_worker(store))

    @routes.post("/calls/<name>/revoke-link")
    @operators_only
    def revoke_link(name: str) -> Response:
        call = call_named(store, name)
        decisions.revoke_link(store, call, by=current_user().actor())
        return go_back(
            f"The links to call {call.call_id} that were given out open nothing now, also the one in the PMS."
        )

    def alike(call: Call) -> decisions.Alike | None:
        if not is_ticked("same_number"):
            return None
        expected = number_field("expected")
        if expected is None:
            abort(
                400,
                "expected: it is missing. It says how many held calls from this number you saw.",
            )
        return decisions.Alike(decisions.lines_alike(call, lines), expected)

    def title(call: Call) -> str:
        expected = number_field("expected") if is_ticked("same_number") else None
        more = f" and every held call from the same number ({expected} in all)" if expected else ""
        return f"Call {call.call_id}{more}"

    return routes


def refuse(error: SettingsError) -> NoReturn:
    """Answer that a decision could not be made, in words. Raise a 409, or a 422 if it never could."""
    status = 409 if isinstance(error, DecidedMeanwhile | CountChanged) else 422
    abort(status, f"{error}.")


def _kind(text: str) -> PersonKind:
    try:
        return PersonKind(text)
    except ValueError:
        abort(400, f"kind: it is one of {', '.join(PersonKind)}.")
