"""What do the forms about calls have in common: their fields, and where one goes on afterwards?"""

from __future__ import annotations

from flask import Response, abort, flash, redirect, request

from adapter.domain.call import Call
from adapter.storage.store import Store
from adapter.web.pages.login import local_path

_LONGEST = 200


def text_field(name: str) -> str:
    """Return a field that must not be blank. Raise a 400 that names it."""
    text = request.values.get(name, "").strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        abort(400, f"{name}: it is missing, or it is no such text.")
    return text


def number_field(name: str) -> int | None:
    """Return a whole number, None if the field is blank. Raise a 400 that names it."""
    text = request.values.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        abort(400, f"{name}: it is no whole number.")
    return int(text)


def is_ticked(name: str) -> bool:
    """Return whether a tick box is ticked. Raise a 400 if it holds something else."""
    text = request.values.get(name, "").strip().lower()
    if text not in ("", "0", "1", "false", "true", "on", "off"):
        abort(400, f"{name}: it is 1, or not there.")
    return text in ("1", "true", "on")


def call_named(store: Store, name: str) -> Call:
    """Return the one call with this id or key. Raise a 404, or a 409 if two accounts have it."""
    calls = store.calls.find(name)
    if not calls:
        abort(404, "No call has this id. It may have been deleted, as calls are after CALL_DAYS.")
    if len(calls) > 1:
        keys = ", ".join(call.key for call in calls)
        abort(409, f"{len(calls)} accounts have a call with this id. Name one of them: {keys}")
    return calls[0]


def go_back(notice: str, otherwise: str = "/inbox") -> Response:
    """Return to where the form was (its field `back`), and say there what was done."""
    flash(notice)
    return go_to(local_path(request.form.get("back") or otherwise))


def go_to(path: str) -> Response:
    """Return a redirect to this path of ours, to be opened with GET."""
    answer: Response = redirect(request.script_root + path, 303)  # type: ignore[assignment]  # Flask's own in an app
    return answer
