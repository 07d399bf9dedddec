"""How is the body of a hook read?"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from adapter.errors import HookTooLarge, MalformedHook
from adapter.intake.service import MAX_BODY_BYTES


def read_body() -> bytes:
    """Return the body as it was sent.

    Raise HookError for a wrong one, and an HTTPException of werkzeug if the sender went away.
    """
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise HookTooLarge(f"a hook has {MAX_BODY_BYTES} bytes at most") from error
    except HTTPException:
        raise
    except Exception as error:  # of the server, for example for broken chunks
        raise MalformedHook("the body is not what its headers say") from error
