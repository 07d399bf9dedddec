"""Which commands try the adapter out, or say what is wrong with a set-up?"""

from __future__ import annotations

import os
import sys

import click

from adapter.cli import common
from adapter.cli.as_json import json_option
from adapter.cli.demo import run_demo
from adapter.cli.doctor import examine
from adapter.cli.errors import report_errors
from adapter.processes.children import refuse_taken_port
from adapter.processes.lifetime import exit_on_signals
from adapter.sandbox import serve


@click.command()
@click.option("--keep-open", is_flag=True, help="Leave sandbox and adapter running until Ctrl-C.")
@click.option("--hook-delay", default=0.0, hidden=True, help="Seconds before each hook, as in CI.")
@report_errors
def demo(keep_open: bool, hook_delay: float) -> None:
    """All of it on this machine: signed sample calls in, events out, shown as a table."""
    exit_on_signals()
    sys.exit(run_demo(common.console, keep_open=keep_open, hook_delay=hook_delay))


@click.command()
@json_option
@report_errors
def doctor(as_json: bool) -> None:
    """Check every setting, the database, Propexo, Twilio and the public address; say what to do."""
    sys.exit(examine(common.console, os.environ, as_json=as_json))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8900, show_default=True, type=click.IntRange(1, 65535))
@click.option("--api-key", default="sandbox-key", show_default=True)
@click.option(
    "--rate-limit", default=150, show_default=True, help="Requests a minute; 0: no limit."
)
@click.option(
    "--vendor", default="ENTRATA", show_default=True, help="The PMS of the sample company."
)
@report_errors
def sandbox(host: str, port: int, api_key: str, rate_limit: int, vendor: str) -> None:
    """A local stand-in for Propexo that refuses what Propexo refuses, and misbehaves on request."""
    refuse_taken_port(host, port, ("--host", "--port"))
    click.echo(
        f"Sandbox on http://{host}:{port} (key {api_key}). Next: PROPEXO_BASE_URL=http://{host}:{port} "
        f"PROPEXO_API_KEY={api_key} PROPEXO_INTEGRATION_ID=int_{vendor.lower()} adapter run",
        err=True,
    )
    serve(host, port, api_key, rate_limit, vendor)
