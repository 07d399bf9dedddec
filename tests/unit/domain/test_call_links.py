"""Can nobody make, change or keep a link to a call's page but we?"""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from adapter.domain.call_links import Link, Links
from adapter.errors import SettingsError

CALL = "CA5f8e2b1c4d7a90e3f6b2c8d1e4a70935"
KEY = f"twilio:AC1:{CALL}"
LINKS = Links("https://calls.example.com/", ["current", "former"], call_id_prefix="CA")


def token(links: Links = LINKS, version: int = 0) -> str:
    return links.of(CALL, version, key=KEY).rpartition("/")[2]


def named(token: str, links: Links = LINKS) -> tuple[str, int]:
    link = links.read(token)
    assert link is not None
    return link.call_id, link.version


# As version 0.1.0 made them, without a mark of the account.
OLD_TOKEN = (
    Signer(["former", "current"], salt="recordings")
    .sign(base64_encode(bytes([1, 0, 0]) + bytes.fromhex(CALL[2:])))
    .decode()
)


def test_an_old_link_is_read_as_it_was_made() -> None:
    assert LINKS.read(OLD_TOKEN) == Link(CALL, 0, None)


def test_links_of_two_accounts_calls_with_one_id_differ() -> None:
    assert token() != LINKS.of(CALL, 0, key=f"twilio:AC2:{CALL}").rpartition("/")[2]


def test_a_link_leads_to_its_call() -> None:
    assert LINKS.of(CALL, 3, key=KEY).startswith("https://calls.example.com/recordings/")
    assert named(token(version=3)) == (CALL, 3)


def test_a_token_is_short_enough_for_notes_of_256_characters() -> None:
    """22 bytes, a dot, and a signature of 20 bytes."""
    assert len(token(version=65_535)) == 30 + 1 + 27
    assert len(token()) - len(OLD_TOKEN) <= 6


@given(call_id=st.text(max_size=60) | st.from_regex(r"\ACA[0-9a-fA-F]{31,33}\Z"))
@example(call_id=CALL.upper())
@example(call_id=f"{CALL}\n")
@example(call_id="")
def test_a_link_leads_to_its_call_whatever_its_provider_calls_it(call_id: str) -> None:
    assert named(LINKS.of(call_id, 1, key=KEY).rpartition("/")[2]) == (call_id, 1)


def test_a_link_needs_no_escaping_in_a_url() -> None:
    allowed = set(string.ascii_letters + string.digits + "-_.")
    assert set(token()) <= allowed


def test_a_link_is_the_same_whenever_it_is_made() -> None:
    assert token() == token()


def test_links_of_a_former_key_are_read_while_it_is_listed() -> None:
    old = token(Links("https://calls.example.com", ["former"], call_id_prefix="CA"))
    assert named(old) == (CALL, 0)
    assert Links("https://calls.example.com", ["current"], call_id_prefix="CA").read(old) is None


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_nothing_is_signed_or_read_with_an_empty_key(blank: str) -> None:
    """Anybody can sign with one."""
    for keys in ([], [blank], [blank, blank]):
        links = Links("https://calls.example.com", keys, call_id_prefix="CA")
        with pytest.raises(SettingsError, match="SECRET_KEY"):
            links.of(CALL, 0, key=KEY)
        with pytest.raises(SettingsError, match="SECRET_KEY"):
            links.read(token())
    forged = Signer([blank], salt="recordings").sign(token().partition(".")[0]).decode()
    assert (
        Links("https://calls.example.com", [blank, "current"], call_id_prefix="CA").read(forged)
        is None
    )


def test_the_first_key_signs() -> None:
    assert named(token(), Links("https://calls.example.com", ["current"], call_id_prefix="CA")) == (
        CALL,
        0,
    )


def test_no_changed_character_is_accepted() -> None:
    """At no place, and to no other character: not even to one that base64 reads the same."""
    genuine = token()
    alphabet = string.ascii_letters + string.digits + "-_.=+/ %"
    accepted = [
        (place, char)
        for place in range(len(genuine))
        for char in alphabet
        if char != genuine[place]
        and LINKS.read(genuine[:place] + char + genuine[place + 1 :]) is not None
    ]
    assert accepted == []


@pytest.mark.parametrize("extra", ["=", "A", ".", "!", "\n", " ", "é"])
def test_no_added_character_is_accepted(extra: str) -> None:
    genuine = token()
    places = (0, genuine.index("."), len(genuine) - 5, len(genuine))
    assert [p for p in places if LINKS.read(genuine[:p] + extra + genuine[p:]) is not None] == []


@given(st.text(max_size=80))
def test_garbage_is_refused_and_breaks_nothing(text: str) -> None:
    assert LINKS.read(text) is None
