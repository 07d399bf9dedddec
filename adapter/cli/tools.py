"""Which commands try the adapter out, or say what is wrong with a set-up?"""

from __future__ import annotations

import os
import sys

import click
import requests

from adapter.cli import common
from adapter.cli.as_json import json_option
from adapter.cli.demo import run_demo
from adapter.cli.doctor import examine
from adapter.cli.errors import report_errors
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from adapter.processes.children import refuse_taken_port
from adapter.processes.lifetime import exit_on_signals
from adapter.sandbox import serve
from adapter.sandbox import twilio as simulated


@click.command()
@click.option("--keep-open", is_flag=True, help="Leave sandbox and adapter running until Ctrl-C.")
@click.option("--hook-delay", default=0.0, hidden=True, help="Seconds before each hook, as in CI.")
@report_errors
def demo(keep_open: bool, hook_delay: float) -> None:
    """All of it on this machine: signed sample calls in, events out, shown as a table."""
    exit_on_signals()
    sys.exit(run_demo(common.console, keep_open=keep_open, hook_delay=hook_delay))


@click.command()
@click.option("--url", help="Where to send it; default: PUBLIC_BASE_URL/webhooks/twilio.")
@click.option(
    "--kind", default="answered", show_default=True, help="What the hook tells; see below."
)
@click.option("--from", "caller", default="+16175550134", show_default=True)
@click.option("--to", "called", default="+16175550100", show_default=True)
@click.option("--call", "call_sid", help="The call's id; default: a new one.")
@click.option(
    "--seconds",
    default=42,
    show_default=True,
    type=click.IntRange(min=0),
    help="Talk time or message length.",
)
@report_errors
def simulate(
    url: str | None, kind: str, caller: str, called: str, call_sid: str | None, seconds: int
) -> None:
    """Send one signed hook, as Twilio would.

    Kinds: answered, missed, busy, voicemail, dial, recording, machine, transcription, outbound.
    """
    settings = Settings.from_environ(os.environ)
    settings.require_for_web()
    public = f"{settings.public_base_url}/webhooks/twilio"
    sid = call_sid or simulated.new_sid()
    try:
        params = simulated.hook(
            kind,
            call=sid,
            account=settings.twilio_account_sid or simulated.ACCOUNT,
            caller=caller,
            called=called,
            seconds=seconds,
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--kind") from error
    if not settings.twilio_auth_token:
        raise SettingsError("TWILIO_AUTH_TOKEN is not set: the hook is signed with it")
    token = settings.twilio_auth_token[0].get_secret_value()
    try:
        answer = simulated.send(url or public, params, token=token, signed_url=public)
    except requests.RequestException as error:
        fact = f"{url or public} does not answer ({type(error).__name__})"
        click.echo(f"adapter: {fact}; {simulated.advice(None, url or public)}", err=True)
        sys.exit(1)
    if answer.status_code not in (200, 204):
        click.echo(answer.text.strip()[:500], err=True)
        advice = simulated.advice(answer.status_code, url or public)
        click.echo(f"{answer.status_code} for {kind}: it was not taken. Next: {advice}", err=True)
        sys.exit(1)
    common.say(f"{answer.status_code} for {kind} of {sid}. Next: adapter show {sid}")


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
