"""How does Propexo's word that a write has failed come in?"""

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
    """POST /webhooks/propexo: the call's write is looked at again; twice the same does no harm."""
    routes = Blueprint("propexo", __name__)

    @routes.post("/webhooks/propexo")
    def take() -> Response:
        body = read_body()
        verify(body, request.headers.get("propexo-signature", ""), secret)
        failed = read(body)
        if failed is not None:
            known = store.runs.doubt_write(failed.job_id, datetime.now(UTC))
            HOOKS.labels("write_failure", "taken" if known else "not ours").inc()
            log.info("a write failed", job=failed.job_id, reason=failed.words, known=known)
        return Response(status=204)

    return routes
