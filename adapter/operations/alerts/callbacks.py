"""Do the provider's numbers still call back to this address? Asked rarely, in a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.lines import Lines
from adapter.errors import RemoteError
from adapter.observability.logs import logger
from adapter.operations.numbers.findings import is_here, is_meant
from adapter.providers.base import Provider
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
                places = {
                    number.id: is_here(number, provider.numbers, self.base_url)
                    for number in numbers
                    if is_meant(number, self.lines()) and number.obstacle is None
                }
                kept.put(provider.name, account, places, self.clock())
