"""`adapter run`: how do web and worker run together? This process imports little: it only watches them."""

from __future__ import annotations

import os
import sys

import click

from adapter.cli.errors import report_errors
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.processes.children import refuse_taken_port, run_once, run_together


@click.command()
@report_errors
def run() -> None:
    """Web and worker together, after migrating; SQLite unless DATABASE_URL says otherwise."""
    settings = Settings.from_environ(os.environ)
    settings.require_for_web()
    settings.require_for_worker()
    # So that wrong lines are reported once, and not by each process.
    read_lines(settings.adapter_lines, settings.line_defaults)
    refuse_taken_port(settings.host, settings.port)
    if failed := run_once(["migrate", "--quiet"], os.environ):
        sys.exit(failed)
    click.echo(
        f"adapter: hooks go to {settings.public_base_url}/webhooks/twilio; "
        f"listening on port {settings.port}; Ctrl-C stops",
        err=True,
    )
    sys.exit(run_together({"web": ["web"], "worker": ["worker"]}, os.environ))
