"""Which address counts, when anybody may write X-Forwarded-For?"""

from __future__ import annotations

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from adapter.web.sign_in.client_address import ClientAddress, ClientAddresses


def address_of(
    peer: str, forwarded: str | None = None, proxies: int | None = None
) -> ClientAddress:
    headers = [("X-Forwarded-For", forwarded)] if forwarded is not None else []
    environ = EnvironBuilder(headers=headers).get_environ()
    environ["REMOTE_ADDR"] = peer
    return ClientAddresses(proxies).of(Request(environ))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("8.8.8.8", None, "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "9.9.9.9:5123", "9.9.9.9"),
        ("::1", "[2001:4860::1]:443", "2001:4860::1"),
        ("::ffff:10.0.0.1", "::ffff:9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "9.9.9.9, \x00", "127.0.0.1"),
        ("", "9.9.9.9", "9.9.9.9"),
        ("", None, "socket"),
        ("unix:", None, "socket"),
    ],
)
def test_the_last_entry_counts_if_the_peer_may_be_a_proxy(
    peer: str, forwarded: str | None, address: str
) -> None:
    assert address_of(peer, forwarded).address == address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "9.9.9.9", "10.0.0.1"),
        (1, "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (2, "1.1.1.1, 9.9.9.9, 10.0.0.7", "9.9.9.9"),
        (2, "9.9.9.9", "10.0.0.1"),
        (2, None, "10.0.0.1"),
    ],
)
def test_as_many_entries_count_as_there_are_proxies(
    proxies: int, forwarded: str | None, address: str
) -> None:
    found = address_of("10.0.0.1", forwarded, proxies)
    assert (found.address, found.may_be_made_up) == (address, False)


def test_an_address_may_be_made_up_where_nobody_said_who_writes_the_header() -> None:
    assert address_of("10.0.0.1", "9.9.9.9").may_be_made_up
    assert not address_of("10.0.0.1").may_be_made_up
    assert not address_of("8.8.8.8", "9.9.9.9").may_be_made_up


def test_one_client_has_all_addresses_of_its_ipv6_network() -> None:
    one, other = address_of("2001:4860:1:2::3"), address_of("2001:4860:1:2:ffff::9")
    assert one.network == other.network == "2001:4860:1:2::/64"
    assert address_of("2001:4860:1:3::3").network != one.network
    assert address_of("8.8.8.8").network == "8.8.8.8"
