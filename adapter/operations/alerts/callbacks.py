"""Do the provider's numbers still call back to this address? Asked rarely, in a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.lines import Lines
from adapter.errors import RemoteError
from adapter.observability.logs import logger
from adapter.providers.base import OwnNumber, Provider
from adapter.storage.number_callbacks import NumberCallbacks
from adapter.storage.session import Session

log = logger("adapter.alerts")


@dataclass(frozen=True, kw_only=True)
class CallbackCheck:
    """Asks each provider for its numbers. base_url: PUBLIC_BASE_URL."""

    session: Session
    providers: Sequence[Provider]
    lines: Callable[[], Lines]
    base_url: str
    clock: Callable[[], datetime]

    def look(self) -> None:
        """Ask, and keep the answers. What one account refuses keeps the others from nothing.

        Raise StoreUnavailable.
        """
        kept = NumberCallbacks(self.session)
        for provider in self.providers:
            if provider.numbers is None:
                continue
            for account in provider.accounts:
                try:
                    numbers = provider.numbers.all(account)
                except RemoteError as error:
                    log.warning("the numbers could not be read", reason=str(error))
                    continue
                is_here = {
                    number.id: self._is_here(provider.name, number)
                    for number in numbers
                    if self._is_ours(number) and not number.is_called_back_elsewhere
                }
                kept.put(provider.name, account, is_here, self.clock())

    def _is_ours(self, number: OwnNumber) -> bool:
        """Return whether this is a line. Where lines.toml names none, every number is one."""
        lines = self.lines()
        return not lines.by_number or lines.is_line(number.number)

    def _is_here(self, provider: str, number: OwnNumber) -> bool:
        address = (number.callback or "").partition("#")[0].partition("?")[0].rstrip("/")
        return address == f"{self.base_url}/webhooks/{provider}"
