"""Who is signed in, and what may they do? Every page asks here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flask import abort, g

from adapter.domain.actor import Actor, Role

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class User:
    """Somebody who is signed in. origin: the address that the request came from."""

    name: str
    role: Role
    origin: str | None = None

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR

    def actor(self) -> Actor:
        """Return who decides, as decisions record it."""
        return Actor(self.name, self.origin)


class Who(Enum):
    """Who may open a route of the pages."""

    ANYBODY = "anybody"
    SIGNED_IN = "whoever is signed in"
    OPERATORS = "operators"


def current_user() -> User:
    """Return who is signed in. Raise a 403 if nobody is."""
    user = maybe_user()
    if user is None:
        abort(403, "You are not signed in.")
    return user


def maybe_user() -> User | None:
    """Return who is signed in, or None."""
    user: User | None = g.get("user")
    return user


def operators_only(view: View) -> View:
    """Let only operators open this route. Routes that are not marked do so for every method but GET."""
    return _mark(view, Who.OPERATORS)


def signed_in(view: View) -> View:
    """Let viewers use this route too, also where its method is not GET."""
    return _mark(view, Who.SIGNED_IN)


def open_to_anybody(view: View) -> View:
    """Let people who are not signed in use this route."""
    return _mark(view, Who.ANYBODY)


def may_open(view: Callable[..., Any] | None, method: str) -> Who:
    """Return who may open a view by this method."""
    by_method = Who.SIGNED_IN if method in ("GET", "HEAD", "OPTIONS") else Who.OPERATORS
    who: Who = getattr(view, "_who", by_method)
    return who


def _mark(view: View, who: Who) -> View:
    view._who = who  # type: ignore[attr-defined]  # a function takes any attribute
    return view
