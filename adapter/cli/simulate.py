"""Which command sends what a provider would send of a call? A whole story, or a lone hook."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import requests

from adapter.bootstrap import Container
from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.terminal import Column, Listing, say
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from adapter.sandbox import twilio as simulated
from adapter.sandbox.stories import STORIES, Story, Teller, ToldCall, began_at, told_by
from adapter.sandbox.twilio_teller import TwilioTeller
from adapter.text.phrases import clock_duration


def _twilio_teller(settings: Settings) -> Teller:
    if not settings.twilio_auth_token:
        raise SettingsError("TWILIO_AUTH_TOKEN is not set: the hook is signed with it")
    token = settings.twilio_auth_token[0].get_secret_value()
    return TwilioTeller(settings.twilio_account_sid or simulated.ACCOUNT, token)


# How each provider of bootstrap.PROVIDERS tells a story.
TELLERS: Mapping[str, Callable[[Settings], Teller]] = {"twilio": _twilio_teller}
PERSON, LINE = "+16175550134", "+16175550100"
TIMEOUT_SECONDS = 15.0


@click.command()
@click.option("--story", metavar="NAME", help="Tell a whole call; --list names them.")
@click.option("--list", "is_list", is_flag=True, help="Name the stories, and how each ends.")
@click.option(
    "--pace",
    type=click.FloatRange(min=0, min_open=True),
    help="How many times as fast as in life a story is told; default: 1.",
)
@click.option("--fast", is_flag=True, help="Tell a story without any waiting.")
@click.option("--kind", metavar="KIND", help="Send a lone hook; see above.")
@click.option(
    "--provider", default="twilio", show_default=True, help="Who tells it. Lone hooks: twilio."
)
@click.option("--url", help="Where to send it; default: PUBLIC_BASE_URL/webhooks/PROVIDER.")
@click.option(
    "--from", "caller", help=f"The caller; in a story of a call out the person. Default: {PERSON}."
)
@click.option(
    "--to", "called", help=f"The line that is called; in a story always the line. Default: {LINE}."
)
@click.option("--call", "call_id", help="The call's id; default: a new one.")
@click.option(
    "--seconds",
    default=42,
    show_default=True,
    type=click.IntRange(min=0),
    help="Talk time or message length.",
)
@report_errors
def simulate(
    story: str | None,
    is_list: bool,
    pace: float | None,
    fast: bool,
    kind: str | None,
    provider: str,
    url: str | None,
    caller: str | None,
    called: str | None,
    call_id: str | None,
    seconds: int,
) -> None:
    """Send signed hooks, as the provider would: of a whole call, or a lone one.

    --story tells a whole call, hook by hook, as slowly as in life, up to its end. Ctrl-C tells the rest at
    once.

    --kind sends one hook and no other. These tell how the call ended: answered (default), missed, busy,
    outbound, dial, transcription. These do not: voicemail, recording, machine. If nothing else is told of
    their call, it stays open for up to four hours; then it is held.
    """
    _check_together(story, is_list, kind, pace, fast)
    if is_list:
        _list()
        return
    settings = common.with_told_address(Container(Settings.from_environ(os.environ))).settings
    settings.require_for_web()
    if provider not in TELLERS:
        raise click.BadParameter(f"there are {', '.join(TELLERS)}", param_hint="--provider")
    public = f"{settings.public_base_url}/webhooks/{provider}"
    sending = Sending(TELLERS[provider](settings), public, url or public)
    new_id = call_id or sending.teller.new_id()
    if story is None:
        account = settings.twilio_account_sid or simulated.ACCOUNT
        _send_lone(sending, kind or "answered", account, new_id, (caller, called), seconds)
        return
    stories = told_by(sending.teller)
    if story not in stories:
        raise click.BadParameter(f"there are {', '.join(stories)}", param_hint="--story")
    speed = None if fast else pace or 1.0
    tell(sending, stories[story], new_id, (caller or PERSON, called or LINE), seconds, speed)


def _check_together(
    story: str | None, is_list: bool, kind: str | None, pace: float | None, fast: bool
) -> None:
    """Raise UsageError for options that do not go together."""
    if sum((story is not None, is_list, kind is not None)) > 1:
        raise click.UsageError("give one of --story, --list and --kind")
    if fast and pace:
        raise click.UsageError("give --pace or --fast, not both")
    if (fast or pace) and story is None:
        raise click.UsageError("--pace and --fast go with --story")


@dataclass(frozen=True)
class Sending:
    """How hooks get there. public: the URL that is signed. url: the one that is asked."""

    teller: Teller
    public: str
    url: str

    def send(self, params: Mapping[str, str], what: str) -> int:
        """Send one hook. Return the status of the answer; exit with 1 where it was not taken."""
        headers, body = self.teller.signed(self.public, params)
        try:
            answer = requests.post(
                self.url, body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            fact = f"{self.url} does not answer ({type(error).__name__})"
            click.echo(f"adapter: {fact}; {simulated.advice(None, self.url)}", err=True)
            sys.exit(1)
        if answer.status_code not in (200, 204):
            click.echo(answer.text.strip()[:500], err=True)
            advice = simulated.advice(answer.status_code, self.url, self.teller.settings)
            click.echo(
                f"{answer.status_code} for {what}: it was not taken. Next: {advice}", err=True
            )
            sys.exit(1)
        return answer.status_code


def tell(
    sending: Sending,
    story: Story,
    call_id: str,
    ends: tuple[str, str],
    seconds: int,
    pace: float | None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Send the hooks of a whole call, and say what happens in it.

    ends: the person and the line. pace: as of `began_at`. wait: sleeps for these seconds; a KeyboardInterrupt
    in it ends the waiting, and the rest is told at once, so that the call ends.
    """
    began = began_at(story, seconds, datetime.now(UTC), pace)
    call = ToldCall(call_id, *ends, began, story.is_outbound)
    moments = story.moments(seconds)
    takes = moments[-1].at / pace if pace else 0.0
    whole = f", in {clock_duration(round(takes))} (--fast: at once)" if takes >= 1 else ""
    common.say(f"{story.sentence} Call {call_id}{whole}")
    now = 0.0
    for moment in moments:
        if pace and moment.at > now:
            try:
                wait((moment.at - now) / pace)
            except KeyboardInterrupt:
                pace = None
        now = moment.at
        for params in sending.teller.hooks(moment, call):
            status = sending.send(params, f"{moment.what} in {story.name}")
            head = f"{clock_duration(round(now)):>7}  "
            say(common.console, f"{moment.words}: {status}", head=head)
    outcome = story.outcome.replace("_", " ")
    common.say(f"The call is over: {outcome}. Next: adapter show {call_id}")


def _list() -> None:
    listing = Listing(
        Column(name="story", is_first=True),
        Column(name="ends as", is_first=True),
        Column(name="what happens"),
    )
    for story in STORIES.values():
        listing.add(story.name, story.outcome.replace("_", " "), story.sentence)
    common.console.print(listing)


def _send_lone(
    sending: Sending,
    kind: str,
    account: str,
    sid: str,
    ends: tuple[str | None, str | None],
    seconds: int,
) -> None:
    """ends: the caller and who is called, where they were given."""
    if kind == "outbound" and ends == (None, None):
        ends = (LINE, PERSON)
    caller, called = ends[0] or PERSON, ends[1] or LINE
    try:
        params = simulated.hook(
            kind, call=sid, account=account, caller=caller, called=called, seconds=seconds
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--kind") from error
    status = sending.send(params, kind)
    is_told = kind in simulated.TELL_AN_END
    gap = (
        "" if is_told else " It does not tell how the call ended; until a hook does, it stays open."
    )
    common.say(f"{status} for {kind} of {sid}.{gap} Next: adapter show {sid}")
