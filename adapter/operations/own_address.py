"""Where does a process without a public address of its own take it from? Web tells the database its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adapter.config import public_address
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from adapter.observability.logs import logger
from adapter.storage.session import Session
from adapter.storage.web_address import WebAddress

log = logger("adapter.address")


def with_told_address(settings: Settings, session: Session) -> Settings:
    """Return the settings with the address that web told; as they are if they have one, or web told none.

    An address that only the host tells gives way: web may have been given another one. Raise StoreUnavailable,
    SettingsError if what the database holds can be no address.
    """
    if settings.has_address_of_its_own:
        return settings
    told = WebAddress(session).told()
    if told is None:
        return settings
    try:
        address = str(public_address.read_public_address(told.address))
    except ValueError as error:
        raise SettingsError(
            f"the public address in the database cannot be one: {error}; start web, which replaces it, or set "
            f"{public_address.SETTING}"
        ) from error
    return settings.at(address, public_address.DATABASE)


class AddressTeller:
    """Tells the database the address of this web process, once."""

    def __init__(self, settings: Settings, session: Session, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        # A tunnel's address ends with it, and is set in every process that has to know it.
        self._is_done = settings.public_base_url_from == public_address.TUNNEL

    def tell(self) -> None:
        """Tell it if that is still to be done, and log it if another one was there. Raise StoreUnavailable."""
        address, told_by = self._settings.public_base_url, self._settings.public_base_url_from
        if self._is_done or address is None:
            return
        replaced = WebAddress(self._session).tell(address, told_by, self._clock())
        self._is_done = True
        if replaced is not None:
            log.warning(
                "the public address is another one now: restart the worker if it has none of its own, and run "
                "adapter connect for the numbers",
                address=address,
                address_from=told_by,
                before=replaced.address,
                before_from=replaced.told_by,
            )


class AddressWatch:
    """Notices in a worker that web has told another address since this worker started."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._used = settings.public_base_url
        self._is_watching = settings.public_base_url_from == public_address.DATABASE
        self._session = session

    def look(self) -> None:
        """Log it once if the address in the database is another one by now. Raise StoreUnavailable."""
        told = WebAddress(self._session).told() if self._is_watching else None
        if told is None or told.address == self._used:
            return
        self._is_watching = False
        log.warning(
            "web has told another public address: restart this worker, whose links still have the old one",
            address=told.address,
            before=self._used,
        )
