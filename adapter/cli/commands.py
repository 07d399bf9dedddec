"""Which commands are there? A command is imported when it is used, so that `adapter web` needs little memory."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from adapter import __version__
from adapter.cli.errors import report_errors
from adapter.cli.terminal import fit_streams
from adapter.config.env_file import with_env_file
from adapter.processes.lifetime import end_with_parent

# The command -> its module in adapter.cli, its name there, and the first sentence of its help. So `adapter --help`
# imports no command; a test compares the sentences with those of the commands.
COMMANDS = {
    "alerts": (
        "alerts",
        "alerts",
        "What is wrong and was wrong: alerts that are open, and those of the last 30 days.",
    ),
    "assign": ("calls", "assign", "CALL was with this person: write it on their record."),
    "calls": ("calls", "calls", "The calls, newest first."),
    "connect": (
        "numbers",
        "connect",
        "Make each NUMBER call back here: set its status callback. Safe to run again.",
    ),
    "copy": (
        "copy",
        "copy",
        "Move everything to another database: from SQLite to PostgreSQL, or back. Goes on where it was.",
    ),
    "create-lead": (
        "calls",
        "create_lead",
        "Make a lead of CALL's caller, and write the call there.",
    ),
    "demo": (
        "tools",
        "demo",
        "All of it on this machine: signed sample calls in, events out, shown as a table.",
    ),
    "disconnect": (
        "numbers",
        "disconnect",
        "Give each NUMBER back the status callback that it had before adapter connect.",
    ),
    "doctor": (
        "tools",
        "doctor",
        "Check every setting, the database, Propexo, Twilio and the public address; say what to do.",
    ),
    "forget": (
        "data",
        "forget",
        "Remove a person's NUMBER from everything kept here. Calls keep their outcome and time.",
    ),
    "held": ("calls", "held", "Calls that wait for a decision, with the reason; newest first."),
    "ignore": ("calls", "ignore", "CALL is not to be written."),
    "lines": (
        "data",
        "lines",
        "Every line with its integration, the PMS behind it, and what it lacks.",
    ),
    "link": ("calls", "link", "The link to the page of one CALL, where its recording is heard."),
    "migrate": (
        "serve",
        "migrate",
        "Bring the database to the current schema. Safe to run again, and twice at once.",
    ),
    "numbers": (
        "numbers",
        "numbers",
        "Every number of your Twilio accounts: where it calls back to, and what it lacks.",
    ),
    "reconcile": (
        "data",
        "reconcile",
        "Compare Twilio's own list of calls with the records, and take in what no hook told.",
    ),
    "replay": (
        "calls",
        "replay",
        "Deliver CALL again, or all that failed or are held; or read parked hooks again.",
    ),
    "revoke": (
        "calls",
        "revoke",
        "End all links to one CALL given out so far, also the one in the PMS's notes.",
    ),
    "run": (
        "run",
        "run",
        "Web and worker together, after migrating; SQLite unless DATABASE_URL says otherwise.",
    ),
    "sandbox": (
        "tools",
        "sandbox",
        "A local stand-in for Propexo that refuses what Propexo refuses, and misbehaves on request.",
    ),
    "setup": (
        "setup.command",
        "setup",
        "From two keys to lines: asks, checks, writes .env and lines.toml. Safe to run again.",
    ),
    "show": (
        "calls",
        "show",
        "The whole story of one CALL, in order, in plain words. CALL is its id, or how no other id begins.",
    ),
    "simulate": (
        "simulate",
        "simulate",
        "Send signed hooks, as the provider would: of a whole call, or a lone one.",
    ),
    "sync": (
        "data",
        "sync",
        "Read people's phone numbers into the index now; can be stopped and goes on where it was.",
    ),
    "web": (
        "serve",
        "web",
        "The web server: gunicorn, WEB_CONCURRENCY processes of 6 threads on PORT.",
    ),
    "worker": (
        "serve",
        "worker",
        "The worker: writes due calls to Propexo. Start as many as you like.",
    ),
}


class Commands(click.Group):
    """Imports a command when it is used. Output fits the streams, whatever their encoding."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        fit_streams()
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name, _ = place
        command: click.Command = getattr(import_module(f"adapter.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [
            (name, click.Command(name, help=told).get_short_help_str(room))
            for name, (_, _, told) in COMMANDS.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group("adapter", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--env-file",
    metavar="PATH",
    help="Read settings from this file, NAME=value a line. The environment wins.",
)
@report_errors
def cli(env_file: str | None) -> None:
    """Puts phone calls from Twilio on the right person's record, through Propexo.

    Try `adapter demo` first; then `adapter doctor` says what is missing for your own number.
    """
    end_with_parent()
    is_made = click.get_current_context().invoked_subcommand == "setup"
    if env_file is not None and (Path(env_file).exists() or not is_made):
        os.environ.update(with_env_file(os.environ, Path(env_file)))
