"""Is what a browser or a program sent fit to be looked at? A clear 4xx if not, never a 500."""

from __future__ import annotations

from collections.abc import Iterable

from flask import abort, request
from werkzeug.exceptions import HTTPException

MAX_FORM_BYTES = 32 * 1024


def refuse_unfit() -> None:
    """Read the form and the query of the current request.

    Raise an HTTPException if the body is too large or broken, or if a value holds a NUL: no database takes it.
    """
    request.max_content_length = MAX_FORM_BYTES
    try:
        form = request.form
    except HTTPException:
        raise
    except Exception:  # of the server, for example for broken chunks
        abort(400, "The request is not what its headers say. Open the page again and repeat it.")
    values: Iterable[object] = (
        *form.keys(),
        *form.values(),
        *(value for values in form.listvalues() for value in values),
        *request.args.keys(),
        *(value for values in request.args.listvalues() for value in values),
        *(request.view_args or {}).values(),
    )
    if any("\x00" in str(value) for value in values):
        abort(400, "The request holds a character that no name, number or id has.")
