"""`adapter run --tunnel`: how do web and worker get an address for a while, and numbers that call it?

The order: the tunnel, the database, what an earlier tunnel left behind, web and worker, the numbers. At the
end the numbers get back what they had, while web still answers. Then all is stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property

import click

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.numbers import connector_of, wanted_numbers
from adapter.cli.render_numbers import named, print_plans, print_report_failures
from adapter.cli.run import COMMANDS, environ_of, say_where
from adapter.config.public_address import TUNNEL
from adapter.config.settings import Settings
from adapter.domain.callback import ChangeKind
from adapter.domain.phone import pretty
from adapter.errors import AdapterError, RemoteError, SettingsError
from adapter.net.own_address import address_problem
from adapter.net.tunnel import Ngrok, Opener, Tunnel
from adapter.operations.numbers.connect import Plan, Step, choose, plans_to_connect
from adapter.operations.numbers.findings import NO_SUCH_NUMBER
from adapter.operations.numbers.tunnel import TunnelNumbers
from adapter.processes.children import refuse_taken_port, run_once, run_together
from adapter.processes.lifetime import stop_signal
from adapter.text.plain import plain

# Giving back is tried so often, with a pause between: afterwards nobody does it by itself.
TRIES, SECONDS_BETWEEN = 3, 1.0


def run_with_tunnel(
    settings: Settings, numbers: Sequence[str], *, is_all: bool, replace: bool
) -> int:
    """Run web and worker behind a tunnel until a signal comes, or one of them ends. Return the exit code.

    Raise SettingsError or TemporaryError before anything is connected.
    """
    if host := settings.host_variable:
        raise SettingsError(
            f"--tunnel is for your own machine, and {host} is set: this host gives the app an address "
            "of its own; start adapter run without --tunnel"
        )
    wanted = wanted_numbers(numbers)
    token = settings.ngrok_authtoken
    opener = Ngrok(token.get_secret_value() if token else None)
    meanwhile = settings.at("https://tunnel.invalid", TUNNEL)
    meanwhile.require_for_web()
    meanwhile.require_for_worker()
    common.check_lines(settings)
    refuse_taken_port(settings.host, settings.port)
    stopping = stop_signal()
    with _opened(opener, _listens_at(settings), stopping) as tunnel:
        if tunnel is None:
            return 0
        there = settings.at(tunnel.url, TUNNEL)
        if failed := run_once(["migrate", "--quiet"], environ_of(there)):
            return failed
        connecting = _Connecting(bootstrap.Container(there), stopping)
        connecting.give_back_left_over()
        connecting.plan(wanted, is_all=is_all, replace=replace)
        say_where(there)
        code = run_together(
            COMMANDS,
            environ_of(there),
            stopping=stopping,
            meanwhile=connecting.connect_when_ready,
            before_stop=connecting.give_back,
        )
        return code or int(connecting.is_left_behind)


@contextmanager
def _opened(opener: Opener, address: str, stopping: threading.Event) -> Iterator[Tunnel | None]:
    tunnel = opener.open(address, stopping)
    try:
        yield tunnel
    finally:
        if tunnel is not None:
            tunnel.close()


def _listens_at(settings: Settings) -> str:
    """Return where web listens, as this machine reaches it."""
    is_everywhere = settings.host == "0.0.0.0"  # nosec B104 - it only compares; HOST is what it is
    host = "127.0.0.1" if is_everywhere else settings.host
    return f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"


@dataclass
class _Connecting:
    """Connects numbers to the tunnel when web answers, and gives back what they had.

    plans: of the numbers, until they are connected. is_left_behind: whether one could not get back what it had.
    """

    container: bootstrap.Container
    stopping: threading.Event
    plans: Sequence[Plan] = ()
    is_left_behind: bool = False
    _is_connected: bool = False
    _changed: list[Plan] = field(default_factory=list)

    def give_back_left_over(self) -> None:
        """Give back what a tunnel set that ended without doing so. Raise StoreUnavailable."""
        try:
            self._give_back_left_over()
        except RemoteError as error:
            _say(f"what an earlier tunnel may have left is not given back: {plain(str(error))}")

    def _give_back_left_over(self) -> None:
        numbers = self._numbers
        if not numbers.has_changes():
            return
        plans = numbers.plans_of_dead(
            lambda address: address_problem(address, self.instance) is None
        )
        if plans:
            _say("An earlier tunnel ended without giving back what these had:")
            print_plans(common.console, plans)
            self._carry_out(plans)

    def plan(self, wanted: Sequence[str], *, is_all: bool, replace: bool) -> None:
        """Find out what connecting takes, and show it. Raise SettingsError if a number cannot be connected."""
        if not wanted and not is_all:
            _say(
                "No number is connected to the tunnel: give --number NUMBER or --all, "
                "or run adapter numbers to see those that there are."
            )
            return
        report = self.container.alerts.numbers.report()
        print_report_failures(report)
        chosen = choose(report, wanted, is_all=is_all)
        plans = plans_to_connect(
            chosen, replace=replace, are_named=bool(wanted), kind=ChangeKind.TUNNEL
        )
        refused = [plan for plan in plans if plan.step is Step.REFUSED and plan.is_wanted]
        print_plans(common.console, plans)
        for number in report.missing_lines if is_all else ():
            _say(f"{pretty(number)}: {NO_SUCH_NUMBER}")
        if wanted and refused:
            raise SettingsError(
                f"{', '.join(named(plan) for plan in refused)} cannot be connected, as said above: nothing was "
                "changed, and nothing is started"
            )
        self.plans = [plan for plan in plans if plan.step is Step.CHANGE]

    def connect_when_ready(self) -> None:
        """Connect the numbers as soon as web answers; once."""
        if self._is_connected or not self._is_ready():
            return
        self._is_connected = True
        for plan in self.plans:
            if self.stopping.is_set():
                return
            self._changed.append(plan)
            try:
                self._carry_out([plan])
            except AdapterError as error:
                _say(f"problem: {named(plan)}: {plain(str(error))}")
        if self.plans:
            _say("They get back what they had when this ends.")

    def give_back(self) -> None:
        """Give back what the numbers had. It does not raise."""
        address = self.container.settings.public_base_url or ""
        known = [number for plan in self._changed for number in plan.numbers]
        why = ""
        for number in range(TRIES if self._changed else 0):
            if number:
                time.sleep(SECONDS_BETWEEN)
            try:
                plans = self._numbers.plans_of(address, known)
                if not plans or self._carry_out(plans):
                    return
            except Exception as error:  # whatever it is, the others are to be stopped too
                why = f"{type(error).__name__}: {plain(str(error))[:200]}"
        if self._changed:
            self.is_left_behind = True
            _say(
                f"Not all numbers got back what they had. {why} The next adapter run --tunnel does it, or "
                "now adapter disconnect NUMBER"
            )

    @property
    def _numbers(self) -> TunnelNumbers:
        return TunnelNumbers(connector_of(self.container))

    def _is_ready(self) -> bool:
        address = f"http://{_listens_at(self.container.settings)}"
        return address_problem(address, self.instance) is None

    @cached_property
    def instance(self) -> str:
        """The name of the database, by which an address is known to lead here."""
        return self.container.store.secrets.instance()

    def _carry_out(self, plans: Sequence[Plan]) -> bool:
        """Make the changes, and say of each what became of it. Return whether all were made."""
        outcomes = list(connector_of(self.container).carry_out(plans))
        for outcome in outcomes:
            mark = "ok" if outcome.is_done else "problem"
            _say(f"{mark}: {named(outcome.plan)}: {plain(outcome.fact)}")
        return all(outcome.is_done for outcome in outcomes)


def _say(words: str) -> None:
    """Say it on stderr. The terminal may be gone."""
    with suppress(OSError):
        click.echo(f"adapter: {words}", err=True)
