"""How is the body of a hook read?"""

from __future__ import annotations

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request

from adapter.errors import HookTooLarge, MalformedHook
from adapter.intake.service import MAX_BODY_BYTES

# One byte more than a hook may have, so that intake can say what is wrong with it.
MOST_BYTES = MAX_BODY_BYTES + 1


def read_body(request: Request) -> bytes:
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
