"""What is the adapter measured against? Routes that check the same signature and do less, or otherwise."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime

import psycopg
from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

from tests.benchmarks.load import PUBLIC_URL, TOKEN

_validator = RequestValidator(TOKEN)


def _checked() -> dict[str, str]:
    if not _validator.validate(
        PUBLIC_URL, request.form, request.headers.get("X-Twilio-Signature", "")
    ):
        abort(403)
    return request.form.to_dict()


def bare() -> Flask:
    """Checks the signature and answers: what Flask on this machine can do at the most."""
    app = Flask(__name__)

    @app.post("/webhooks/twilio")
    def take() -> Response:
        _checked()
        return Response(status=204)

    return app


# The rows that the adapter writes for a call told by one hook.
_ROWS = """
WITH call AS (
    INSERT INTO calls (key, version, provider, account, call_id, state, record, first_seen_at, over_at,
                       started_at, direction, line, other, outcome, talk_seconds, run, queued_run, due_at,
                       tries, link_version, updated_at)
    VALUES (%(key)s, 1, 'twilio', %(account)s, %(call)s, 'open', %(record)s, %(now)s, %(now)s,
            %(now)s, 'inbound', %(to)s, %(from)s, 'no_answer', 0, 1, 0, %(now)s, 0, 0, %(now)s)
    ON CONFLICT (key) DO NOTHING RETURNING key
)
INSERT INTO hooks (received_at, provider, account, state, kind, call_key, method, target, headers, body)
SELECT %(now)s, 'twilio', %(account)s, 'taken', 'status', %(key)s, 'POST', '/webhooks/twilio', %(headers)s,
       %(body)s FROM call
"""


def one_round_trip() -> Flask:
    """Writes the same rows in one statement of psycopg: the limit of a durable answer on this stack."""
    app = Flask(__name__)
    local = threading.local()
    url = os.environ["DATABASE_URL"]

    @app.post("/webhooks/twilio")
    def take() -> Response:
        body = request.get_data()
        params = _checked()
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(url, autocommit=True)
        values = {
            "key": f"twilio:{params['AccountSid']}:{params['CallSid']}",
            "account": params["AccountSid"],
            "call": params["CallSid"],
            "record": json.dumps(params),
            "now": datetime.now(UTC),
            "from": params["From"],
            "to": params["To"],
            "headers": json.dumps({"Content-Type": request.content_type}),
            "body": body,
        }
        local.connection.execute(_ROWS, values, prepare=True)
        return Response(status=204)

    return app


def celery_redis() -> Flask:
    """Hands the hook to Celery on Redis; durable as ours is where Redis runs with appendfsync always."""
    from celery import Celery

    queue = Celery("rival", broker=os.environ["REDIS_URL"])
    queue.conf.task_ignore_result = True

    @queue.task(name="deliver")  # type: ignore[untyped-decorator]  # Celery has no types
    def deliver(params: dict[str, str]) -> None:
        """Never run here: only the taking in is measured."""

    app = Flask(__name__)

    @app.post("/webhooks/twilio")
    def take() -> Response:
        deliver.delay(_checked())
        return Response(status=204)

    return app
