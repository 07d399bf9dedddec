"""`adapter setup`: how does one get from two keys to lines that work?

All is asked first, and the files are written at the end, so that Ctrl-C leaves nothing half done.
docs/decisions/0022-setup-asks-first.md
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from adapter.bootstrap import Container
from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.setup.afterwards import Afterwards
from adapter.cli.setup.asking import Terminal, Unattended
from adapter.cli.setup.failure_hook import HookPlan, plan_hook
from adapter.cli.setup.files import (
    KEPT,
    Files,
    database_beside,
    read_files,
    refuse_unwritable,
    shown,
)
from adapter.cli.setup.keys import ADDRESS, KEYS, Keys
from adapter.cli.setup.options import Options, given
from adapter.cli.setup.report import print_draft, print_missing
from adapter.config.file_writes import FileChange, read_file, write_files
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.lines import UnknownCaller
from adapter.errors import SettingsError
from adapter.operations.set_up.answers import Missing
from adapter.operations.set_up.lines import Draft, LineSetUp, LinesNow
from adapter.processes.lifetime import exit_on_signals
from adapter.storage.first_use import is_unused
from adapter.targets.catalogue import Catalogue
from adapter.text.phrases import enumeration

# What a line has if it says nothing itself; the first one says to whom the others belong.
_DEFAULTS = (
    "PROPEXO_INTEGRATION_ID",
    "PROPEXO_PROPERTY_ID",
    "PROPEXO_EVENT_TYPE_ID",
    "PROPEXO_EMPLOYEE_ID",
    "PROPEXO_AGENT_NAME",
)


@click.command()
@click.option("--twilio-account-sid", metavar="AC...", help="Or TWILIO_ACCOUNT_SID.")
@click.option(
    "--twilio-auth-token",
    metavar="TOKEN",
    help="Better TWILIO_AUTH_TOKEN in the environment: flags stand in the list of processes.",
)
@click.option(
    "--propexo-api-key",
    metavar="KEY",
    help="Better PROPEXO_API_KEY in the environment, for the same reason.",
)
@click.option("--public-base-url", metavar="URL", help="Or PUBLIC_BASE_URL. Not needed yet.")
@click.option(
    "--integration", multiple=True, metavar="ID", help="Only its properties; default: all."
)
@click.option(
    "--line",
    multiple=True,
    metavar="NUMBER=PROPERTY",
    help="The number belongs to the property with this id. Once for each number.",
)
@click.option("--no-line", multiple=True, metavar="NUMBER", help="The number is no line.")
@click.option(
    "--accept-proposals",
    "--yes",
    "accepts",
    is_flag=True,
    help="Take what is proposed: pairs whose names are clearly alike, the one choice like a call.",
)
@click.option(
    "--event-type", multiple=True, metavar="NAME", help="Name or id; see below for one number."
)
@click.option("--agent-name", multiple=True, metavar="NAME", help="The agent, as the PMS has it.")
@click.option("--employee", multiple=True, metavar="ID", help="Id, name or e-mail address.")
@click.option("--lead-source", multiple=True, metavar="ID", help="Id or name, for new leads.")
@click.option("--organization-name", multiple=True, metavar="NAME", help="For new leads.")
@click.option("--lead-relationship", multiple=True, metavar="ID", help="For new leads.")
@click.option(
    "--unknown-caller",
    type=click.Choice([each.value for each in UnknownCaller]),
    help="Of new lines; default: hold.",
)
@click.option(
    "--connect/--no-connect", default=None, help="Then make the numbers call back here, or do not."
)
@click.option(
    "--failure-webhook/--no-failure-webhook",
    default=None,
    help="Have Propexo tell of failed writes, or do not.",
)
@click.option(
    "--folder",
    metavar="PATH",
    help="Where .env and lines.toml are, or are to be; default: this folder, or where --env-file is.",
)
@report_errors
def setup(**flags: Any) -> None:
    """From two keys to lines: asks, checks, writes .env and lines.toml. Safe to run again.

    It asks at a terminal for what no flag, no setting and no file says. Without a terminal it lists what is
    missing and exits with 2. Nothing is written before all is answered; then doctor runs.

    --event-type, --agent-name, --employee, --lead-source, --organization-name and --lead-relationship hold for
    all new lines that need them; NUMBER=VALUE for one line.
    """
    exit_on_signals()
    options = _options(flags)
    files = read_files(os.environ, env_file=_env_file(), folder=flags["folder"])
    _refuse_host(files.merged)
    refuse_unwritable(files)
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    asker: Unattended = (Terminal if is_terminal else Unattended)(
        accepts_proposals=options.accepts_proposals
    )
    changes: list[FileChange] = []
    try:
        plan = _ask(files, options, asker)
        changes = files.changes(plan.values, plan.lines_text, declines_hook=plan.hook.is_declined)
        if changes and is_terminal and not options.accepts_proposals:
            names = " and ".join(shown(change.path) for change in changes)
            if not asker.confirm(f"\nWrite {names}?"):
                raise click.Abort
        kept = write_files(changes)
    except (click.Abort, KeyboardInterrupt):
        is_written = changes and all(read_file(each.path) == each.after for each in changes)
        fact = "the files are written" if is_written else "nothing was written"
        click.echo(f"\nadapter: stopped; {fact}", err=True)
        sys.exit(1)
    for change in changes:
        common.say(
            f"Written: {shown(change.path)}" + (" (for you alone to read)" if change.mode else "")
        )
    for path in kept:
        common.say(f"What stood there before is in {shown(path)}")
    if not changes:
        common.say(
            f"Nothing is new: {shown(files.env_path)} and {shown(files.lines_path)} stay as they are."
        )
    afterwards = Afterwards(
        files, {**os.environ, **plan.known, **plan.values}, plan.catalogue, plan.hook.url
    )
    sys.exit(afterwards.do(asker, options))


@dataclass(frozen=True)
class _Plan:
    """What is to be written and done. known: all settings; values: those that .env is to have."""

    known: Mapping[str, str]
    values: Mapping[str, str]
    lines_text: str
    catalogue: Catalogue
    hook: HookPlan


def _ask(files: Files, options: Options, asker: Unattended) -> _Plan:
    """Ask all there is to ask. Exit with 2 if something is missing."""
    keys = Keys(files, options.keys, asker)
    numbers = keys.numbers()
    catalogue = keys.catalogue()
    address = keys.address()
    if numbers is None or catalogue is None:
        print_missing(asker.missing, has_keys=False)
        sys.exit(2)
    blanked = _blank_strange_defaults(files, keys, catalogue)
    settings = keys.settings
    now = LinesNow(files.lines_text, settings.line_defaults)
    draft = LineSetUp(now, catalogue, options.given, asker).draft(numbers)
    if options.failure_hook and address is None:
        asker.lacks(Missing(f"the {ADDRESS.what}, for --failure-webhook", ADDRESS.setting))
    if options.connect and _has_no_address(settings):
        asker.lacks(Missing(f"the {ADDRESS.what}, for --connect", ADDRESS.setting))
    if asker.missing:
        print_missing(asker.missing, has_keys=True)
        sys.exit(2)
    print_draft(draft, has_numbers=bool(numbers))
    hook = plan_hook(
        files,
        keys.values,
        catalogue,
        asker,
        address=address,
        is_wanted=options.failure_hook,
    )
    values = {**_values(files, keys, draft), **hook.settings, **blanked}
    read_lines(draft.text or "\n", settings.line_defaults)  # what is written can be read
    return _Plan(keys.values, values, draft.text, catalogue, hook)


def _has_no_address(settings: Settings) -> bool:
    """Return whether nobody has said the address, neither a setting nor the web process on a host."""
    parts = common.with_told_address(Container(settings))
    return parts.settings.public_base_url is None


def _values(files: Files, keys: Keys, draft: Draft) -> dict[str, str]:
    """Return the settings that .env is to have, in the order in which new ones stand there."""
    wanted = [key.setting for key in KEYS] + [
        name for name in KEPT if files.environ.get(name, "").strip()
    ]
    values = {
        name: keys.values[name].strip() for name in wanted if keys.values.get(name, "").strip()
    }
    if address := keys.settings.public_base_url:
        values["PUBLIC_BASE_URL"] = address
    if draft.text:
        values["ADAPTER_LINES"] = str(files.lines_path)
    if not keys.values.get("DATABASE_URL", "").strip():
        values["DATABASE_URL"] = database_beside(files.env_path)
    database_url = Settings.from_environ({**keys.values, **values}).database_url
    # A database that was used has a key of its own, and with another one all links made so far would end.
    if not keys.values.get("SECRET_KEY", "").strip() and is_unused(database_url):
        values["SECRET_KEY"] = secrets.token_urlsafe(32)
    if not any(keys.values.get(name, "").strip() for name in ("ADMIN_PASSWORD", "OIDC_ISSUER")):
        values["ADMIN_PASSWORD"] = secrets.token_urlsafe(15)
    return values


def _blank_strange_defaults(files: Files, keys: Keys, catalogue: Catalogue) -> Mapping[str, str]:
    """Return as blank the settings of .env that name an integration which this key does not have.

    .env.example has such ones, of the sandbox. Every number without a line would have them.
    """
    integration = keys.values.get(_DEFAULTS[0], "").strip()
    if not integration or integration in {each.id for each in catalogue.integrations()}:
        return {}
    strange = [name for name in _DEFAULTS if files.settings.get(name, "").strip()]
    for name in strange:
        keys.values[name] = ""
    common.say(
        f"Propexo has no integration {integration} for this key: {enumeration(strange)} become blank in .env"
        if strange
        else f"Propexo has no integration {integration} for this key: unset {_DEFAULTS[0]}"
    )
    return dict.fromkeys(strange, "")


def _options(flags: Mapping[str, Any]) -> Options:
    named = {key.setting: flags[key.flag.removeprefix("--").replace("-", "_")] for key in KEYS}
    return Options(
        keys={name: value.strip() for name, value in named.items() if value and value.strip()},
        given=given(
            lines=flags["line"],
            no_lines=flags["no_line"],
            integrations=flags["integration"],
            unknown_caller=flags["unknown_caller"],
            answers={
                "event_type_id": flags["event_type"],
                "agent_name": flags["agent_name"],
                "employee_id": flags["employee"],
                "lead_source_id": flags["lead_source"],
                "organization_name": flags["organization_name"],
                "lead_relationship_id": flags["lead_relationship"],
            },
        ),
        accepts_proposals=flags["accepts"],
        connect=flags["connect"],
        failure_hook=flags["failure_webhook"],
    )


def _env_file() -> str | None:
    """Return the file that `adapter --env-file` names."""
    name: str | None = click.get_current_context().find_root().params.get("env_file")
    return name


def _refuse_host(values: Mapping[str, str]) -> None:
    host = next((name for name in ("DYNO", "RENDER") if values.get(name, "").strip()), None)
    if host:
        raise SettingsError(
            f"{host} is set: this host empties its disk at every restart, and the files with it; run "
            "adapter setup on your own machine, then give the host what .env and lines.toml say "
            "(docs/operating.md, Deploy)"
        )
