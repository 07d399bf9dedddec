"""The web application as gunicorn serves it, but with short limits for listeners."""

from __future__ import annotations

from flask import Flask

from adapter.bootstrap import Container, read_settings
from adapter.web.app import create_app
from adapter.web.hooks import hook_routes
from adapter.web.recordings.routes import recording_routes

STREAMS = 3
STALL_SECONDS = 1.0
LIMIT_SECONDS = 3.0


def app() -> Flask:
    container = Container(read_settings())
    recordings = recording_routes(
        container.store,
        container.links,
        container.providers,
        container.lines,
        concurrent_streams=STREAMS,
        stream_seconds=LIMIT_SECONDS,
        stall_seconds=STALL_SECONDS,
    )
    return create_app(hook_routes(container.intake), recordings)
