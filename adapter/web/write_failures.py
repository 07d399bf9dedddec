"""What happens when the target's webhook says that a write has failed?"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from adapter.observability.logs import logger
from adapter.observability.metrics import HOOKS
from adapter.storage.store import Store
from adapter.targets.base import Target
from adapter.web.body import read_body

log = logger("adapter.write_failures")


def write_failure_routes(store: Store, target: Target) -> Blueprint:
    """Return the route POST /webhooks/<target>, which has the write of a call confirmed again.

    The same webhook twice does no harm.
    """
    routes = Blueprint("write_failures", __name__)

    @routes.post(f"/webhooks/{target.name}")
    def take() -> Response:
        failure = target.failure_hooks.read(read_body(request), request.headers)
        if failure is not None:
            known = store.runs.doubt_write(failure.job_id, datetime.now(UTC))
            HOOKS.labels("write_failure", "taken" if known else "not ours").inc()
            log.info("a write failed", job=failure.job_id, reason=failure.words, known=known)
        return Response(status=204)

    return routes
