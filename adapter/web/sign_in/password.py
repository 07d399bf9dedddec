"""Is this the password, and under which name is its user recorded?"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from adapter.errors import AdapterError
from adapter.text.plain import plain

LONGEST_NAME = 80
MOST_READ = 1000


class NotSignedIn(AdapterError):
    """The sign-in is refused. Its message is for whoever tried it."""

    status = 403


class NameRefused(NotSignedIn):
    """The name cannot stand in the record."""

    status = 400


class WrongPassword(NotSignedIn):
    """The password is another one."""


class TriedTooOften(NotSignedIn):
    """The password was not looked at. retry_after_seconds: when it will be."""

    status = 429

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many wrong passwords were tried. Wait {retry_after_seconds} seconds, then try again."
        )
        self.retry_after_seconds = retry_after_seconds


def recorded_name(raw: str, *, are_addresses_verified: bool) -> str:
    """Return the name as decisions record it. Raise NameRefused if it is none, or could be taken for another's.

    are_addresses_verified: a sign-in service vouches for addresses, so none may be given here.
    """
    name = plain(raw[:MOST_READ])
    if not any(sign.isalnum() for sign in name):
        raise NameRefused("Give your name. Decisions are recorded under it.")
    if len(name) > LONGEST_NAME:
        raise NameRefused(f"Give a name of {LONGEST_NAME} characters at most.")
    if name.lower().startswith(("api:", "cli:")):
        raise NameRefused(
            "Give another name. Those of API tokens and commands begin like this one."
        )
    if are_addresses_verified and "@" in name:
        raise NameRefused(
            "Give your name without an @. Addresses are for the other way to sign in."
        )
    return name


def is_right(password: str, expected: str) -> bool:
    """Return whether the password is the expected one. It takes as long for each wrong one."""
    return compare_digest(
        sha256(password.encode("utf-8", "replace")).digest(), sha256(expected.encode()).digest()
    )
