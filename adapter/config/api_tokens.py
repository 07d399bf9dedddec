"""Which programs may use the API, and in which role?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest

from adapter.config.settings import Settings
from adapter.domain.actor import Role
from adapter.errors import SettingsError

LEAST_CHARACTERS = 12


@dataclass(frozen=True)
class ApiToken:
    """A token. name: of the program that has it, as decisions record it."""

    name: str
    role: Role
    secret: bytes


def api_tokens(settings: Settings) -> Sequence[ApiToken]:
    """Return the tokens of API_TOKENS. Raise SettingsError that shows none of them."""
    tokens = [_token(entry.get_secret_value(), n) for n, entry in enumerate(settings.api_tokens, 1)]
    names = [token.name for token in tokens]
    for name in names:
        if names.count(name) > 1:
            raise _wrong(f"the name {name!r} stands twice in it")
    if len({token.secret for token in tokens}) < len(tokens):
        raise _wrong("two names have the same token")
    return tokens


def token_named(tokens: Sequence[ApiToken], given: str) -> ApiToken | None:
    """Return the token that was given; None for another one. It takes as long for every wrong one."""
    secret = given.encode("utf-8", "surrogatepass")
    found = None
    for token in tokens:  # all of them, whichever fits
        if compare_digest(token.secret, secret):
            found = token
    return found


def _token(entry: str, number: int) -> ApiToken:
    name, *rest = (part.strip() for part in entry.split(":"))
    where = f"entry {number}"
    if not name or not name.isprintable() or len(rest) not in (1, 2):
        raise _wrong(f"{where} is not name:token or name:token:viewer")
    role = Role.OPERATOR
    if len(rest) == 2:
        if rest[1] not in (Role.VIEWER, Role.OPERATOR):
            raise _wrong(f"the role in {where} is neither viewer nor operator")
        role = Role(rest[1])
    if len(rest[0]) < LEAST_CHARACTERS:
        raise _wrong(f"the token in {where} has less than {LEAST_CHARACTERS} characters")
    return ApiToken(name, role, rest[0].encode())


def _wrong(fact: str) -> SettingsError:
    return SettingsError(
        f"API_TOKENS: {fact}; write name:token, or name:token:viewer for a program that may only read, with "
        "commas between several",
        setting="API_TOKENS",
        fact=fact,
    )
