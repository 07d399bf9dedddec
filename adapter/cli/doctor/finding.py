"""What is a finding, and what becomes of a check that raises an error?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapter.errors import AdapterError
from adapter.observability.redact import hide_numbers


@dataclass(frozen=True)
class Finding:
    """What one check found. advice: the fact, and what to do if it is a problem."""

    check: str
    ok: bool
    advice: str


Check = Callable[[], Iterable[Finding]]


def outcome(name: str, check: Check) -> list[Finding]:
    """Return what the check found. An error that it raises is a finding too."""
    findings: list[Finding] = []
    try:
        for finding in check():
            findings.append(finding)
    except AdapterError as error:
        findings.append(Finding(name, False, str(error)))
    except Exception as error:
        fact = f"the check itself failed ({type(error).__name__}: {first_line(error)})"
        findings.append(Finding(name, False, f"{fact}; please report it"))
    return findings


def first_line(error: Exception) -> str:
    """Return the first line of an error's text. A database driver adds the statement and links."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return hide_numbers(lines[0])[:200] if lines else type(error).__name__
