"""How does the stand-in answer a request as Propexo would? The Flask app that joins the parts.

The order: bearer token, rate limit, faults, the endpoint, faults after it, headers, counting.
"""

import hmac
import time
from collections.abc import Callable

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from .admin import admin
from .answers import RefusedError
from .call_list import PREFIX as CALL_LIST
from .call_list import CallList
from .control import PREFIX, control
from .data import SandboxState
from .faults import AFTER, TRANSPORT, Fault, FaultList, apply, is_unanswered
from .limits import Grant, RateLimiter
from .reads import reads
from .traffic import NO_ANSWER, Traffic
from .webhooks import webhooks
from .writes import writes

# What is not Propexo's: no key, no limit, no faults.
OTHERS = (PREFIX, CALL_LIST)
_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


def create_sandbox(
    state: SandboxState,
    *,
    api_key: str,
    rate_limit: int = 150,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
    slow_seconds: float = 2.0,
    write_seconds: float = 0.2,
    read_back_seconds: float = 0.5,
    call_list: CallList | None = None,
) -> Flask:
    """The stand-in over `state`. `rate_limit` 0 is unlimited; `clock` becomes the state's too.

    A write ends `write_seconds` after it was accepted, and lists show it `read_back_seconds`
    after it was accepted. `sleep` does all waiting: slow answers and timeouts.
    `call_list` is what Twilio's API knows; None: no call.
    """
    app = Flask("propexo-sandbox")
    app.url_map.strict_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of DefaultJSONProvider
    state.clock = clock
    state.jobs.write_seconds = write_seconds
    state.jobs.read_back_seconds = read_back_seconds
    faults, traffic, limiter = FaultList(), Traffic(), RateLimiter(rate_limit, clock)

    def clear() -> None:
        traffic.clear()
        limiter.clear()

    app.register_blueprint(reads(state))
    app.register_blueprint(writes(state, faults))
    app.register_blueprint(admin(state))
    app.register_blueprint(webhooks(state))
    app.register_blueprint(control(state, faults, traffic, clear))
    app.register_blueprint((call_list or CallList()).routes())

    @app.before_request
    def admit() -> Response | None:
        if request.path.startswith(OTHERS):
            return None
        g.grant = limiter.peek(api_key)
        if not _has_key(request.headers.get("Authorization", ""), api_key):
            raise RefusedError(401, "unauthorized", "missing or wrong bearer token")
        g.grant = limiter.take(api_key)
        if g.grant.is_refused:
            raise RefusedError(429, "too_many_requests", "rate limit exceeded")
        fault = faults.take(
            TRANSPORT,
            method=request.method,
            path=request.path,
            integration_id=_integration_id(state),
        )
        g.fault = fault
        return apply_fault(fault) if fault and fault.kind not in AFTER else None

    @app.after_request
    def finish(response: Response) -> Response:
        if request.path.startswith(OTHERS):
            return response
        fault: Fault | None = g.get("fault")
        grant: Grant = g.grant
        if grant.is_slow:
            sleep(slow_seconds)
        if fault is not None and fault.kind in AFTER:
            response = apply_fault(fault) or response
        response.headers.update(grant.headers())
        is_cut = fault is not None and is_unanswered(fault)
        status = NO_ANSWER if is_cut else response.status_code
        is_injected = fault is not None and fault.kind in ("status", "status_after")
        traffic.note(request, response, status=status, injected=is_injected)
        return response

    def apply_fault(fault: Fault) -> Response | None:
        return apply(fault, request.environ.get("werkzeug.socket"), sleep)

    @app.errorhandler(RefusedError)
    def refuse(error: RefusedError) -> tuple[Response, int]:
        return jsonify(error.body()), error.status

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        code = _CODES.get(status, "invalid_request" if status < 500 else "internal_error")
        refusal = RefusedError(status, code, error.description or error.name)
        return jsonify(refusal.body()), status

    return app


def _has_key(header: str, api_key: str) -> bool:
    scheme, _, token = header.partition(" ")
    is_same = hmac.compare_digest(token.encode(), api_key.encode())
    return is_same and scheme.lower() == "bearer"


def _integration_id(state: SandboxState) -> str | None:
    """The integration that a request is about: in its query, its body, or through its job."""
    body = request.get_json(silent=True) if request.is_json else None
    named = body.get("integration_id") if isinstance(body, dict) else None
    named = named or request.args.get("integration_id")
    job = state.jobs.jobs.get((request.view_args or {}).get("job_id", ""))
    return job.write.integration_id if job else named
