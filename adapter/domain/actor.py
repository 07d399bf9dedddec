"""Who decides about a call, and in which role?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do. A viewer reads, without full numbers; an operator also decides."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Actor:
    """Whoever decides.

    name: the name of the sign-in, `api:<name of the token>` or `cli:<user>`. origin: the address that the
    decision came from, None for a command.
    """

    name: str
    origin: str | None = None
