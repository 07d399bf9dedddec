"""What happens when Propexo's webhook says that a write has failed?"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from adapter.observability.logs import logger
from adapter.observability.metrics import HOOKS
from adapter.storage.store import Store
from adapter.targets.propexo.webhooks import read, verify
from adapter.web.body import read_body

log = logger("adapter.propexo")


def propexo_routes(store: Store, secret: str | None) -> Blueprint:
    """Return the route POST /webhooks/propexo, which has the write of a call confirmed again.

    The same webhook twice does no harm. Without a secret, none is taken.
    """
    routes = Blueprint("propexo", __name__)

    @routes.post("/webhooks/propexo")
    def take() -> Response:
        body = read_body()
        verify(body, request.headers.get("propexo-signature", ""), secret)
        failure = read(body)
        if failure is not None:
            known = store.runs.doubt_write(failure.job_id, datetime.now(UTC))
            HOOKS.labels("write_failure", "taken" if known else "not ours").inc()
            log.info("a write failed", job=failure.job_id, reason=failure.words, known=known)
        return Response(status=204)

    return routes
