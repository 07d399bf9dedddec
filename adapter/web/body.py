"""What did the sender put into the body of this request?"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from adapter.errors import HookTooLarge, MalformedHook
from adapter.intake.service import MAX_BODY_BYTES


def read_body() -> bytes:
    """The body of a hook, as sent. Errors: HookError; a werkzeug HTTPException if the sender went away."""
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise HookTooLarge(f"a hook has {MAX_BODY_BYTES} bytes at most") from error
    except HTTPException:
        raise
    except Exception as error:  # the server's own kinds: chunks that are none, and the like
        raise MalformedHook("the body is not what its headers say") from error
