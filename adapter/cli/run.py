"""`adapter run`: how do web and worker run together? This process imports little: it only watches them."""

from __future__ import annotations

import os
import sys

import click

from adapter.cli.errors import report_errors
from adapter.config.lines_file import read_lines
from adapter.config.public_address import FROM_VARIABLE, HOSTS
from adapter.config.settings import Settings
from adapter.processes.children import refuse_taken_port, run_once, run_together

COMMANDS = {"web": ["web"], "worker": ["worker"]}


@click.command()
@click.option(
    "--tunnel",
    is_flag=True,
    help="Open a tunnel by ngrok; its address is the public one meanwhile.",
)
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="With --tunnel: connect it until the end. May be given several times.",
)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="With --tunnel: connect all, as adapter connect --all does.",
)
@click.option(
    "--replace", is_flag=True, help="With --tunnel: take over somebody else's callback meanwhile."
)
@report_errors
def run(tunnel: bool, numbers: tuple[str, ...], is_all: bool, replace: bool) -> None:
    """Web and worker together, after migrating; SQLite unless DATABASE_URL says otherwise.

    With --tunnel they are reached from outside without a host. The numbers that are connected call back here
    until the end, and then get back what they had.
    """
    if not tunnel and (numbers or is_all or replace):
        raise click.UsageError("--number, --all and --replace go with --tunnel")
    if numbers and is_all:
        raise click.UsageError("give --number or --all, and not both")
    settings = Settings.from_environ(os.environ)
    if tunnel:
        from adapter.cli.tunnel import run_with_tunnel  # with what `adapter connect` needs

        sys.exit(run_with_tunnel(settings, numbers, is_all=is_all, replace=replace))
    settings.require_for_web()
    settings.require_for_worker()
    # So that wrong lines are reported once, and not by each process.
    read_lines(settings.adapter_lines, settings.line_defaults)
    refuse_taken_port(settings.host, settings.port)
    if failed := run_once(["migrate", "--quiet"], os.environ):
        sys.exit(failed)
    say_where(settings)
    sys.exit(run_together(COMMANDS, environ_of(settings)))


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the environment of web and worker. Both get the same address, whoever told it here."""
    told_by = settings.public_base_url_from
    if told_by in HOSTS:
        told_by = f"{told_by}, as adapter run was told"
    return {
        **os.environ,
        "PUBLIC_BASE_URL": settings.public_base_url or "",
        FROM_VARIABLE: told_by,
    }


def say_where(settings: Settings) -> None:
    """Say where hooks go, and who says so."""
    click.echo(
        f"adapter: hooks go to {settings.public_base_url}/webhooks/twilio "
        f"(from {settings.public_base_url_from}); "
        f"listening on port {settings.port}; Ctrl-C stops",
        err=True,
    )
