"""Which commands are there? Each says what it did, what to do next, and fails with a non-zero exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from adapter import __version__
from adapter.cli.terminal import Screen, fit_streams, say
from adapter.config.settings import Settings
from adapter.errors import AdapterError
from adapter.text.plain import plain

if TYPE_CHECKING:
    from adapter.domain.lines import Lines

MOST_NAMED = 5
F = TypeVar("F", bound=Callable[..., Any])
console = Screen()


def plainly(command: F) -> F:
    """Errors of ours are told in one line, without a traceback."""

    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AdapterError as error:
            click.echo(f"adapter: {plain(str(error))}", err=True)
            sys.exit(1)

    return cast(F, told)


class Commands(click.Group):
    """The commands; whatever one says can be written to the streams that there are."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        fit_streams()
        return super().main(*args, **kwargs)


def _states(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """For the shell: the states that begin so."""
    from adapter.domain.call import CallState

    return [state.value for state in CallState if state.value.startswith(begun)]


@click.group("adapter", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--env-file",
    metavar="PATH",
    help="Read settings from this file, NAME=value a line. The environment wins.",
)
@plainly
def cli(env_file: str | None) -> None:
    """Puts phone calls from Twilio on the right person's record, through Propexo.

    Try `adapter demo` first; then `adapter doctor` says what is missing for your own number.
    """
    from adapter.processes.lifetime import end_with_parent

    end_with_parent()
    if env_file is not None:
        from pathlib import Path

        from adapter.config.env_file import with_env_file

        os.environ.update(with_env_file(os.environ, Path(env_file)))


@cli.command()
@click.option("--keep-open", is_flag=True, help="Leave sandbox and adapter running until Ctrl-C.")
@click.option("--hook-delay", default=0.0, hidden=True, help="Seconds before each hook, as in CI.")
@plainly
def demo(keep_open: bool, hook_delay: float) -> None:
    """All of it on this machine: signed sample calls in, events out, shown as a table."""
    from adapter.cli.demo import run_demo
    from adapter.processes.lifetime import exit_on_signals

    exit_on_signals()
    sys.exit(run_demo(console, keep_open=keep_open, hook_delay=hook_delay))


@cli.command()
@plainly
def run() -> None:
    """Web and worker together, after migrating; SQLite unless DATABASE_URL says otherwise."""
    from adapter import bootstrap
    from adapter.processes.children import refuse_taken_port, run_together

    settings = _checked_settings()
    refuse_taken_port(settings.host, settings.port)
    bootstrap.migrate(settings)
    click.echo(
        f"adapter: hooks go to {settings.public_base_url}/webhooks/twilio; "
        f"listening on port {settings.port}; Ctrl-C stops",
        err=True,
    )
    sys.exit(run_together({"web": ["web"], "worker": ["worker"]}, os.environ))


@cli.command()
@plainly
def web() -> None:
    """The web server: gunicorn, WEB_CONCURRENCY processes of 6 threads on PORT."""
    from adapter.cli.startup import refuse_unusable, say_start
    from adapter.observability.observe import configure_logging
    from adapter.processes.children import exec_web, refuse_taken_port

    settings = Settings.from_environ(os.environ)
    settings.require_for_web()
    lines = _check_lines(settings)
    configure_logging(settings.log_format)
    refuse_taken_port(settings.host, settings.port)
    refuse_unusable(settings)
    say_start("web", settings, lines)
    exec_web()


@cli.command()
@plainly
def worker() -> None:
    """The worker: writes due calls to Propexo. Start as many as you like."""
    from adapter import bootstrap
    from adapter.cli.startup import say_start
    from adapter.errors import StoreUnavailable
    from adapter.processes.children import GRACE_SECONDS, LAST_SECONDS
    from adapter.processes.lifetime import end_after, leave, stop_signal
    from adapter.storage.trouble import full_disk

    stopping = stop_signal()
    end_after(stopping, GRACE_SECONDS + LAST_SECONDS)
    settings = bootstrap.read_settings()
    settings.require_for_worker()
    _schema_of(bootstrap.Parts(settings).store)
    if full := full_disk(settings.database_url):
        raise StoreUnavailable(full)
    say_start("worker", settings, _check_lines(settings))
    running = bootstrap.worker(settings)
    running.start()
    stopping.wait()
    running.stop(GRACE_SECONDS)
    leave(0)


@cli.command()
@plainly
def migrate() -> None:
    """Bring the database to the current schema. Safe to run again, and twice at once."""
    from adapter import bootstrap
    from adapter.storage.trouble import named

    settings = Settings.from_environ(os.environ)
    bootstrap.migrate(settings)
    place = f" ({named(settings.database_url)})" if settings.is_sqlite else ""
    _say(f"The database is current{place}. Next: adapter run, or adapter web and adapter worker.")


@cli.command()
@click.option(
    "--state",
    help="Only calls in this state: open, posted, written, held, failed ...",
    shell_complete=_states,
)
@click.option("--number", help="Only calls with this number on the other side.")
@click.option("--line", help="Only calls on this line of ours.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@plainly
def calls(state: str | None, number: str | None, line: str | None, limit: int) -> None:
    """The calls, newest first."""
    from adapter.cli.render import calls_table
    from adapter.domain.call import CallState

    if state is not None and state not in {member.value for member in CallState}:
        allowed = ", ".join(member.value for member in CallState)
        raise click.BadParameter(
            f"{state!r} is no state; there are {allowed}", param_hint="--state"
        )
    found = _parts().store.list_calls(
        state=state, number=_number(number), line=_number(line), limit=limit
    )
    console.print(calls_table(found))
    _say(f"{len(found)} call(s). More of one: adapter show CALL")


@cli.command()
@click.argument("call")
@plainly
def show(call: str) -> None:
    """The whole story of one CALL, in order, in plain words. CALL is its id, or how no other id begins."""
    from adapter.cli.render import next_step, tell_story

    store = _parts().store
    found = _find(store, call)
    tell_story(console, found, store.hooks_of(found.key), store.attempts_of(found.key))
    _say(f"\nNext: {next_step(found, is_worker_alive=_is_worker_alive(store))}")


@cli.command()
@click.argument("call")
@plainly
def link(call: str) -> None:
    """The link to the page of one CALL, where its recording is heard."""
    parts = _parts()
    found = _find(parts.store, call)
    click.echo(parts.links.of(found.call_id, found.link_version, key=found.key))


@cli.command()
@click.argument("call")
@plainly
def revoke(call: str) -> None:
    """End all links to one CALL given out so far, also the one in the PMS's notes."""
    parts = _parts()
    found = _find(parts.store, call)
    parts.store.revoke_link(found.key)
    _say(f"Links to {found.call_id} open nothing now. Next, for a new one: adapter link {call}")


@cli.command()
@click.argument("call", required=False)
@click.option(
    "--state", type=click.Choice(["failed", "held", "parked"]), help="All calls in this state."
)
@click.option(
    "--again",
    is_flag=True,
    help="Also a call that is or may be written: makes a second event then.",
)
@click.option("--reason", help="With --state: only calls whose reason has these words.")
@click.option("--line", help="With --state: only calls on this line of ours.")
@click.option("--since", help="With --state: only calls from then on: 24h, 3d or 2026-11-01.")
@click.option("--until", help="With --state: only calls from before then, written the same way.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@plainly
def replay(
    call: str | None,
    state: str | None,
    again: bool,
    reason: str | None,
    line: str | None,
    since: str | None,
    until: str | None,
    yes: bool,
) -> None:
    """Deliver CALL again, or all that failed or are held; or read parked hooks again.

    Of several calls it says first how many they are, and asks; without a terminal give --yes.
    """
    from adapter.operations.replay import replay_calls, replay_parked

    if (call is None) == (state is None):
        raise click.UsageError("name one CALL, or --state failed, held or parked")
    filters = {"--reason": reason, "--line": line, "--since": since, "--until": until}
    given = [name for name, value in filters.items() if value is not None]
    if given and state not in ("failed", "held"):
        raise click.UsageError(f"{given[0]} needs --state failed or --state held")
    parts = _parts()
    if state == "parked":
        taken, left = replay_parked(parts.intake)
        _say(f"{taken} parked hook(s) taken, {left} still cannot be read.")
        sys.exit(1 if left else 0)
    if call is not None:
        found = [_find(parts.store, call)]
    else:
        found = list(
            parts.store.list_calls(
                state=state,
                line=_number(line),
                reason=reason,
                since=_moment(since, "--since"),
                until=_moment(until, "--until"),
                limit=100_000,
            )
        )
        _confirm_replay(len(found), state or "", yes=yes)
    for one, outcome in replay_calls(parts.store, found, again=again):
        _say(f"{one.call_id}: {outcome}")
    is_alive = _is_worker_alive(parts.store)
    taker = "The worker takes them up" if is_alive else "No worker is alive: start adapter worker"
    _say(f"{len(found)} call(s). {taker}; see adapter calls.")


@cli.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@plainly
def held(limit: int) -> None:
    """Calls that wait for a decision, with the reason; newest first."""
    from adapter.cli.render import calls_table

    found = _parts().store.list_calls(state="held", limit=limit)
    console.print(calls_table(found))
    _say(
        f"{len(found)} held. Next: adapter assign CALL --lead ID, adapter create-lead CALL, "
        "adapter ignore CALL, or adapter show CALL"
    )


@cli.command()
@click.argument("call")
@click.option("--lead", help="The lead's id at Propexo.")
@click.option("--applicant", help="The applicant's id.")
@click.option("--resident", help="The resident's id.")
@plainly
def assign(call: str, lead: str | None, applicant: str | None, resident: str | None) -> None:
    """CALL was with this person: write it on their record."""
    from adapter.domain.lines import PersonKind
    from adapter.operations.decisions import assign as assign_call

    given = {"lead": lead, "applicant": applicant, "resident": resident}
    people = [(kind, person_id) for kind, person_id in given.items() if person_id]
    if len(people) != 1:
        raise click.UsageError("name exactly one of --lead, --applicant, --resident")
    parts, (kind, person_id) = _parts(), people[0]
    found = _find(parts.store, call)
    unchecked = assign_call(
        parts.store,
        found,
        kind=PersonKind(kind),
        person_id=person_id,
        target=parts.target,
        lines=parts.lines,
    )
    if unchecked:
        click.echo(
            f"{kind} {person_id} will be checked when it is delivered: {plain(unchecked)}", err=True
        )
    _say(f"{found.call_id} goes to {kind} {person_id}. Next: adapter show {call}")


@cli.command()
@click.argument("call")
@plainly
def ignore(call: str) -> None:
    """CALL is not to be written."""
    from adapter.operations.decisions import ignore as ignore_call

    store = _parts().store
    found = _find(store, call)
    ignore_call(store, found)
    _say(f"{found.call_id} is ignored. To undo: adapter replay {call}")


@cli.command("create-lead")
@click.argument("call")
@plainly
def create_lead(call: str) -> None:
    """Make a lead of CALL's caller, and write the call there."""
    from adapter.operations.decisions import create_lead as create_lead_of

    store = _parts().store
    found = _find(store, call)
    create_lead_of(store, found)
    _say(f"A lead will be asked for of the caller of {found.call_id}. Next: adapter show {call}")


@cli.command()
@plainly
def lines() -> None:
    """Every line with its integration, the PMS behind it, and what it lacks."""
    from adapter import bootstrap
    from adapter.cli.render import tell_lines
    from adapter.errors import RemoteError
    from adapter.targets.propexo.requirements import lacking

    parts = bootstrap.Parts(bootstrap.read_settings())
    found: list[tuple[Any, str, list[str]]] = []
    for line in parts.lines.in_use:
        try:
            found.append((line, *lacking(line, parts.target.directory)))
        except RemoteError as error:
            found.append((line, "?", [f"could not be checked: {error}"]))
    tell_lines(console, found)
    _say_other_lines(parts)
    if any(problems for _, _, problems in found):
        click.echo("Next: what is said above, then adapter lines again.", err=True)
        sys.exit(1)


@cli.command()
@plainly
def sync() -> None:
    """Read people's phone numbers into the index now; can be stopped and goes on where it was."""
    from datetime import timedelta

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from adapter.errors import BudgetSpent
    from adapter.processes.lifetime import stop_signal
    from adapter.targets.propexo.requirements import refuse_unknown

    parts = _parts()
    people = parts.people_sync
    stopping = stop_signal()

    def when_there_is_room(work: Callable[[], bool]) -> bool:
        """What the work says once the budget has room for it; False if it is to stop."""
        while not stopping.is_set():
            try:
                return work()
            except BudgetSpent as error:
                stopping.wait(error.retry_after_seconds or 1.0)
        return False

    when_there_is_room(lambda: refuse_unknown(parts.lines.in_use, parts.target.directory))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        tasks = {
            (s.integration_id, s.kind): progress.add_task(
                f"{s.integration_id} {s.kind.value}s", total=None
            )
            for s in people.states()
        }
        is_more = True
        while is_more and not stopping.is_set():
            is_more = when_there_is_room(lambda: people.step(timedelta(minutes=1)))
            for state in people.states():
                progress.update(
                    tasks[state.integration_id, state.kind],
                    completed=state.position,
                    total=max(state.total, state.position) or None,
                )
    if stopping.is_set():
        _say("Stopped; adapter sync goes on from here, and so does the worker.")
        sys.exit(130)
    _say("The index is up to date; the worker keeps it so.")


@cli.command()
@click.option(
    "--since",
    default="24h",
    show_default=True,
    help="How far back: 24h, 3d, 30d, or a date like 2026-11-01.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@plainly
def reconcile(since: str, dry_run: bool) -> None:
    """Compare Twilio's own list of calls with the records, and take in what no hook told.

    A long one shows how far it is. Ctrl-C stops it; the same command goes on where it was.
    """
    from adapter.cli.render_reconciliation import say_done, watched
    from adapter.errors import SettingsError

    parts = _parts()
    begins_at = _begins(since, parts.settings.call_days)
    reconciliation = parts.reconciliation
    if not reconciliation.accounts:
        raise SettingsError(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are needed to read Twilio's list of calls"
        )
    try:
        with watched(console) as watch:
            report = reconciliation.run(begins_at, dry_run=dry_run, goes_on=True, watch=watch)
    except KeyboardInterrupt:
        click.echo("\nStopped. What was taken in stays; the same command goes on.", err=True)
        sys.exit(130)
    say_done(console, report, dry_run=dry_run)
    sys.exit(0 if report.adds_up or (dry_run and not report.problems) else 1)


@cli.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@plainly
def forget(number: str, yes: bool) -> None:
    """Remove a person's NUMBER from everything kept here. Calls keep their outcome and time.

    The PMS and Twilio keep what they have; delete it there too.
    """
    from adapter.domain.phone import e164, pretty
    from adapter.errors import StoreUnavailable
    from adapter.storage.erasure import Forgetting

    found = e164(number)
    if found is None:
        raise click.BadParameter(f"{number!r} is not a phone number; write it like +16175550134")
    parts = _parts()
    if parts.lines.is_ours(found):
        raise click.BadParameter(f"{pretty(found)} is one of our own lines or staff (lines.toml)")
    if calls_on_it := parts.store.count_calls_on(found):
        raise click.BadParameter(
            f"{pretty(found)} is one of our own lines: {calls_on_it} call(s) were on it"
        )
    if not yes:
        click.confirm(f"Remove {pretty(found)} for good?", abort=True)
    gone = Forgetting(parts.store, found).run(datetime.now(UTC))
    _say(
        f"Removed from {gone.calls} call(s), {gone.mentions} that only mention it, "
        f"{gone.attempts} attempt(s), {gone.new_leads} lead(s) asked for and {gone.texts} other text(s); "
        f"deleted {gone.hooks} hook(s) and {gone.people} row(s) of the index of people."
    )
    if gone.undelivered:
        _say(f"{gone.undelivered} call(s) were not written yet and are ignored now.")
    if gone.is_left_in_file:
        raise StoreUnavailable(
            "the number may still stand in the database's files: they could not be emptied of what was "
            "deleted, because another program used them or there was no room; run adapter forget again"
        )
    _say("The PMS and Twilio keep what they have. Next: delete the number there too.")
    _say("What backups keep, and PostgreSQL until it is vacuumed: docs/forgetting.md")


@cli.command()
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
@plainly
def simulate(
    url: str | None, kind: str, caller: str, called: str, call_sid: str | None, seconds: int
) -> None:
    """Send one signed hook, as Twilio would.

    Kinds: answered, missed, busy, voicemail, dial, recording, machine, transcription, outbound.
    """
    import requests

    from adapter.errors import SettingsError
    from adapter.sandbox import twilio as simulated

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
    _say(f"{answer.status_code} for {kind} of {sid}. Next: adapter show {sid}")


@cli.command()
@plainly
def doctor() -> None:
    """Check every setting, the database, Propexo, Twilio and the public address; say what to do."""
    from adapter.cli.doctor import examine

    sys.exit(examine(console, os.environ))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8900, show_default=True, type=click.IntRange(1, 65535))
@click.option("--api-key", default="sandbox-key", show_default=True)
@click.option(
    "--rate-limit", default=150, show_default=True, help="Requests a minute; 0: no limit."
)
@click.option(
    "--vendor", default="ENTRATA", show_default=True, help="The PMS of the sample company."
)
@plainly
def sandbox(host: str, port: int, api_key: str, rate_limit: int, vendor: str) -> None:
    """A local stand-in for Propexo that refuses what Propexo refuses, and misbehaves on request."""
    from adapter.processes.children import refuse_taken_port
    from adapter.sandbox import serve

    refuse_taken_port(host, port, ("--host", "--port"))
    click.echo(
        f"Sandbox on http://{host}:{port} (key {api_key}). Next: PROPEXO_BASE_URL=http://{host}:{port} "
        f"PROPEXO_API_KEY={api_key} PROPEXO_INTEGRATION_ID=int_{vendor.lower()} adapter run",
        err=True,
    )
    serve(host, port, api_key, rate_limit, vendor)


def _say(words: str) -> None:
    say(console, words)


def _checked_settings() -> Settings:
    settings = Settings.from_environ(os.environ)
    settings.require_for_web()
    settings.require_for_worker()
    _check_lines(settings)
    return settings


def _check_lines(settings: Settings) -> Lines:
    """The lines. Errors: SettingsError. Said here, and not by each of the processes that are to be started."""
    from adapter.domain.lines import read_lines

    return read_lines(settings.adapter_lines, settings.line_defaults)


def _parts() -> Any:
    """The parts for a command that looks at the database. Errors: SettingsError if it is not migrated."""
    from adapter import bootstrap
    from adapter.errors import SettingsError
    from adapter.storage.trouble import named

    settings = bootstrap.read_settings()
    parts = bootstrap.Parts(settings)
    found, needed = _schema_of(parts.store)
    if found != needed:
        raise SettingsError(
            f"{named(parts.store.engine.url)} has schema {found}, needed is {needed}: run adapter migrate"
        )
    return parts


def _schema_of(store: Any) -> tuple[str, str]:
    """The schema that is there and the one needed. Errors: SettingsError if it was never migrated."""
    import sqlalchemy as sa

    from adapter.errors import SettingsError, StoreUnavailable
    from adapter.storage.engine import refuse_newer, schema_state
    from adapter.storage.trouble import named, refuse_absent, trouble

    url = store.engine.url
    refuse_absent(url)
    try:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
        found, needed = schema_state(store.engine)
    except sa.exc.SQLAlchemyError as error:
        raise StoreUnavailable(trouble(url, error)) from error
    if found is None:
        raise SettingsError(f"{named(url)} has no tables yet: run adapter migrate")
    refuse_newer(store.engine)
    return found, needed


def _confirm_replay(count: int, state: str, *, yes: bool) -> None:
    """Say how many calls it would be, and ask; ends the command if they are not to be replayed."""
    _say(f"{count} {state} call(s) match.")
    if count == 0:
        sys.exit(0)
    if yes:
        return
    if not sys.stdin.isatty():
        click.echo(
            "adapter: nothing was done. To deliver them again: the same with --yes", err=True
        )
        sys.exit(1)
    click.confirm(f"Deliver {count} call(s) again?", abort=True)


def _say_other_lines(parts: Any) -> None:
    """Say it if workers go on with lines that were changed since. Without a database nobody knows."""
    from adapter.config.lines_file import OTHER_LINES
    from adapter.errors import StoreRefused, StoreUnavailable
    from adapter.storage.shared import DEAD_AFTER

    try:
        others = parts.store.workers_with_other_lines(
            parts.lines.digest, datetime.now(UTC) - DEAD_AFTER
        )
    except (StoreRefused, StoreUnavailable):
        return
    if others:
        click.echo(OTHER_LINES.format(others), err=True)


def _moment(text: str | None, option: str) -> datetime | None:
    """The moment that an option names. Errors: BadParameter."""
    from adapter.reconcile.run import begins

    if text is None:
        return None
    try:
        return begins(text, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _begins(since: str, call_days: int) -> datetime:
    now = datetime.now(UTC)
    found = cast(datetime, _moment(since, "--since"))
    if found < now - timedelta(days=call_days - 2):
        # Those calls may have been written and thrown away; taken in again they would be written twice.
        raise click.BadParameter(
            f"{since!r} reaches back behind CALL_DAYS={call_days}", param_hint="--since"
        )
    return found


def _find(store: Any, call: str) -> Any:
    from adapter.errors import SettingsError

    found = store.find_calls(call) or store.calls_that_begin_with(call, MOST_NAMED + 1)
    if not found:
        raise SettingsError(f"no call {call!r} is known; adapter calls lists those that are")
    if len({one.call_id for one in found}) > 1:
        ids = ", ".join(one.call_id for one in found[:MOST_NAMED])
        more = ", ..." if len(found) > MOST_NAMED else ""
        raise SettingsError(f"several calls begin with {call!r}: {ids}{more}; give more of the id")
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        raise SettingsError(f"several accounts have a call {call!r}; name one of {keys}")
    return found[0]


def _is_worker_alive(store: Any) -> bool:
    from adapter.storage.shared import DEAD_AFTER

    now = datetime.now(UTC)
    return any(now - seen < DEAD_AFTER for seen in store.workers().values())


def _number(raw: str | None) -> str | None:
    from adapter.domain.phone import e164

    return (e164(raw) or raw) if raw else None
