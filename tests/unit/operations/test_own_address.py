"""Does web tell its address to those who have none, and is a change said once?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.config import public_address
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from adapter.operations.own_address import AddressTeller, AddressWatch, with_told_address
from adapter.storage.schema import web_addresses
from adapter.storage.store import Store
from adapter.storage.web_address import WebAddress
from tests.support.clock import Clock

Logged = Callable[[], list[dict[str, Any]]]
RENDER = {"RENDER_EXTERNAL_URL": "https://calls.onrender.com"}
OWN = {"PUBLIC_BASE_URL": "https://calls.example.com"}


def tell(store: Store, clock: Clock, **environ: str) -> None:
    AddressTeller(Settings.from_environ(environ), store, clock).tell()


def taken(store: Store, **environ: str) -> tuple[str | None, str]:
    settings = with_told_address(Settings.from_environ(environ), store)
    return settings.public_base_url, settings.public_base_url_from


def test_who_has_no_address_takes_the_one_that_web_told(store: Store, clock: Clock) -> None:
    assert taken(store)[0] is None
    tell(store, clock, **RENDER)
    assert taken(store) == ("https://calls.onrender.com", public_address.DATABASE)
    # A worker that is an app of its own there: its host tells another address, which is not web's.
    assert taken(store, FLY_APP_NAME="calls-worker")[0] == "https://calls.onrender.com"
    assert taken(store, **OWN) == ("https://calls.example.com", "PUBLIC_BASE_URL")


def test_what_only_the_host_tells_is_taken_until_web_has_told(store: Store) -> None:
    assert taken(store, FLY_APP_NAME="calls") == ("https://calls.fly.dev", "FLY_APP_NAME")


def test_another_address_replaces_it_and_is_said_once(
    store: Store, clock: Clock, logged: Logged
) -> None:
    tell(store, clock, **RENDER)
    assert logged() == []
    telling = [AddressTeller(Settings.from_environ(OWN), store, clock) for _ in range(4)]
    threads = [threading.Thread(target=teller.tell) for teller in telling]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for teller in telling:
        teller.tell()
    (line,) = logged()
    assert (line["before"], line["address"]) == (*RENDER.values(), *OWN.values())
    assert taken(store)[0] == "https://calls.example.com"


def test_a_tunnel_is_told_to_nobody(store: Store, clock: Clock) -> None:
    """It ends, and its address would be left."""
    tell(store, clock, **OWN, **{public_address.FROM_VARIABLE: public_address.TUNNEL})
    assert WebAddress(store).told() is None


def test_what_the_database_holds_is_checked_too(store: Store, clock: Clock) -> None:
    tell(store, clock, **RENDER)
    with store.begin() as connection:
        connection.execute(sa.update(web_addresses).values(address="javascript:alert(1)"))
    with pytest.raises(SettingsError, match="the public address in the database cannot be one"):
        taken(store)
    assert taken(store, **OWN)[0] == "https://calls.example.com"


def test_a_worker_says_once_that_its_address_is_an_old_one(
    store: Store, clock: Clock, logged: Logged
) -> None:
    tell(store, clock, **RENDER)
    watching = AddressWatch(with_told_address(Settings.from_environ({}), store), store)
    other = AddressWatch(Settings.from_environ({"FLY_APP_NAME": "calls"}), store)
    watching.look()
    assert logged() == []
    tell(store, clock, **OWN)
    logged()
    for _ in range(2):
        watching.look()
        other.look()
    (line,) = logged()
    assert line["before"] == "https://calls.onrender.com" and "restart this worker" in line["event"]
