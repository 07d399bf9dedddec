"""What is a finding of the doctor's, and what becomes of a check that breaks off?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import requests

from adapter.errors import AdapterError
from adapter.observability.redact import hide_numbers

TIMEOUT = (5.0, 10.0)


@dataclass(frozen=True)
class Finding:
    """What one check found. advice: the fact where all is well, else the fact and the way out."""

    check: str
    ok: bool
    advice: str


Check = Callable[[], Iterable[Finding]]


def outcome(name: str, check: Check) -> list[Finding]:
    """What the check found; what broke it off is a finding too."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)
    except AdapterError as error:
        found.append(Finding(name, False, str(error)))
    except Exception as error:
        fact = f"the check itself failed ({type(error).__name__}: {first_line(error)})"
        found.append(Finding(name, False, f"{fact}; please report it"))
    return found


def first_line(error: Exception) -> str:
    """The start of an error's text; a driver's goes on with the statement and links."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return hide_numbers(lines[0])[:200] if lines else type(error).__name__


def failure(error: requests.RequestException) -> str:
    """Why there was no answer, in words that follow an address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "has no valid certificate"
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    return "cannot be reached"
