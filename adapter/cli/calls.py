"""Which commands show calls, and settle those that wait for a decision?"""

from __future__ import annotations

import sys

import click

from adapter.cli import common
from adapter.cli.as_json import json_option, print_call, print_calls
from adapter.cli.errors import report_errors
from adapter.cli.render import calls_table, next_step, print_story
from adapter.domain.call import CallState
from adapter.domain.lines import PersonKind
from adapter.operations.decisions import assign as assign_call
from adapter.operations.decisions import create_lead as create_lead_of
from adapter.operations.decisions import ignore as ignore_call
from adapter.operations.decisions import revoke_link
from adapter.operations.replay import replay_calls, replay_parked
from adapter.text.plain import plain


@click.command()
@click.option(
    "--state",
    help="Only calls in this state: open, posted, written, held, failed ...",
    shell_complete=common.states,
)
@click.option("--number", help="Only calls with this number on the other side.")
@click.option("--line", help="Only calls on this line of ours.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@report_errors
def calls(
    state: str | None, number: str | None, line: str | None, limit: int, as_json: bool
) -> None:
    """The calls, newest first."""
    if state is not None and state not in {member.value for member in CallState}:
        allowed = ", ".join(member.value for member in CallState)
        raise click.BadParameter(
            f"{state!r} is no state; there are {allowed}", param_hint="--state"
        )
    container = common.container()
    matches = container.store.calls.search(
        state=state, number=common.number(number), line=common.number(line), limit=limit
    )
    if as_json:
        print_calls(container, matches)
        return
    common.console.print(calls_table(matches))
    common.say(f"{len(matches)} call(s). More of one: adapter show CALL")


@click.command()
@click.argument("call")
@json_option
@report_errors
def show(call: str, as_json: bool) -> None:
    """The whole story of one CALL, in order, in plain words. CALL is its id, or how no other id begins."""
    container = common.container()
    store = container.store
    row = common.find_call(store, call)
    if as_json:
        print_call(container, row)
        return
    print_story(
        common.console,
        row,
        store.hooks.of_call(row.key),
        store.attempts.of_call(row.key),
        store.decisions.of_call(row.key),
        ending=container.rules.assess(row.record).ending,
    )
    common.say(f"\nNext: {next_step(row, is_worker_alive=common.is_worker_alive(store))}")


@click.command()
@click.argument("call")
@report_errors
def link(call: str) -> None:
    """The link to the page of one CALL, where its recording is heard."""
    container = common.container()
    row = common.find_call(container.store, call)
    click.echo(container.links.of(row.call_id, row.link_version, key=row.key))


@click.command()
@click.argument("call")
@report_errors
def revoke(call: str) -> None:
    """End all links to one CALL given out so far, also the one in the PMS's notes."""
    container = common.container()
    row = common.find_call(container.store, call)
    revoke_link(container.store, row, by=common.actor())
    common.say(f"Links to {row.call_id} open nothing now. Next, for a new one: adapter link {call}")


@click.command()
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
@report_errors
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
    if (call is None) == (state is None):
        raise click.UsageError("name one CALL, or --state failed, held or parked")
    filters = {"--reason": reason, "--line": line, "--since": since, "--until": until}
    used = [name for name, value in filters.items() if value is not None]
    if used and state not in ("failed", "held"):
        raise click.UsageError(f"{used[0]} needs --state failed or --state held")
    container = common.container()
    if state == "parked":
        taken, unreadable = replay_parked(container.intake)
        common.say(f"{taken} parked hook(s) taken, {unreadable} still cannot be read.")
        sys.exit(1 if unreadable else 0)
    if call is not None:
        chosen = [common.find_call(container.store, call)]
    else:
        chosen = list(
            container.store.calls.search(
                state=state,
                line=common.number(line),
                reason=reason,
                since=common.moment(since, "--since"),
                until=common.moment(until, "--until"),
                limit=100_000,
            )
        )
        _confirm_replay(len(chosen), state or "", yes=yes)
    for one, outcome in replay_calls(container.store, chosen, again=again, by=common.actor()):
        common.say(f"{one.call_id}: {outcome}")
    is_alive = common.is_worker_alive(container.store)
    taker = "The worker takes them up" if is_alive else "No worker is alive: start adapter worker"
    common.say(f"{len(chosen)} call(s). {taker}; see adapter calls.")


def _confirm_replay(count: int, state: str, *, yes: bool) -> None:
    """Say how many calls match, and ask. End the command if they are not to be replayed."""
    common.say(f"{count} {state} call(s) match.")
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


@click.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@json_option
@report_errors
def held(limit: int, as_json: bool) -> None:
    """Calls that wait for a decision, with the reason; newest first."""
    container = common.container()
    waiting = container.store.calls.search(state="held", limit=limit)
    if as_json:
        print_calls(container, waiting)
        return
    common.console.print(calls_table(waiting))
    common.say(
        f"{len(waiting)} held. Next: adapter assign CALL --lead ID, adapter create-lead CALL, "
        "adapter ignore CALL, or adapter show CALL"
    )


@click.command()
@click.argument("call")
@click.option("--lead", help="The lead's id at Propexo.")
@click.option("--applicant", help="The applicant's id.")
@click.option("--resident", help="The resident's id.")
@report_errors
def assign(call: str, lead: str | None, applicant: str | None, resident: str | None) -> None:
    """CALL was with this person: write it on their record."""
    ids = {"lead": lead, "applicant": applicant, "resident": resident}
    people = [(kind, person_id) for kind, person_id in ids.items() if person_id]
    if len(people) != 1:
        raise click.UsageError("name exactly one of --lead, --applicant, --resident")
    container, (kind, person_id) = common.container(), people[0]
    row = common.find_call(container.store, call)
    unchecked = assign_call(
        container.store,
        row,
        kind=PersonKind(kind),
        person_id=person_id,
        target=container.target,
        lines=container.lines,
        by=common.actor(),
    )
    if unchecked:
        click.echo(
            f"{kind} {person_id} will be checked when it is delivered: {plain(unchecked)}", err=True
        )
    common.say(f"{row.call_id} goes to {kind} {person_id}. Next: adapter show {call}")


@click.command()
@click.argument("call")
@report_errors
def ignore(call: str) -> None:
    """CALL is not to be written."""
    store = common.container().store
    row = common.find_call(store, call)
    ignore_call(store, row, by=common.actor())
    common.say(f"{row.call_id} is ignored. To undo: adapter replay {call}")


@click.command("create-lead")
@click.argument("call")
@report_errors
def create_lead(call: str) -> None:
    """Make a lead of CALL's caller, and write the call there."""
    store = common.container().store
    row = common.find_call(store, call)
    create_lead_of(store, row, by=common.actor())
    common.say(
        f"A lead will be asked for of the caller of {row.call_id}. Next: adapter show {call}"
    )
