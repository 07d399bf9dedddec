"""How do numbers call back to a tunnel, and how do they get back what they had when it ends?

A tunnel's change is kept as one of its own kind. So what `adapter connect` had set comes back after it, and
what a killed process left behind is known by the next one. docs/decisions/0023-addresses-and-tunnels.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from adapter.domain.callback import Callback, ChangeKind, is_of_a_tunnel, value_before
from adapter.errors import RemoteError
from adapter.operations.numbers.connect import Connector, Plan, Step
from adapter.providers.base import OwnNumber, Provider


@dataclass(frozen=True)
class TunnelNumbers:
    """Gives back what tunnels have set. connector: makes the changes."""

    connector: Connector

    def has_changes(self) -> bool:
        """Return whether a tunnel has ever set a callback from this database. Raise StoreUnavailable."""
        return any(
            change.kind is ChangeKind.TUNNEL
            for provider, account in self._accounts()
            for changes in self.connector.changes.by_place(provider.name, account).values()
            for change in changes
        )

    def plans_of(self, address: str, numbers: Sequence[OwnNumber]) -> Sequence[Plan]:
        """Return what giving back takes where the callback is the one of this tunnel.

        numbers: those that are known, for their names. Raise RemoteError, StoreUnavailable.
        """
        return self._plans(lambda own: own == address, numbers)

    def plans_of_dead(self, is_alive: Callable[[str], bool]) -> Sequence[Plan]:
        """Return what giving back takes after tunnels that ended without doing it.

        is_alive: whether an address leads to this adapter at present. Raise RemoteError, StoreUnavailable.
        """
        is_dead = cache(lambda address: not is_alive(address))
        return self._plans(is_dead, ())

    def _plans(
        self, is_meant: Callable[[str], bool], numbers: Sequence[OwnNumber]
    ) -> Sequence[Plan]:
        found: list[Plan] = []
        for provider, account in self._accounts():
            places = self.connector.changes.by_place(provider.name, account)
            assert provider.numbers is not None  # nosec B101 - tells the type checker what `_accounts` ensures
            path = provider.numbers.wanted("").address
            for set_at, changes in places.items():
                if not any(change.kind is ChangeKind.TUNNEL for change in changes):
                    continue
                present = _present(provider, account, set_at)
                if present is None or not is_of_a_tunnel(changes, present):
                    continue
                before = value_before(changes, present)
                if before is None or not is_meant(present.address.removesuffix(path)):
                    continue
                found.append(_giving_back(provider, account, set_at, present, before, numbers))
        return found

    def _accounts(self) -> Iterator[tuple[Provider, str]]:
        providers: Mapping[str, Provider] = self.connector.providers
        for provider in providers.values():
            for account in provider.accounts if provider.numbers else ():
                yield provider, account


def _present(provider: Provider, account: str, set_at: str) -> Callback | None:
    """Return the present value; None if what had it is there no longer."""
    assert provider.numbers is not None  # nosec B101 - tells the type checker what its callers ensure
    try:
        return provider.numbers.callback(account, set_at)
    except RemoteError as error:
        if error.status == 404:
            return None
        raise


def _giving_back(
    provider: Provider,
    account: str,
    set_at: str,
    present: Callback,
    before: Callback,
    numbers: Sequence[OwnNumber],
) -> Plan:
    return Plan(
        kind=ChangeKind.DISCONNECT,
        provider=provider.name,
        account=account,
        set_at=set_at,
        numbers=[each for each in numbers if (each.account, each.set_at) == (account, set_at)],
        before=present,
        after=before,
        step=Step.CHANGE,
        title=set_at,
    )
