"""Which role has somebody who signed in?

It is asked at each request, so a change of the settings counts for sessions that are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapter.domain.actor import Role
from adapter.storage.sign_ins import SignIn


class Way(StrEnum):
    """How somebody signed in."""

    SHARED = "password"  # one for all
    OIDC = "oidc"


@dataclass(frozen=True)
class Roles:
    """has_password: ADMIN_PASSWORD is set; it makes operators. operators, viewers: of OIDC, addresses or
    `@domain`; both are empty without OIDC."""

    has_password: bool
    operators: Sequence[str] = ()
    viewers: Sequence[str] = ()

    def role_of(self, sign_in: SignIn) -> Role | None:
        """Return the role; None if there is none any more."""
        if sign_in.way == Way.SHARED:
            return Role.OPERATOR if self.has_password else None
        return self.role_of_address(sign_in.name)

    def role_of_address(self, address: str) -> Role | None:
        """Return the role of a verified e-mail address. Whoever is named twice is an operator."""
        if _is_named(address, self.operators):
            return Role.OPERATOR
        return Role.VIEWER if _is_named(address, self.viewers) else None


def _is_named(address: str, names: Sequence[str]) -> bool:
    address = address.strip().lower()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or "@" in local:
        return False
    return any(name.strip().lower() in (address, f"@{domain}") for name in names)
